package feeds

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/event"
)

const era = "topics-1"

// inbox plays the projector of one partition.
type inbox struct {
	t     *testing.T
	store *Store
	at    event.InboxOffsets
}

func begun(t *testing.T, s *Store) *inbox {
	t.Helper()
	if err := s.BeginInbox(t.Context(), part, era, event.InboxOffsets{}); err != nil {
		t.Fatal(err)
	}
	return &inbox{t: t, store: s}
}

// apply makes one record of each topic of the changes.
func (b *inbox) apply(changes ...InboxChange) {
	b.t.Helper()
	to := b.at
	to.Notifications++
	to.Marks++
	applied, err := b.store.ApplyInbox(b.t.Context(), InboxBatch{Partition: part, Incarnation: era, From: b.at, To: to, Changes: changes})
	if err != nil || !applied {
		b.t.Fatalf("applied %t, %v", applied, err)
	}
	b.at = to
}

func (b *inbox) list(before int64, limit int) (items []string) {
	b.t.Helper()
	found, err := b.store.Inbox(b.t.Context(), part, "ann", before, limit)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, i := range found {
		items = append(items, fmt.Sprintf("%d:%s:%x", i.Seq, i.ID, i.Flags))
	}
	return items
}

func (b *inbox) want(items ...string) {
	b.t.Helper()
	if got := b.list(0, 1000); !slices.Equal(got, items) {
		b.t.Errorf("inbox %v, want %v", got, items)
	}
}

func (b *inbox) unread() int {
	b.t.Helper()
	n, err := b.store.Unread(b.t.Context(), part, "ann")
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func put(seq int64) InboxChange {
	return InboxChange{Recipient: "ann", Put: &event.InboxItem{Seq: seq, ID: fmt.Sprint("n", seq), Rule: "r", Title: "A new job"}}
}

// retract takes back item seq at a later time.
func retract(seq, at int64) InboxChange {
	return InboxChange{Recipient: "ann", Retract: &event.InboxChange{Seq: at, Retract: fmt.Sprint("n", seq)}}
}

// after gives what a resume is told, as seq:id, and seq:-id of a retraction.
func (b *inbox) after(seq int64, limit int) (told []string, lost int64) {
	b.t.Helper()
	since, err := b.store.After(b.t.Context(), part, "ann", seq, limit)
	if err != nil {
		b.t.Fatal(err)
	}
	if since.Next != b.at.Notifications {
		b.t.Errorf("next %d, want %d", since.Next, b.at.Notifications)
	}
	for _, c := range since.Changes {
		if c.Item == nil {
			told = append(told, fmt.Sprintf("%d:-%s", c.Seq, c.Retract))
		} else {
			told = append(told, fmt.Sprintf("%d:%s", c.Seq, c.Item.ID))
		}
	}
	return told, since.Lost
}

func marked(seq int64, flags event.MarkFlags) InboxChange {
	return InboxChange{Recipient: "ann", Mark: &event.Mark{Recipient: "ann", ID: fmt.Sprint("n", seq), Flags: flags}}
}

func allMarked(upTo int64, flags event.MarkFlags) InboxChange {
	return InboxChange{Recipient: "ann", Mark: &event.Mark{Recipient: "ann", All: true, UpTo: upTo, Flags: flags}}
}

func TestAnInboxIsReadNewestFirst(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.want()
		deadline := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		item := event.InboxItem{
			Seq: 12, ID: "x", Rule: "job-match", Category: "jobs", Priority: event.High, Subject: event.Subject{Opportunity: "o"}, Bucket: event.Jobs,
			Deadline: &deadline, At: deadline, Title: "Titel <&>", Body: "Grüße", Action: "Open", URL: "https://example.org", Items: []event.Subject{{Gap: "aws"}}, More: 3,
		}
		b.apply(put(3), put(7), InboxChange{Recipient: "ann", Put: &item}, InboxChange{Recipient: "bob", Put: &event.InboxItem{Seq: 13, ID: "b"}})
		b.want("12:x:0", "7:n7:0", "3:n3:0")
		if got := b.list(12, 1); !slices.Equal(got, []string{"7:n7:0"}) {
			t.Errorf("one before 12: %v", got)
		}
		if got := b.unread(); got != 3 {
			t.Errorf("%d unread", got)
		}
		found, err := s.Inbox(t.Context(), part, "ann", 0, 1)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		if diff := cmp.Diff(item, found[0]); diff != "" {
			t.Error(diff)
		}
		b.apply(retract(7, 14))
		b.want("12:x:0", "3:n3:0")
	})
}

