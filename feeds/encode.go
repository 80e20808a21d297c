package feeds

import (
	"cmp"
	"slices"
	"strconv"

	"tideline/engine/event"
)

// planBytes is how much of the script's plan one operation takes.
const planBytes = 7

// operations is how many keys the script is to change.
func (c chunk) operations() int {
	n := len(c.views) + len(c.blobs) + len(c.feeds)
	for _, v := range c.views {
		if v.View == nil {
			n += len(event.Buckets)
		}
	}
	return n
}

// values collects the arguments of a command as text in one buffer: tens of
// thousands of numbers a batch, each boxed for itself, cost more than sending them.
type values struct {
	text []byte
	ends []int
}

func (v *values) end() { v.ends = append(v.ends, len(v.text)) }

func (v *values) string(parts ...string) {
	for _, p := range parts {
		v.text = append(v.text, p...)
	}
	v.end()
}

func (v *values) int(n int64) {
	v.text = strconv.AppendInt(v.text, n, 10)
	v.end()
}

func (v *values) member(m event.Member) {
	v.text = strconv.AppendUint(v.text, uint64(m), 10)
	v.end()
}

// arguments gives what was collected, behind a few others. The client takes
// pointers to strings, which fit an interface without an allocation of their own.
func (v *values) arguments(before ...any) []any {
	all := string(v.text)
	texts := make([]string, len(v.ends))
	args := slices.Grow(before, len(v.ends))
	from := 0
	for i, end := range v.ends {
		texts[i], from = all[from:end], end
		args = append(args, &texts[i])
	}
	return args
}

// encode gives one script call as the client takes it.
func (s *Store) encode(b Batch, seq int64, c chunk) []any {
	room := 64*c.operations() + 32*c.entries
	v := &values{text: make([]byte, 0, room), ends: make([]int, 0, 4+2*c.operations()+2*c.entries)}
	v.keys(b.Partition, c)
	v.int(b.Token)
	v.int(seq)
	v.plan(c, seq)
	for _, view := range c.views {
		if view.View != nil {
			v.text = append(v.text, view.View.Encode()...)
			v.end()
		}
	}
	for _, blob := range c.blobs {
		if blob.Value != nil {
			v.text = append(v.text, blob.Value...)
			v.end()
		}
	}
	for i := range c.feeds {
		v.feed(&c.feeds[i])
	}
	return v.arguments("evalsha", s.script.Hash(), 1+c.operations())
}

func (v *values) keys(partition int32, c chunk) {
	var prefixes [3]string // without the student
	for i, bucket := range event.Buckets {
		prefixes[i] = feedKey(partition, bucket, "")
	}
	v.string(fenceKey(partition))
	for _, view := range c.views {
		v.string(viewKey(partition, view.Student))
		if view.View == nil {
			for _, prefix := range prefixes {
				v.string(prefix, view.Student)
			}
		}
	}
	for _, blob := range c.blobs {
		v.string(blobKey(partition, blob.Kind, blob.ID))
	}
	for i := range c.feeds {
		v.string(prefixes[c.feeds[i].Bucket.Index()], c.feeds[i].Student)
	}
}

// askEvery is how often the lowest key of a full feed is asked for. What the
// engine knows of it stays right when it is not, only low.
const askEvery = 8

// plan says what is to be done with each key: see applyScript.
func (v *values) plan(c chunk, seq int64) {
	for _, view := range c.views {
		if view.View != nil {
			v.step('V', 0, 0)
			continue
		}
		for range 1 + len(event.Buckets) {
			v.step('D', 0, 0)
		}
	}
	for _, blob := range c.blobs {
		if blob.Value != nil {
			v.step('V', 0, 0)
		} else {
			v.step('D', 0, 0)
		}
	}
	turn := int(uint64(seq) * 0x9e3779b97f4a7c15 >> 40) // batches that are alike ask for different feeds
	for i := range c.feeds {
		switch f := &c.feeds[i]; {
		case f.Replace:
			v.step('R', 0, len(f.Add)+1)
		case (turn+i)%askEvery == 0:
			v.step('F', len(f.Remove), len(f.Add))
		default:
			v.step('P', len(f.Remove), len(f.Add))
		}
	}
	v.end()
}

func (v *values) step(kind byte, n, m int) {
	step := [planBytes]byte{kind, byte(n >> 16), byte(n >> 8), byte(n), byte(m >> 16), byte(m >> 8), byte(m)}
	v.text = append(v.text, step[:]...)
}

func (v *values) feed(f *event.FeedOp) {
	entries := f.Add
	if f.Replace {
		entries = bestFirst(f.Add)
	} else {
		for _, m := range f.Remove {
			v.member(m)
		}
	}
	for _, e := range entries {
		v.int(e.Key)
		v.member(e.Member)
	}
	if f.Replace {
		score := int64(scoreComplete)
		if f.Truncated {
			score = scoreTruncated
		}
		v.int(score)
		v.string(sentinel)
	}
}

// bestFirst orders the entries of a whole feed. Redis looks for the place of an
// entry from the lowest on: what is added in this order has its place at once.
func bestFirst(entries []event.Entry) []event.Entry {
	order := func(a, b event.Entry) int {
		return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.Member, a.Member))
	}
	if slices.IsSortedFunc(entries, order) {
		return entries
	}
	return slices.SortedFunc(slices.Values(entries), order)
}
