package command

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/feeds"
)

// shown is a store with one partition and what was put in.
func shown(t *testing.T, views []event.ViewOp, ops []event.FeedOp) verifier {
	store := feeds.New(feeds.Config{Addrs: []string{miniredis.RunT(t).Addr()}}, nil, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = store.Close() })
	fence, err := store.Claim(t.Context(), 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Live(t.Context(), 0, fence.Token); err != nil {
		t.Fatal(err)
	}
	result, err := store.Apply(t.Context(), feeds.Batch{Token: fence.Token, Seq: 1, Views: views, Feeds: ops})
	if err != nil || result.Outcome != feeds.Applied {
		t.Fatal(result, err)
	}
	return verifier{store: store, partitions: 1}
}

func TestVerifyFindsWhateverDiffers(t *testing.T) {
	want := oracle.Result{
		Feeds:   map[string]map[string][]oracle.Entry{"s": {"jobs": {{ID: "o1", Member: uint64(event.MemberOf("o1")), Key: 7}}}},
		Saved:   map[string][]string{"s": {"o1", "o2"}},
		Ignored: map[string][]string{"s": {"o3"}},
		Weights: map[string]map[string]float64{"s": {"remote": 0.25}},
	}
	now := time.Unix(1_780_000_000, 0).UTC()
	known := func(saved, ignored string, weight float64) *event.View {
		return &event.View{
			Saved: map[string]time.Time{"o1": now, saved: now}, Ignored: map[string]time.Time{ignored: now},
			Weights: map[string]float64{"remote": weight},
		}
	}
	jobs := func(student string, key int64) event.FeedOp {
		return event.FeedOp{
			Student: student, Bucket: event.Jobs, Replace: true, Add: []event.Entry{{Member: event.MemberOf("o1"), Key: key}},
		}
	}
	good := known("o2", "o3", 0.25)
	for name, c := range map[string]struct {
		view    *event.View
		key     int64
		student string // and somebody else
		want    []string
	}{
		"nothing":         {view: good, key: 7},
		"a key":           {view: good, key: 8, want: []string{"s jobs"}},
		"what is saved":   {view: known("o4", "o3", 0.25), key: 7, want: []string{"s saved"}},
		"what is ignored": {view: known("o2", "o4", 0.25), key: 7, want: []string{"s ignored"}},
		"interest":        {view: known("o2", "o3", 0.5), key: 7, want: []string{"s weight of remote"}},
		"a view missing":  {key: 7, want: []string{"s view"}},
		"a feed of no student": {view: good, key: 7, student: "gone", want: []string{
			"gone keys",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			views := []event.ViewOp{{Student: "s", View: c.view}}
			if c.view == nil {
				views = nil
			}
			ops := []event.FeedOp{jobs("s", c.key)}
			for _, b := range event.Buckets[1:] {
				ops = append(ops, event.FeedOp{Student: "s", Bucket: b, Replace: true})
			}
			if c.student != "" {
				ops = append(ops, jobs(c.student, 1))
			}
			differences, entries, err := shown(t, views, ops).compare(t.Context(), want)
			if err != nil || entries != 1 {
				t.Fatalf("%d entries, %v", entries, err)
			}
			var got []string
			for _, d := range differences {
				got = append(got, d.Student+" "+d.Bucket)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", differences, c.want)
			}
		})
	}
}