func TestAnInboxBatchCountsOnce(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1))
		apply := func(incarnation string, from event.InboxOffsets) bool {
			applied, err := s.ApplyInbox(t.Context(), InboxBatch{Partition: part, Incarnation: incarnation, From: from, To: event.InboxOffsets{Notifications: 99}, Changes: []InboxChange{put(2)}})
			if err != nil {
				t.Fatal(err)
			}
			return applied
		}
		ahead := b.at
		ahead.Preferences++
		if apply(era, event.InboxOffsets{}) || apply(era, ahead) || apply("topics-2", b.at) {
			t.Error("a batch that does not follow was applied")
		}
		b.want("1:n1:0")
		if at, ok, err := s.InboxPositions(t.Context(), part, era); at != b.at || !ok || err != nil {
			t.Errorf("positions %+v, %t, %v, want %+v", at, ok, err, b.at)
		}
		if _, ok, err := s.InboxPositions(t.Context(), part, "topics-2"); ok || err != nil {
			t.Errorf("positions in another incarnation: %t, %v", ok, err)
		}
		if err := s.BeginInbox(t.Context(), part, era, event.InboxOffsets{}); err != nil {
			t.Fatal(err)
		}
		if at, _, _ := s.InboxPositions(t.Context(), part, era); at != b.at {
			t.Errorf("begun again at %+v", at)
		}
	})
}

func TestMarksAddUp(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1), put(2), put(3))
		b.apply(marked(2, event.Seen), marked(2, event.Clicked), marked(1, event.Archived))
		b.want("3:n3:0", "2:n2:5", "1:n1:8")
		if got := b.unread(); got != 2 {
			t.Errorf("%d unread; an archived one is not", got)
		}
		b.apply(allMarked(2, event.Seen|event.Read))
		b.want("3:n3:0", "2:n2:7", "1:n1:b")
		b.apply(put(2)) // read again from the topic
		b.want("3:n3:0", "2:n2:7", "1:n1:b")
		if got := b.unread(); got != 1 {
			t.Errorf("%d unread", got)
		}
	})
}

func TestAMarkIsShownAtOnce(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1), put(2))
		if err := s.Mark(t.Context(), part, event.Mark{Recipient: "ann", ID: "n2", Flags: event.Read}); err != nil {
			t.Fatal(err)
		}
		b.want("2:n2:2", "1:n1:0")
		if err := s.Mark(t.Context(), part, event.Mark{Recipient: "ann", All: true, UpTo: 1, Flags: event.Seen}); err != nil {
			t.Fatal(err)
		}
		b.want("2:n2:2", "1:n1:1")
		if err := s.Mark(t.Context(), part, event.Mark{Recipient: "ann", ID: "n9", Flags: event.Read}); !errors.Is(err, ErrNoItem) {
			t.Errorf("a mark of nothing: %v", err)
		}
	})
}

// After a loss, and when the projection lags behind what people see, marks are
// read before the items that they are about.
func TestMarksMayOvertakeTheirItems(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(marked(5, event.Read), marked(5, event.Seen), allMarked(4, event.Seen), allMarked(3, event.Seen|event.Archived))
		b.apply(put(3), put(4), put(5), put(6))
		b.want("6:n6:0", "5:n5:3", "4:n4:1", "3:n3:9")
		ttl := s.client.TTL(t.Context(), inboxKey(slotEarly, part, "ann")).Val()
		if ttl <= 0 || ttl > 24*time.Hour {
			t.Errorf("marks without items are kept for %v", ttl)
		}
	})
}

