package delivery

import (
	"hash/fnv"
	"strconv"
	"time"
)

// Schedule are the pauses between attempts: eleven attempts over a little more
// than three days, as Standard Webhooks recommends.
var Schedule = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// longestAfter bounds what a destination may ask for.
const longestAfter = 24 * time.Hour

// pause gives the time until the next attempt, with up to 10% of jitter either
// way, so that what failed together does not come back together; false when
// there is none. The jitter follows from the key: a restart gives the same.
func pause(schedule []time.Duration, key string, attempts int, after time.Duration) (time.Duration, bool) {
	if attempts > len(schedule) {
		return 0, false
	}
	h := fnv.New64a()
	h.Write([]byte(key + strconv.Itoa(attempts)))
	jitter := 0.9 + 0.2*float64(h.Sum64()%1000)/1000
	wait := time.Duration(float64(schedule[attempts-1]) * jitter)
	return max(wait, min(after, longestAfter)), true
}
