package feeds

import "github.com/redis/go-redis/v9"

// Items are kept as one hex digit, the flags, and JSON. Marks only add up, and
// there is no bit library in every server: the digits are joined by hand.
const luaFlags = `
local function either(a, b)
  local sum, bit = 0, 1
  while bit < 16 do
    if a % (2 * bit) >= bit or b % (2 * bit) >= bit then sum = sum + bit end
    bit = 2 * bit
  end
  return sum
end
local function digit(flags) return string.sub('0123456789abcdef', flags + 1, flags + 1) end
local function flagsOf(item) return tonumber(string.sub(item, 1, 1), 16) end
local function mark(items, member, flags)
  local old = redis.call('HGET', items, member)
  if not old then return false end
  local now = either(flagsOf(old), flags)
  if now ~= flagsOf(old) then
    redis.call('HSET', items, member, digit(now) .. string.sub(old, 2))
  end
  return true
end
local function markUpTo(inbox, items, upTo, flags)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', inbox, '-inf', upTo)) do mark(items, member, flags) end
end
`

// inboxScript carries out one batch. KEYS are the fence, then six per
// recipient. ARGV: incarnation, three offsets that must be stored, three that
// will be, then per change its kind, where the recipient's keys begin, and:
//
//	I  member, sequence, item: it comes into the inbox, with the flags it has or that came before it
//	R  member, sequence, id: it goes, and that it went is kept for those who are away
//	D  key, sequence and decision
//	M  member, flags
//	A  sequence, flags: all up to there
//	P  preferences
//	E  nothing: the preferences go
//	F  nothing: everything but the preferences goes
//
// Marks travel on a topic of their own and may overtake the item that they are
// about. Those that find none wait for a day in the early hash: member -> flags, and
// for All, per flag, "a<flag>" -> sequence. The fields "t" and "r" of the items are
// the highest sequence of an item and of a retraction that was cut off, after a
// letter that no flag has.
var inboxScript = redis.NewScript(luaFlags + `
local KEEP, SLACK, DAY = 200, 50, 86400
local fence = redis.call('HMGET', KEYS[1], 'incarnation', 'notifications', 'marks', 'preferences')
for i = 1, 4 do
  if fence[i] ~= ARGV[i] then return 0 end
end
local at = 8
local function take()
  at = at + 1
  return ARGV[at - 1]
end

local function cut(items, field, seq)
  local before = redis.call('HGET', items, field)
  if not before or tonumber(string.sub(before, 2)) < tonumber(seq) then
    redis.call('HSET', items, field, field .. seq)
  end
end

local function put(inbox, items, early, member, seq, item)
  local flags = 0
  local old = redis.call('HGET', items, member)
  if old then flags = flagsOf(old) end
  local waiting = redis.call('HMGET', early, member, 'a1', 'a2', 'a4', 'a8')
  if waiting[1] then
    flags = either(flags, tonumber(waiting[1]))
    redis.call('HDEL', early, member)
  end
  for i = 2, 5 do
    if waiting[i] and tonumber(waiting[i]) >= tonumber(seq) then flags = either(flags, 2 ^ (i - 2)) end
  end
  redis.call('HSET', items, member, digit(flags) .. item)
  redis.call('ZADD', inbox, seq, member)
  if redis.call('ZCARD', inbox) > KEEP then
    local lowest = redis.call('ZRANGE', inbox, 0, 0, 'WITHSCORES')
    redis.call('ZREM', inbox, lowest[1])
    redis.call('HDEL', items, lowest[1])
    cut(items, 't', lowest[2])
  end
end

local function retract(inbox, items, retracted, member, seq, id)
  redis.call('ZREM', inbox, member)
  redis.call('HDEL', items, member)
  redis.call('ZADD', retracted, seq, id)
  if redis.call('ZCARD', retracted) > KEEP then
    local lowest = redis.call('ZRANGE', retracted, 0, 0, 'WITHSCORES')
    redis.call('ZREM', retracted, lowest[1])
    cut(items, 'r', lowest[2])
  end
end

local function decide(decisions, key, decision)
  redis.call('HSET', decisions, key, decision)
  if redis.call('HLEN', decisions) <= KEEP + SLACK then return end
  local all, list = redis.call('HGETALL', decisions), {}
  for i = 1, #all, 2 do
    list[#list + 1] = {all[i], tonumber(string.match(all[i + 1], '^%d+'))}
  end
  table.sort(list, function(a, b) return a[2] < b[2] end)
  for i = 1, #list - KEEP do redis.call('HDEL', decisions, list[i][1]) end
end

local function remember(early, member, flags)
  local before = redis.call('HGET', early, member)
  redis.call('HSET', early, member, either(tonumber(before or '0'), flags))
  redis.call('EXPIRE', early, DAY)
end

local function rememberUpTo(early, upTo, flags)
  local bit = 1
  while bit < 16 do
    if flags % (2 * bit) >= bit then
      local before = redis.call('HGET', early, 'a' .. bit)
      if not before or tonumber(before) < tonumber(upTo) then redis.call('HSET', early, 'a' .. bit, upTo) end
    end
    bit = 2 * bit
  end
  redis.call('EXPIRE', early, DAY)
end

while ARGV[at] do
  local kind, k = take(), tonumber(take())
  local inbox, items, decisions, prefs, early, retracted = KEYS[k], KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], KEYS[k + 5]
  if kind == 'I' then
    local member, seq = take(), take()
    put(inbox, items, early, member, seq, take())
  elseif kind == 'R' then
    local member, seq = take(), take()
    retract(inbox, items, retracted, member, seq, take())
  elseif kind == 'D' then
    local key = take()
    decide(decisions, key, take())
  elseif kind == 'M' then
    local member = take()
    local flags = tonumber(take())
    if not mark(items, member, flags) then remember(early, member, flags) end
  elseif kind == 'A' then
    local upTo = take()
    local flags = tonumber(take())
    markUpTo(inbox, items, upTo, flags)
    rememberUpTo(early, upTo, flags)
  elseif kind == 'P' then
    redis.call('SET', prefs, take())
  elseif kind == 'F' then
    redis.call('DEL', inbox, items, decisions, early, retracted)
  else
    redis.call('DEL', prefs)
  end
end
redis.call('HSET', KEYS[1], 'notifications', ARGV[5], 'marks', ARGV[6], 'preferences', ARGV[7])
return 1
`)

