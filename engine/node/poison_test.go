package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
	"tideline/streams"
)

// poison is one record that cannot be processed, as somebody outside writes it.
type poison struct {
	topic, key, value string // without a value: a tombstone
	reason            string
}

func poisons() map[string]poison {
	profile := string(event.Profile{ID: "other"}.Encode())
	signal := event.Signal{ID: "1", Student: "other", Kind: event.Save, Opportunity: "o1", At: noon}
	mismatched := string(signal.Encode())
	signal.Student, signal.Kind = "s", "stare"
	opportunity := anOpportunity("other")
	wrong := anOpportunity("o1")
	wrong.Bucket = "gossip"
	return map[string]poison{
		"a profile that is not JSON":            {streams.Profiles, "s", "{", "malformed_json"},
		"a profile of another type":             {streams.Profiles, "s", `{"id": "s", "skills": 3}`, "wrong_type"},
		"a profile under another key":           {streams.Profiles, "s", profile, "key_mismatch"},
		"an erasure of nobody":                  {streams.Profiles, "", "", "key_mismatch"},
		"a signal that is not JSON":             {streams.Signals, "s", "save!", "malformed_json"},
		"a signal of an unknown kind":           {streams.Signals, "s", string(signal.Encode()), "unknown_value"},
		"a signal under another key":            {streams.Signals, "s", mismatched, "key_mismatch"},
		"a void of nobody":                      {streams.Signals, "", "", "key_mismatch"},
		"an opportunity that is not JSON":       {streams.Opportunities, "o1", "null and void", "malformed_json"},
		"an opportunity of an unknown bucket":   {streams.Opportunities, "o1", string(wrong.Encode()), "unknown_value"},
		"an opportunity under another key":      {streams.Opportunities, "o1", string(opportunity.Encode()), "key_mismatch"},
		"an opportunity deleted without a name": {streams.Opportunities, "", "", "key_mismatch"},
		"a fanout that says nothing":            {streams.Fanout, "", "{}", "missing"},
	}
}

// raw is a client without any of our rules.
func (c *campus) raw(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.kafka.Brokers...))...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(cl.Close)
	return cl
}

// asking asks the broker about topics.
type asking struct{ *kadm.Client }

// ends sums the ends of some topics. Reading them to see whether they grow takes
// minutes under the race detector.
func (c *campus) ends(topics ...string) (sum int64) {
	c.t.Helper()
	if c.asks == nil {
		c.asks = &asking{kadm.NewClient(c.raw())}
	}
	ends, err := c.asks.ListEndOffsets(c.t.Context(), topics...)
	if err != nil {
		c.t.Fatal(err)
	}
	ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
	return sum
}

// write puts a poison before the good records of student s and opportunity o1.
func (c *campus) write(cl *kgo.Client, p poison) *kgo.Record {
	c.t.Helper()
	r := &kgo.Record{Topic: p.topic, Partition: event.Partition("s", campusPartitions), Key: []byte(p.key), Headers: []kgo.RecordHeader{
		{Key: "ce_id", Value: []byte("id of " + p.topic)},
	}}
	if p.topic == streams.Opportunities {
		r.Partition = event.Partition("o1", streams.OpportunityPartitions)
	}
	if p.value != "" {
		r.Value = []byte(p.value)
	}
	written, err := cl.ProduceSync(c.t.Context(), r).First()
	if err != nil {
		c.t.Fatal(err)
	}
	return written
}

// letters reads so many dead letters, by where each came from.
func (c *campus) letters(n int) map[string]*kgo.Record {
	cl := c.raw(kgo.ConsumeTopics(streams.DeadLetters), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	all := map[string]*kgo.Record{}
	for len(all) < n && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			h := headers(r)
			all[h["origin_topic"]+" "+h["origin_partition"]+" "+h["origin_offset"]] = r
		})
	}
	return all
}

func headers(r *kgo.Record) map[string]string {
	all := map[string]string{}
	for _, h := range r.Headers {
		all[h.Key] = string(h.Value)
	}
	return all
}

func TestPoisonIsKeptAndWhatFollowsItIsProcessed(t *testing.T) {
	c := newCampus(t)
	c.follow()
	cl := c.raw(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	bad := poisons()
	written := map[string]*kgo.Record{}
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		written[name] = c.write(cl, bad[name])
	}
	c.send(
		streams.Opportunity(anOpportunity("o1")),
		streams.Profile(event.Profile{ID: "s", Skills: []event.Skill{{Name: "go", Level: 3}}}),
		streams.Signal(event.Signal{ID: "1", Student: "s", Kind: event.Save, Opportunity: "o1", At: noon}),
	)
	c.settle()

	letters := c.letters(len(bad))
	for name, p := range bad {
		from := written[name]
		origin := fmt.Sprintf("%s %d %d", p.topic, from.Partition, from.Offset)
		letter := letters[origin]
		if letter == nil {
			t.Errorf("%s is not among the dead letters", name)
			continue
		}
		h := headers(letter)
		if h["reason"] != p.reason || h["message"] == "" || h["origin_id"] != "id of "+p.topic || h["ce_type"] == "" {
			t.Errorf("%s: headers %v, want reason %s", name, h, p.reason)
		}
		if string(letter.Key) != p.key || string(letter.Value) != p.value || (letter.Value == nil) != (p.value == "") {
			t.Errorf("%s: kept as %q, %q", name, letter.Key, letter.Value)
		}
	}
	partition := event.Partition("s", campusPartitions)
	page, err := c.store.Page(t.Context(), partition, "s", event.Jobs, event.FeedShow)
	if err != nil || len(page) != 1 || page[0].Member != event.MemberOf("o1") {
		t.Errorf("the feed is %v, %v", page, err)
	}
	if view, err := c.store.View(t.Context(), partition, "s"); err != nil || len(view.Saved) != 1 {
		t.Errorf("the view is %+v, %v", view, err)
	}
}
