package feeds

// The scores of the sentinel, member 0, of every feed: far below any key.
const (
	sentinel       = "0"
	scoreComplete  = -1 << 40
	scoreTruncated = scoreComplete - 1
)

// What a script call answers first.
const (
	codeApplied = 0
	codeDone    = 1 // applied before
	codeFenced  = 2 // another token holds the partition
	codeLost    = 3 // no fence, or a sequence that was never written
)

// applyScript carries out one chunk of a batch. KEYS are the fence, then one
// key per operation. ARGV: token, sequence, then per operation its kind and:
//
//	P  n, n members to remove, m, m pairs of score and member to add
//	C  m, m pairs: the feed becomes these, complete
//	T  the same, truncated
//	V  the student's view
//	D  nothing: the key is deleted
//
// Members exceed what a Lua number can hold and stay text; they all have 19
// digits, so comparing texts compares numbers. The answer is the code, then
// for every feed that is missing or truncated: position of the operation,
// entries or -1 for missing, and a key no entry of the feed lies below.
const applyScript = `
local COMPLETE, TRUNCATED, STORE = -1099511627776, -1099511627777, 120
local fence = redis.call('HMGET', KEYS[1], 'token', 'sequence')
if not fence[1] then return {3} end
if fence[1] ~= ARGV[1] then return {2} end
local stored, sequence = tonumber(fence[2]), tonumber(ARGV[2])
if sequence <= stored then return {1} end
if sequence > stored + 1 then return {3} end

local out, at = {0}, 3
local function slice(n, call, key)
  while n > 0 do
    local m = math.min(n, 1000)
    redis.call(call, key, unpack(ARGV, at, at + m - 1))
    at, n = at + m, n - m
  end
end
local function trim(key, count)
  if count <= STORE + 1 then return count, false end
  redis.call('ZREMRANGEBYRANK', key, 1, count - STORE - 1)
  redis.call('ZADD', key, TRUNCATED, '0')
  return STORE + 1, true
end
local function report(i, count, floor)
  out[#out + 1] = i
  out[#out + 1] = count
  out[#out + 1] = floor
end

for i = 2, #KEYS do
  local key, kind = KEYS[i], ARGV[at]
  at = at + 1
  if kind == 'P' then
    local removed = tonumber(ARGV[at])
    at = at + 1
    slice(removed, 'ZREM', key)
    local added = tonumber(ARGV[at])
    at = at + 1
    local low = redis.call('ZRANGE', key, 0, 1, 'WITHSCORES')
    if low[1] ~= '0' then
      at = at + 2 * added
      if #low > 0 then redis.call('DEL', key) end
      report(i - 1, -1, 0)
    elseif tonumber(low[2]) == COMPLETE then
      if added > 0 then
        slice(2 * added, 'ZADD', key)
        local count, cut = trim(key, redis.call('ZCARD', key))
        if cut then report(i - 1, count - 1, tonumber(redis.call('ZRANGE', key, 1, 1, 'WITHSCORES')[2])) end
      end
    else
      local floor, member = tonumber(low[4]), low[3]
      local changed = false
      for j = 1, added do
        local score, m = tonumber(ARGV[at]), ARGV[at + 1]
        at = at + 2
        if floor and (score > floor or (score == floor and m >= member)) then
          redis.call('ZADD', key, score, m)
          changed = true
        else
          redis.call('ZREM', key, m)
        end
      end
      local count = redis.call('ZCARD', key)
      if changed then count = trim(key, count) end
      report(i - 1, count - 1, floor or 0)
    end
  elseif kind == 'C' or kind == 'T' then
    local n = tonumber(ARGV[at])
    at = at + 1
    redis.call('DEL', key)
    slice(2 * n, 'ZADD', key)
    redis.call('ZADD', key, kind == 'C' and COMPLETE or TRUNCATED, '0')
    trim(key, n + 1)
  elseif kind == 'V' then
    redis.call('SET', key, ARGV[at])
    at = at + 1
  else
    redis.call('DEL', key)
  end
end
redis.call('HSET', KEYS[1], 'sequence', ARGV[2])
return out
`
