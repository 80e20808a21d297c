package feeds

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

var erasedAt = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// keysOf lists the keys that name a recipient.
func keysOf(t *testing.T, s *Store, recipient string) (found []string) {
	t.Helper()
	for slot := range slots {
		key := inboxKey(slot, part, recipient)
		if n, err := s.writer.Exists(t.Context(), key).Result(); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			found = append(found, key[:strings.Index(key, ":")])
		}
	}
	return found
}

func fill(b *inbox) {
	for seq := int64(1); seq <= 3; seq++ {
		item := put(seq)
		item.Put.At = erasedAt.Add(time.Duration(seq-3) * time.Hour)
		decided := event.Decision{Seq: seq, Key: "k" + item.Put.ID, ID: item.Put.ID, Decided: item.Put.At}
		b.apply(item, InboxChange{Recipient: "ann", Decision: &decided})
	}
	b.apply(retract(50, 60), marked(99, event.Seen), InboxChange{Recipient: "ann", Preferences: &event.Preferences{Recipient: "ann"}})
}

func TestWhatARecipientWasToldBeforeATimeIsForgotten(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		fill(b)
		if n, err := s.ForgetInbox(t.Context(), part, "ann", erasedAt); err != nil || n != 4 {
			t.Fatal(n, err)
		}
		b.want("3:n3:0")
		if _, err := s.Decision(t.Context(), part, "ann", "kn3"); err != nil {
			t.Error("what was decided since is forgotten:", err)
		}
		if n, err := s.ForgetInbox(t.Context(), part, "ann", erasedAt.Add(time.Second)); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		if left := keysOf(t, s, "ann"); !slices.Equal(left, []string{"prefs"}) {
			t.Errorf("left: %q", left)
		}
	})
}

func TestAnErasureOfTheTopicLeavesThePreferencesAlone(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		fill(b)
		b.apply(InboxChange{Recipient: "ann", Forget: true})
		if left := keysOf(t, s, "ann"); !slices.Equal(left, []string{"prefs"}) {
			t.Errorf("left: %q", left)
		}
		b.apply(InboxChange{Recipient: "ann", Erase: true})
		if left := keysOf(t, s, "ann"); left != nil {
			t.Errorf("left: %q", left)
		}
	})
}

func TestAStudentLeavesTheDigestThatNamesOthersToo(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		digest := event.InboxItem{
			Seq: 1, ID: "d", Title: "Two candidates", Body: "s1 and s2", At: erasedAt, More: 3,
			Items: []event.Subject{{Student: "s1", Opportunity: "o", Application: "a1"}, {Student: "s2", Opportunity: "o"}},
		}
		b.apply(InboxChange{Recipient: "rita", Put: &digest}, InboxChange{Recipient: "rita", Put: &event.InboxItem{Seq: 2, ID: "e", Title: "Other", Body: "s2", At: erasedAt}})
		if err := s.Mark(t.Context(), part, event.Mark{Recipient: "rita", ID: "d", Flags: event.Seen}); err != nil {
			t.Fatal(err)
		}
		for want := range 2 {
			if n, err := s.ForgetInInbox(t.Context(), part, "rita", "s1"); err != nil || n != 2-2*want {
				t.Fatal(n, err)
			}
		}
		items, err := s.Inbox(t.Context(), part, "rita", 0, 10)
		if err != nil || len(items) != 2 {
			t.Fatal(items, err)
		}
		got := items[1]
		if got.Items[0].Student+got.Items[0].Application+got.Body != "" || got.Items[1].Student != "s2" || got.More != 3 || got.Flags != event.Seen || items[0].Body != "s2" {
			t.Errorf("the digest is %+v, the other %+v", got, items[0])
		}
	})
}
