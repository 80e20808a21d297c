package feeds

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Outcome is what became of a batch.
type Outcome int

// The outcomes. After Fenced the caller must find out whether it still owns the
// partition, after Lost it must claim it again; both then rebuild everything.
const (
	Applied Outcome = iota
	Fenced
	Lost
)

// Batch is a run of changes of one partition.
type Batch struct {
	Partition int32
	Token     int64
	Seq       int64 // of the first script call; the batch takes Chunks of them
	Feeds     []event.FeedOp
	Views     []event.ViewOp
	Blobs     []event.BlobOp
}

// Result is the store's answer.
type Result struct {
	Outcome Outcome
	States  []event.FeedState // of the feeds that are truncated or missing
}

// chunkEntries bounds one script call: long enough to make the round trip
// cheap, short enough not to hold Redis up (about a millisecond).
const chunkEntries = 400

// chunk is one script call.
type chunk struct {
	keys    []string
	args    []any
	feeds   []*event.FeedOp // by position of the operation, nil for views
	entries int
}

// Chunks is how many script calls, and sequence numbers, a batch takes: at
// least one, because an empty batch still asks whether the fence stands.
func Chunks(b Batch) int { return len(b.chunks()) }

func (b Batch) chunks() []*chunk {
	var list []*chunk
	add := func(size, keys int) *chunk {
		if n := len(list); n == 0 || list[n-1].entries+size > chunkEntries && list[n-1].entries > 0 {
			list = append(list, &chunk{keys: []string{fenceKey(b.Partition)}})
		}
		last := list[len(list)-1]
		last.entries += size
		return last
	}
	add(0, 0)
	for _, v := range b.Views {
		if v.View == nil {
			c := add(4, 4)
			c.op(nil, viewKey(b.Partition, v.Student), "D")
			for _, bucket := range event.Buckets {
				c.op(nil, feedKey(b.Partition, bucket, v.Student), "D")
			}
		} else {
			add(8, 1).op(nil, viewKey(b.Partition, v.Student), "V", v.View.Encode())
		}
	}
	for _, o := range b.Blobs {
		add(8, 1).blob(b.Partition, o)
	}
	for i := range b.Feeds {
		f := &b.Feeds[i]
		add(1+len(f.Add)+len(f.Remove), 1).feed(b.Partition, f)
	}
	return list
}

func (c *chunk) op(f *event.FeedOp, key string, args ...any) {
	c.keys = append(c.keys, key)
	c.feeds = append(c.feeds, f)
	c.args = append(c.args, args...)
}

func (c *chunk) feed(partition int32, f *event.FeedOp) {
	key := feedKey(partition, f.Bucket, f.Student)
	switch {
	case !f.Replace:
		c.op(f, key, "P", len(f.Remove))
		for _, m := range f.Remove {
			c.args = append(c.args, strconv.FormatUint(uint64(m), 10))
		}
	case f.Truncated:
		c.op(f, key, "T")
	default:
		c.op(f, key, "C")
	}
	c.args = append(c.args, len(f.Add))
	for _, e := range f.Add {
		c.args = append(c.args, e.Key, strconv.FormatUint(uint64(e.Member), 10))
	}
}

// Apply carries out a batch in as many pipelined script calls as it takes. It
// may be repeated with the same batch after an error; feeds of calls that had
// been applied before are then reported missing, because how they were left is
// not known.
func (s *Store) Apply(ctx context.Context, b Batch) (Result, error) {
	start := time.Now()
	chunks := b.chunks()
	var replies [][]int64
	for first := 0; first < len(chunks); first += pipelined {
		part, err := s.call(ctx, b, first, chunks[first:min(first+pipelined, len(chunks))])
		if err != nil {
			return Result{}, unavailable(fmt.Sprintf("apply a batch of partition %d", b.Partition), err)
		}
		replies = append(replies, part...)
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	var r Result
	for i, reply := range replies {
		s.metrics.calls.WithLabelValues([]string{"applied", "done_before", "fenced", "lost"}[reply[0]]).Inc()
		switch reply[0] {
		case codeApplied:
			s.metrics.entries.Add(float64(chunks[i].entries))
			r.States = append(r.States, chunks[i].states(reply[1:])...)
		case codeDone:
			for _, f := range chunks[i].feeds {
				if f != nil {
					r.States = append(r.States, event.FeedState{Student: f.Student, Bucket: f.Bucket, Missing: true})
				}
			}
		case codeFenced:
			return Result{Outcome: Fenced}, nil
		case codeLost:
			return Result{Outcome: Lost}, nil
		}
	}
	return r, nil
}

func (c *chunk) states(reply []int64) []event.FeedState {
	var states []event.FeedState
	for ; len(reply) >= 3; reply = reply[3:] {
		f := c.feeds[reply[0]-1]
		states = append(states, event.FeedState{
			Student: f.Student, Bucket: f.Bucket,
			Missing: reply[1] < 0, Truncated: reply[1] >= 0, Count: int(max(0, reply[1])), Floor: reply[2],
		})
	}
	return states
}

// pipelined is how many script calls are under way at once.
const pipelined = 64

// call runs chunks in one pipeline, and once more after loading the script
// where a server did not know it. First is the position of the first in the batch.
func (s *Store) call(ctx context.Context, b Batch, first int, chunks []*chunk) ([][]int64, error) {
	for try := 0; ; try++ {
		pipe := s.writer.Pipeline()
		cmds := make([]*redis.Cmd, len(chunks))
		for i, c := range chunks {
			args := append([]any{b.Token, b.Seq + int64(first+i)}, c.args...)
			cmds[i] = pipe.EvalSha(ctx, s.script.Hash(), c.keys, args...)
		}
		_, err := pipe.Exec(ctx)
		if err != nil && strings.Contains(err.Error(), "NOSCRIPT") && try == 0 {
			if err := s.script.Load(ctx, s.writer).Err(); err != nil {
				return nil, fmt.Errorf("load the script: %w", err)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		replies := make([][]int64, len(chunks))
		for i, cmd := range cmds {
			if replies[i], err = cmd.Int64Slice(); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}
