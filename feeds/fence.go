package feeds

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Fence is a successful claim.
type Fence struct {
	Token int64
	Lost  bool // the store is behind what was committed, or a rebuild was never finished
}

const (
	stateLive       = "live"
	stateRebuilding = "rebuilding"
)

// claimScript: KEYS fence; ARGV least token, committed sequence. The sequence
// is set back to the committed one: what was written beyond it was never
// committed, will be produced again, and is absolute. A token below one
// that was committed is of a store that went back to before that claim: its
// sequence counts another owner's calls.
var claimScript = redis.NewScript(`
local fence = redis.call('HMGET', KEYS[1], 'token', 'sequence', 'state')
local token = math.max(tonumber(fence[1] or '0'), tonumber(ARGV[1])) + 1
local lost = 0
if tonumber(fence[1] or '0') < tonumber(ARGV[1]) then lost = 1 end
if not fence[2] or tonumber(fence[2]) < tonumber(ARGV[2]) or fence[3] ~= 'live' then lost = 1 end
redis.call('HSET', KEYS[1], 'token', string.format('%.0f', token), 'sequence', ARGV[2])
if lost == 1 then redis.call('HSET', KEYS[1], 'state', 'rebuilding') end
return {token, lost}
`)

// stateScript: KEYS fence; ARGV token, state.
var stateScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2])
return 1
`)

// Claim makes the caller the owner of a partition: every earlier token is
// refused from now on. The caller must have been assigned the partition by the
// consumer group. LeastToken is the highest that was committed, or that it held.
func (s *Store) Claim(ctx context.Context, partition int32, leastToken, committedSeq int64) (Fence, error) {
	reply, err := claimScript.Run(ctx, s.writer, []string{fenceKey(partition)}, leastToken, committedSeq).Int64Slice()
	if err != nil {
		return Fence{}, unavailable("claim", err)
	}
	return Fence{Token: reply[0], Lost: reply[1] == 1}, nil
}

// Rebuilding notes that not every feed of the partition is right yet: until
// Live, a claim reports lost data, so that a crash begins the rebuild again.
func (s *Store) Rebuilding(ctx context.Context, partition int32, token int64) error {
	return s.setState(ctx, partition, token, stateRebuilding)
}

// Live ends Rebuilding.
func (s *Store) Live(ctx context.Context, partition int32, token int64) error {
	return s.setState(ctx, partition, token, stateLive)
}

func (s *Store) setState(ctx context.Context, partition int32, token int64, state string) error {
	_, err := stateScript.Run(ctx, s.writer, []string{fenceKey(partition)}, token, state).Int64()
	if err != nil {
		return unavailable(fmt.Sprintf("mark partition %d %s", partition, state), err)
	}
	return nil // a token that is no longer ours shows at the next batch
}
