package feeds

import (
	"context"
	"fmt"
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
	States  []event.FeedState // of the feeds that are missing or truncated; of those that were full and still are, some
}

// chunkEntries bounds one script call: long enough to make the round trip
// cheap, short enough not to hold Redis up (about a millisecond).
const chunkEntries = 400

// chunk is what one script call carries: a run of the batch's views, then of its
// blobs, then of its feeds.
type chunk struct {
	views   []event.ViewOp
	blobs   []event.BlobOp
	feeds   []event.FeedOp
	entries int
}

// Chunks is how many script calls, and sequence numbers, a batch takes: at
// least one, because an empty batch still asks whether the fence stands.
func Chunks(b Batch) int { return len(b.chunks()) }

func (b Batch) chunks() []chunk {
	list := []chunk{{}}
	with := func(entries int) *chunk {
		if last := &list[len(list)-1]; last.entries > 0 && last.entries+entries > chunkEntries {
			list = append(list, chunk{})
		}
		last := &list[len(list)-1]
		last.entries += entries
		return last
	}
	for i := range b.Views {
		entries := 8
		if b.Views[i].View == nil {
			entries = 4
		}
		c := with(entries)
		c.views = b.Views[i-len(c.views) : i+1]
	}
	for i := range b.Blobs {
		c := with(8)
		c.blobs = b.Blobs[i-len(c.blobs) : i+1]
	}
	for i := range b.Feeds {
		c := with(1 + len(b.Feeds[i].Add) + len(b.Feeds[i].Remove))
		c.feeds = b.Feeds[i-len(c.feeds) : i+1]
	}
	return list
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
				r.States = append(r.States, event.FeedState{Student: f.Student, Bucket: f.Bucket, Missing: true})
			}
		case codeFenced:
			return Result{Outcome: Fenced}, nil
		case codeLost:
			return Result{Outcome: Lost}, nil
		}
	}
	return r, nil
}

func (c chunk) states(reply []int64) []event.FeedState {
	states := make([]event.FeedState, 0, len(reply)/3)
	before := c.operations() - len(c.feeds)
	for ; len(reply) >= 3; reply = reply[3:] {
		f := &c.feeds[int(reply[0])-1-before]
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
func (s *Store) call(ctx context.Context, b Batch, first int, chunks []chunk) ([][]int64, error) {
	for try := 0; ; try++ {
		pipe := s.writer.Pipeline()
		cmds := make([]*redis.Cmd, len(chunks))
		for i, c := range chunks {
			cmds[i] = redis.NewCmd(ctx, s.encode(b, b.Seq+int64(first+i), c)...)
			_ = pipe.Process(ctx, cmds[i]) // only queues it
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