// markScript: KEYS inbox, items; ARGV member or nothing, sequence, flags.
var markScript = redis.NewScript(luaFlags + `
if ARGV[1] ~= '' then return mark(KEYS[2], ARGV[1], tonumber(ARGV[3])) and 1 or 0 end
markUpTo(KEYS[1], KEYS[2], ARGV[2], tonumber(ARGV[3]))
return 1
`)

const luaPage = `
local function page(out, command, inbox, items, from, to, limit)
  local found = redis.call(command, inbox, from, to, 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #found, 2 do
    local item = redis.call('HGET', items, found[i])
    if item then
      out[#out + 1] = found[i + 1]
      out[#out + 1] = item
    end
  end
  return out
end
`

// pageScript: KEYS fence, inbox, items; ARGV upper bound, limit. It answers the
// next offset of notifications (nothing: no fence), then sequences and items,
// newest first.
var pageScript = redis.NewScript(luaPage + `
local out = {redis.call('HGET', KEYS[1], 'notifications') or ''}
return page(out, 'ZREVRANGEBYSCORE', KEYS[2], KEYS[3], ARGV[1], '-inf', ARGV[2])
`)

// sinceScript: KEYS fence, inbox, items, retracted; ARGV lower bound, limit. It
// answers the next offset of notifications (nothing: no fence), the first that was
// read, what was cut off of items and of retractions, how many of the pairs that
// follow are items, then sequences and items and sequences and ids, oldest first.
var sinceScript = redis.NewScript(luaPage + `
local fence = redis.call('HMGET', KEYS[1], 'notifications', 'first')
local cut = redis.call('HMGET', KEYS[3], 't', 'r')
local out = {fence[1] or '', fence[2] or '', cut[1] or '', cut[2] or '', ''}
page(out, 'ZRANGEBYSCORE', KEYS[2], KEYS[3], ARGV[1], '+inf', ARGV[2])
out[5] = tostring((#out - 5) / 2)
local gone = redis.call('ZRANGEBYSCORE', KEYS[4], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #gone, 2 do
  out[#out + 1] = gone[i + 1]
  out[#out + 1] = gone[i]
end
return out
`)

// unreadScript: KEYS fence, items. It answers -1 without a fence.
var unreadScript = redis.NewScript(`
if redis.call('HEXISTS', KEYS[1], 'notifications') == 0 then return -1 end
local unread = 0
for _, item in ipairs(redis.call('HVALS', KEYS[2])) do
  local flags = tonumber(string.sub(item, 1, 1), 16)
  if flags and flags % 4 < 2 and flags < 8 then unread = unread + 1 end
end
return unread
`)