func TestAnInboxKeepsTheNewest(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		for i := range 23 {
			var changes []InboxChange
			for j := range 10 {
				changes = append(changes, put(int64(10*i+j)))
			}
			b.apply(changes...)
		}
		got := b.list(0, 1000)
		if len(got) != event.InboxKept || got[0] != "229:n229:0" || got[event.InboxKept-1] != "30:n30:0" {
			t.Errorf("%d items from %s to %s", len(got), got[0], got[len(got)-1])
		}
		items := s.client.HLen(t.Context(), inboxKey(slotItems, part, "ann")).Val()
		if b.unread() != event.InboxKept || items != event.InboxKept+1 {
			t.Errorf("%d unread, %d fields", b.unread(), items)
		}
	})
}

func TestAResumeKnowsWhetherItMissedSomething(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		if err := s.BeginInbox(t.Context(), part, era, event.InboxOffsets{Notifications: 4}); err != nil {
			t.Fatal(err)
		}
		b := &inbox{t: t, store: s, at: event.InboxOffsets{Notifications: 4}}
		b.apply(put(10), put(20), put(30))
		for _, c := range []struct {
			seq   int64
			limit int
			want  []string
		}{{10, 10, []string{"20:n20", "30:n30"}}, {3, 1, []string{"10:n10"}}, {math.MaxInt64, 1, nil}} {
			if told, lost := b.after(c.seq, c.limit); !slices.Equal(told, c.want) || lost != 3 {
				t.Errorf("after %d: %v, lost up to %d; the topic no longer had what came before 4", c.seq, told, lost)
			}
		}
		for i := range int64(event.InboxKept) {
			b.apply(put(100 + i)) // cuts off 10, 20 and 30
		}
		b.apply(retract(101, 400)) // does not make it whole again
		if told, lost := b.after(29, 1); !slices.Equal(told, []string{"100:n100"}) || lost != 30 {
			t.Errorf("after 29: %v, lost up to %d", told, lost)
		}
	})
}

func TestAResumeIsToldWhatWasTakenBack(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1), put(2), retract(1, 3), put(4), retract(9, 5)) // 9 was only emailed, or cut off
		for _, c := range []struct {
			seq   int64
			limit int
			want  []string
		}{
			{1, 10, []string{"2:n2", "3:-n1", "4:n4", "5:-n9"}},
			{1, 2, []string{"2:n2", "3:-n1"}},
			{3, 10, []string{"4:n4", "5:-n9"}},
			{5, 10, nil},
		} {
			if told, lost := b.after(c.seq, c.limit); !slices.Equal(told, c.want) || lost != -1 {
				t.Errorf("after %d: %v, want %v; lost up to %d", c.seq, told, c.want, lost)
			}
		}
		b.apply(put(1), retract(1, 3)) // read again from the topic
		if told, _ := b.after(1, 10); !slices.Equal(told, []string{"2:n2", "3:-n1", "4:n4", "5:-n9"}) {
			t.Errorf("read again: %v", told)
		}
		if b.unread() != 2 {
			t.Errorf("%d unread", b.unread())
		}
	})
}

func TestRetractionsThatAreNoLongerKeptAreAGap(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1))
		for i := range int64(event.InboxKept) + 2 {
			b.apply(retract(1000+i, 2000+i))
		}
		told, lost := b.after(1, 1000)
		if len(told) != event.InboxKept || told[0] != "2002:-n1002" || lost != 2001 {
			t.Errorf("%d from %s on, lost up to %d", len(told), told[0], lost)
		}
		if b.unread() != 1 {
			t.Errorf("%d unread; the note of what was cut off counts as none", b.unread())
		}
	})
}

func TestTheLastDecisionAboutAKeyIsKept(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		decide := func(i int, outcome event.Outcome) InboxChange {
			n := event.Notification{Proposal: event.Proposal{ID: "id", Key: fmt.Sprint("k", i), Rule: "r", At: at}, Outcome: outcome, Reason: event.ByBudget, Decided: at}
			return InboxChange{Recipient: "ann", Decision: new(event.DecisionOf(n, int64(i)))}
		}
		b.apply(decide(0, event.Deferred), decide(0, event.Suppressed))
		got, err := s.Decision(t.Context(), part, "ann", "k0")
		want := event.Decision{Key: "k0", ID: "id", Rule: "r", Fired: at, Outcome: event.Suppressed, Reason: event.ByBudget, Decided: at}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		for i := range 320 {
			b.apply(decide(i, event.Sent))
		}
		kept := 0
		for i := range 320 {
			switch _, err := s.Decision(t.Context(), part, "ann", fmt.Sprint("k", i)); {
			case err == nil:
				kept++
			case !errors.Is(err, ErrNoDecision):
				t.Fatal(err)
			case i >= 320-event.InboxKept:
				t.Errorf("k%d is gone", i)
			}
		}
		if kept < event.InboxKept || kept > event.InboxKept+50 {
			t.Errorf("%d kept", kept)
		}
	})
}

