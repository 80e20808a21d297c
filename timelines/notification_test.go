//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/event"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func told(id string, offset int64, outcome event.Outcome) NotificationChange {
	return NotificationChange{
		Incarnation: "topic-1", Partition: 2, Offset: offset,
		Notification: event.Notification{
			Proposal: event.Proposal{
				ID: id, Key: "k", Rule: "job-match", Ruleset: "campus", Audience: event.ToStudent, Recipient: "ann", Episode: 1, At: noon,
				Subject: event.Subject{Student: "ann", Opportunity: "o", Organisation: "<Umbra & Söhne>"},
				Facts:   event.Facts{Title: "Intern", Deadline: &noon, Overlap: 0.75, Relevance: 1, Matched: []string{"go"}, Rank: 3},
				Notice: event.Notice{
					Category: "jobs", Priority: event.Normal, Template: "job-match", Channels: []event.Channel{event.InApp},
					Digest: &event.Digest{Window: event.Duration(time.Hour), Max: 5},
				},
			},
			Outcome: outcome, Decided: noon, Channels: []event.Channel{event.InApp}, More: 2,
			Items: []event.Item{{ID: "i", Subject: event.Subject{Opportunity: "p"}, Facts: event.Facts{Overlap: 0.8}}},
		},
	}
}

func (s *Store) outcome(t *testing.T, id string) event.Outcome {
	t.Helper()
	n, err := s.Notification(t.Context(), id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	return n.Outcome
}

func (s *Store) tell(t *testing.T, changes ...NotificationChange) {
	t.Helper()
	if err := s.ApplyNotifications(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func TestANotificationComesBackAsItWas(t *testing.T) {
	s := open(t)
	want := told("n", 1, event.Sent)
	s.tell(t, want)
	got, err := s.Notification(t.Context(), "n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Notification, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhatWasSentIsStoredAndOnlyNewerRecordsCount(t *testing.T) {
	s := open(t)
	s.tell(t, told("n", 1, event.Deferred), told("n", 2, event.Suppressed), told("m", 3, event.Digested))
	if got := s.outcome(t, "n"); got != "" {
		t.Errorf("stored although nothing was sent: %s", got)
	}
	s.tell(t, told("n", 6, event.Retracted), told("n", 5, event.Sent))
	if got := s.outcome(t, "n"); got != event.Retracted {
		t.Errorf("within a batch: %s", got)
	}
	s.tell(t, told("n", 5, event.Sent))
	s.tell(t, told("n", 6, event.Sent))
	if got := s.outcome(t, "n"); got != event.Retracted {
		t.Errorf("an older record came again: %s", got)
	}
	anew := told("n", 0, event.Sent)
	anew.Incarnation = "topic-2"
	s.tell(t, anew)
	if got := s.outcome(t, "n"); got != event.Sent {
		t.Errorf("after the topic was made anew: %s", got)
	}
}

func TestManyNotificationsAtOnceAndAgain(t *testing.T) {
	s := open(t)
	var list []NotificationChange
	for i := range 120 {
		list = append(list, told(fmt.Sprint("n", i), int64(i), event.Sent))
	}
	s.tell(t, list...)
	s.tell(t, list...)
	if n, err := s.notifications().CountDocuments(t.Context(), bson.D{}); n != 120 || err != nil {
		t.Errorf("%d documents, %v", n, err)
	}
}
