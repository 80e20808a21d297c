package node

import (
	"errors"
	"testing"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
	"tideline/streams"
)

func lonely() *actor {
	dict := match.NewDictionary(skills.Normalize)
	return &actor{partition: partition.New(0, partition.Config{Match: match.Default()}, dict, catalog.New(match.Default(), dict)), sweep: -1}
}

func TestInputsOfRulesAreTakenOrRefusedWithTheReason(t *testing.T) {
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	change := event.StageChange{EventID: "e", Application: "a", Student: "ann", Opportunity: "o", Seq: 1, To: event.Applied, At: at}
	proposal := event.Proposal{ID: "p", Rule: "r", Recipient: "ann"}
	list := event.CandidateList{Rule: "r", Opportunity: "o", Candidates: []event.Candidate{{Student: "ann"}}}
	listKey := event.CandidateKey("r", "o", 3)
	for name, c := range map[string]struct {
		topic, key string
		value      []byte
		refused    event.Code
	}{
		"preferences":                    {streams.Preferences, "ann", event.Preferences{Recipient: "ann"}.Encode(), ""},
		"no preferences":                 {streams.Preferences, "ann", nil, ""},
		"preferences of nobody":          {streams.Preferences, "", nil, event.KeyMismatch},
		"preferences of somebody else":   {streams.Preferences, "bob", event.Preferences{Recipient: "ann"}.Encode(), event.KeyMismatch},
		"preferences in no zone":         {streams.Preferences, "ann", event.Preferences{Recipient: "ann", TimeZone: "Nowhere"}.Encode(), event.UnknownValue},
		"a stage change":                 {streams.StageChanges, "ann", change.Encode(), ""},
		"a stage change under a bad key": {streams.StageChanges, "bob", change.Encode(), event.KeyMismatch},
		"half a stage change":            {streams.StageChanges, "ann", []byte(`{"student":"ann"}`), event.Missing},
		"a proposal":                     {streams.Proposals, "ann", proposal.Encode(), ""},
		"a proposal under a bad key":     {streams.Proposals, "bob", proposal.Encode(), event.KeyMismatch},
		"no proposal":                    {streams.Proposals, "ann", []byte(`[]`), event.WrongType},
		"candidates":                     {streams.Candidates, listKey, list.Encode(), ""},
		"no candidates":                  {streams.Candidates, listKey, nil, ""},
		"candidates under a bad key":     {streams.Candidates, "o", nil, event.MalformedJSON},
		"rules":                          {streams.Fanout, "", event.Fanout{Rules: &event.Rules{Key: "campus"}}.Encode(), ""},
	} {
		outcome, err := lonely().apply(t.Context(), streams.Input{Topic: c.topic, Key: []byte(c.key), Value: c.value}, &partition.Effects{})
		bad, refused := errors.AsType[*event.Invalid](err)
		switch {
		case c.refused == "" && (err != nil || outcome != "applied"):
			t.Errorf("%s: %q, %v", name, outcome, err)
		case c.refused != "" && (!refused || bad.Code() != c.refused):
			t.Errorf("%s: %v, want %s", name, err, c.refused)
		}
	}
}

func TestDecisionsBecomeRecordsOfTheTransaction(t *testing.T) {
	out := partition.Effects{
		Notifications: []event.Notification{{Proposal: event.Proposal{ID: "n", Recipient: "ann"}}},
		Proposals:     []event.Proposal{{ID: "p", Recipient: "rec"}},
		Offers:        []event.CandidateList{{Rule: "r", Opportunity: "o", Partition: 5}},
	}
	type record struct {
		topic     string
		partition int32
		key       string
	}
	want := []record{{streams.Notifications, 5, "ann"}, {streams.Proposals, -1, "rec"}, {streams.Candidates, -1, event.CandidateKey("r", "o", 5)}}
	for i, r := range notices(5, &out) {
		topic, partition, key, _ := r.Parts()
		if got := (record{topic, partition, string(key)}); got != want[i] {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
}
