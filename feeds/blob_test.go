package feeds

import (
	"errors"
	"testing"

	"tideline/engine/event"
)

func TestBlobsAreWrittenUnderTheFence(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		apply := func(ops ...event.BlobOp) Outcome {
			b := o.batch()
			b.Blobs = ops
			r, err := s.Apply(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome == Applied {
				o.seq += int64(Chunks(b))
			}
			return r.Outcome
		}
		read := func() string {
			value, err := s.Blob(t.Context(), part, Candidates, "job")
			if err != nil {
				t.Fatal(err)
			}
			return string(value)
		}
		if got := read(); got != "" {
			t.Errorf("before the first: %q", got)
		}
		apply(event.BlobOp{Kind: Candidates, ID: "job", Value: []byte(`[1]`)}, event.BlobOp{Kind: Candidates, ID: "other", Value: []byte(`[2]`)})
		if got := read(); got != "[1]" {
			t.Errorf("written: %q", got)
		}
		zombie := *o
		o = claimed(t, s)
		b := zombie.batch()
		b.Blobs = []event.BlobOp{{Kind: Candidates, ID: "job"}}
		if r, err := s.Apply(t.Context(), b); err != nil || r.Outcome != Fenced || read() != "[1]" {
			t.Errorf("the zombie got %v, %v", r.Outcome, err)
		}
		if apply(event.BlobOp{Kind: Candidates, ID: "job"}) != Applied || read() != "" {
			t.Errorf("removed: %q", read())
		}
		flushAll(t, s)
		if _, err := s.Blob(t.Context(), part, Candidates, "job"); !errors.Is(err, ErrRebuilding) {
			t.Errorf("after a loss: %v", err)
		}
	})
}