func TestPreferencesInForceCanBeRead(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		want := event.Preferences{Recipient: "ann", Language: "de", TimeZone: "Europe/Berlin"}
		read := func() event.Preferences {
			p, err := s.Preferences(t.Context(), part, "ann")
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		b.apply(InboxChange{Recipient: "ann", Preferences: &want})
		if diff := cmp.Diff(want, read()); diff != "" {
			t.Error(diff)
		}
		b.apply(InboxChange{Recipient: "ann", Erase: true})
		if diff := cmp.Diff(event.Preferences{Recipient: "ann"}, read()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALostInboxIsNotAnEmptyOne(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(1))
		flushAll(t, s)
		_, err1 := s.Inbox(t.Context(), part, "ann", 0, 10)
		_, err2 := s.After(t.Context(), part, "ann", 0, 10)
		_, err3 := s.Unread(t.Context(), part, "ann")
		_, err4 := s.Decision(t.Context(), part, "ann", "k")
		_, err5 := s.Preferences(t.Context(), part, "ann")
		for i, err := range []error{err1, err2, err3, err4, err5} {
			if !errors.Is(err, ErrRebuilding) {
				t.Errorf("read %d: %v", i, err)
			}
		}
		if applied, err := s.ApplyInbox(t.Context(), InboxBatch{Partition: part, Incarnation: era, From: b.at, To: b.at}); applied || err != nil {
			t.Errorf("applied %t, %v", applied, err)
		}
	})
}

func TestAnInboxOfFormerTopicsGoes(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		b := begun(t, s)
		b.apply(put(7), retract(3, 8), InboxChange{Recipient: "ann", Preferences: &event.Preferences{Recipient: "ann", Language: "de"}}, marked(9, event.Read))
		if err := s.BeginInbox(t.Context(), part, "topics-2", event.InboxOffsets{}); err != nil {
			t.Fatal(err)
		}
		b.want()
		if left := s.client.Keys(t.Context(), "*:ann").Val(); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if at, ok, err := s.InboxPositions(t.Context(), part, "topics-2"); at != (event.InboxOffsets{}) || !ok || err != nil {
			t.Errorf("positions %+v, %t, %v", at, ok, err)
		}
	})
}

func TestAFullInboxKeepsTheCompactEncoding(t *testing.T) {
	s := open(t, Config{Addrs: []string{realRedis(t)}})
	b := begun(t, s)
	for i := range int64(event.InboxKept + 20) {
		b.apply(put(1_000_000_000 + i))
	}
	key := inboxKey(slotInbox, part, "ann")
	if got := s.client.ObjectEncoding(t.Context(), key).Val(); got != "listpack" {
		t.Errorf("encoding %s", got)
	}
	t.Logf("%.1f bytes an item in the sorted set", float64(s.client.MemoryUsage(t.Context(), key).Val())/event.InboxKept)
}

func TestTheKeysOfAnInboxLiveInOneSlot(t *testing.T) {
	call := inboxCall{partition: 7, keys: []string{inboxFenceKey(7)}, recipients: map[string]int{}}
	call.change(InboxChange{Recipient: "{x}", Erase: true})
	if want := []string{"inbox-fence:{p007}", "inbox:{p007}:{x}", "items:{p007}:{x}", "decisions:{p007}:{x}", "prefs:{p007}:{x}", "early:{p007}:{x}", "retracted:{p007}:{x}"}; !slices.Equal(call.keys, want) {
		t.Errorf("keys %v", call.keys)
	}
}
