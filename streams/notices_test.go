package streams

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func notificationOf(id, recipient string) event.Notification {
	return event.Notification{
		Proposal: event.Proposal{ID: id, Key: "key-" + id, Rule: "job-match", Recipient: recipient, At: noon},
		Outcome:  event.Sent, Decided: noon, Channels: []event.Channel{event.InApp},
	}
}

func TestInputsOfAPartitionComeInTheOrderInWhichTheyMustBeWorkedOn(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	who := studentsOn(2, 1)[0]
	send(t, p, FanoutTo(2, event.Fanout{Tick: &noon}),
		Proposal(event.Proposal{ID: "p", Rule: "r", Recipient: who}),
		CandidateList(event.CandidateList{Rule: "r", Opportunity: who, Partition: 1, Candidates: []event.Candidate{{Student: "s"}}}),
		Evaluation(event.Evaluation{EventID: "v", Application: "a", Student: who, Opportunity: "o"}),
		Message(event.Message{EventID: "m", Application: "a", Student: who, Opportunity: "o"}),
		signalOf(who, 0))
	err := errors.Join(
		p.StageChanges(t.Context(), []event.StageChange{{EventID: "e", Application: "a", Student: who, Opportunity: "o", Seq: 1, To: event.Applied, At: noon}}),
		p.PutProfile(t.Context(), event.Profile{ID: who}),
		p.PutPreferences(t.Context(), event.Preferences{Recipient: who}),
		p.DeletePreferences(t.Context(), who))
	if err != nil {
		t.Fatal(err)
	}
	var topics []string
	for _, in := range poll(t, session(t, config, "a"), has(10)).Partitions[2] {
		topics = append(topics, in.Topic)
	}
	slices.Sort(topics) // one poll need not bring everything
	if want := slices.Sorted(slices.Values(append(slices.Clone(copartitioned), Preferences))); !slices.Equal(topics, want) {
		t.Errorf("partition 2 got %v", topics)
	}
	var fetched []kgo.FetchTopic
	for _, topic := range slices.Backward(copartitioned) {
		fetched = append(fetched, kgo.FetchTopic{Topic: topic, Partitions: []kgo.FetchPartition{{Records: []*kgo.Record{{Topic: topic}}}}})
	}
	for i, in := range collect(kgo.Fetches{{Topics: fetched}}).Partitions[0] {
		if in.Topic != copartitioned[i] {
			t.Errorf("record %d is of %s", i, in.Topic)
		}
	}
}

func TestACandidateListGoesToThePartitionOfTheJob(t *testing.T) {
	for i := range 20 {
		l := event.CandidateList{Rule: "r", Opportunity: fmt.Sprint("job-", i), Partition: 3, Candidates: []event.Candidate{{Student: "s", Score: 0.5}}}
		r := counts{students}.place(CandidateList(l))
		if want := event.Partition(l.Opportunity, students); r.Partition != want || r.Topic != Candidates {
			t.Errorf("%s is on %s[%d], want %d", l.Opportunity, r.Topic, r.Partition, want)
		}
		if got, err := event.DecodeCandidates(r.Key, r.Value); err != nil || got.Opportunity != l.Opportunity || len(got.Candidates) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		l.Candidates = nil
		if r := (counts{students}).place(CandidateList(l)); r.Value != nil || r.Partition != event.Partition(l.Opportunity, students) {
			t.Errorf("an empty list is %s on %d", r.Value, r.Partition)
		}
	}
}

func TestWhatTheEngineWritesFitsARecord(t *testing.T) {
	n := notificationOf("digest", "ann")
	for i := range 5000 {
		n.Items = append(n.Items, event.Item{ID: fmt.Sprint(i), Facts: event.Facts{Title: strings.Repeat("t", 300)}})
	}
	r := Notification(1, n)
	got, err := event.DecodeNotification(r.value)
	if err != nil || len(r.value) > maxRecord || len(got.Items)+got.More != 5000 || len(got.Items) == 0 {
		t.Errorf("a digest of %d bytes, %d items and %d more, %v", len(r.value), len(got.Items), got.More, err)
	}
	l := event.CandidateList{Rule: "r", Opportunity: "o"}
	for i := range 200 {
		l.Candidates = append(l.Candidates, event.Candidate{Student: fmt.Sprint(i), Missing: []string{strings.Repeat("m", 6000)}})
	}
	if r := CandidateList(l); len(r.value) > maxRecord || len(l.Candidates[0].Missing) == 0 {
		t.Errorf("a list of %d bytes; the caller's list has %d missing skills", len(r.value), len(l.Candidates[0].Missing))
	}
}

func TestARestoreReadsPreferencesAndCandidatesUpToWhatIsCommitted(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, names := producer(t, config), studentsOn(1, 2)
	put := func(name string) {
		send(t, p, PreferencesRecord(event.Preferences{Recipient: name}),
			CandidateList(event.CandidateList{Rule: "r", Opportunity: name, Candidates: []event.Candidate{{Student: "s"}}}))
	}
	put(names[0])
	process(t, config, session(t, config, "a"), 2)
	put(names[1])
	r, err := NewRestorer(config, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	seen := map[string][]string{}
	note := func(in Input) error {
		seen[in.Topic] = append(seen[in.Topic], string(in.Key))
		return nil
	}
	if err := r.Partition(t.Context(), 1, RestoreSinks{Profile: note, Preferences: note, Candidates: note, State: note}); err != nil {
		t.Fatal(err)
	}
	if len(seen[Profiles]) != 0 || !slices.Equal(seen[Preferences], names[:1]) ||
		!slices.Equal(seen[Candidates], []string{event.CandidateKey("r", names[0], 0)}) || len(seen[State]) != 2 {
		t.Errorf("restored %v", seen)
	}
}
