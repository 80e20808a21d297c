package command

import (
	"embed"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tideline/engine/event"
	"tideline/feeds"
	"tideline/rulesets/templates"
	"tideline/streams"
)

func TestRecordsBecomeAnInbox(t *testing.T) {
	store := feeds.New(feeds.Config{Addrs: []string{miniredis.RunT(t).Addr()}}, nil, slog.New(slog.DiscardHandler))
	defer store.Close()
	texts, err := templates.Load(embed.FS{}) // the shipped ones
	if err != nil {
		t.Fatal(err)
	}
	s := inboxStore{store, texts}
	ctx := t.Context()
	if err := s.Begin(ctx, 1, "era", event.InboxOffsets{}); err != nil {
		t.Fatal(err)
	}
	notification := func(id string, outcome event.Outcome, channels ...event.Channel) *event.Notification {
		return &event.Notification{
			Proposal: event.Proposal{ID: id, Key: "key-" + id, Rule: "r", Recipient: "ann"}, Outcome: outcome, Channels: channels,
			Items: []event.Item{{ID: "part", Subject: event.Subject{Opportunity: "o"}}}, Decided: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		}
	}
	erased := func(who string, outcome event.Outcome, reason event.Reason) *event.Notification {
		n := notification("of "+who, outcome, event.InApp)
		n.Recipient, n.Reason = who, reason
		return n
	}
	applied, err := s.Apply(ctx, streams.InboxBatch{Partition: 1, Incarnation: "era", To: event.InboxOffsets{Notifications: 9}, Records: []streams.InboxRecord{
		{Offset: 1, Notification: notification("shown", event.Sent, event.InApp, event.Email)},
		{Offset: 2, Notification: notification("emailed", event.Sent, event.Email)},
		{Offset: 3, Notification: notification("dropped", event.Suppressed)},
		{Offset: 4, Notification: notification("untrue", event.Sent, event.InApp)},
		{Offset: 5, Notification: notification("untrue", event.Retracted)},
		{Offset: 1, Mark: &event.Mark{Recipient: "ann", ID: "shown", Flags: event.Read}},
		{Offset: 1, Preferences: &event.Preferences{Recipient: "ann", Language: "de"}},
		{Offset: 2, Erased: "bob"},
		{Offset: 6, Notification: erased("zoe", event.Sent, "")},
		{Offset: 7, Notification: erased("zoe", event.Retracted, event.ByErasure)},
	}})
	if err != nil || !applied {
		t.Fatal(applied, err)
	}
	items, err := store.Inbox(ctx, 1, "ann", 0, 10)
	if err != nil || len(items) != 1 || items[0].ID != "shown" || items[0].Seq != 1 || items[0].Flags != event.Read || len(items[0].Items) != 1 {
		t.Errorf("inbox %+v, %v", items, err)
	}
	since, err := store.After(ctx, 1, "ann", 1, 10)
	if err != nil || len(since.Changes) != 1 || since.Changes[0] != (event.InboxChange{Seq: 5, Retract: "untrue"}) {
		t.Errorf("since the first: %+v, %v", since, err)
	}
	for id, want := range map[string]event.Outcome{"shown": event.Sent, "dropped": event.Suppressed, "untrue": event.Retracted} {
		if d, err := store.Decision(ctx, 1, "ann", "key-"+id); err != nil || d.Outcome != want {
			t.Errorf("decision about %s: %+v, %v", id, d, err)
		}
	}
	if items, err := store.Inbox(ctx, 1, "zoe", 0, 10); err != nil || len(items) > 0 {
		t.Errorf("the inbox of who was erased: %+v, %v", items, err)
	}
	if d, err := store.Decision(ctx, 1, "zoe", "key-of zoe"); !errors.Is(err, feeds.ErrNoDecision) {
		t.Errorf("a decision about who was erased: %+v, %v", d, err)
	}
	if p, err := store.Preferences(ctx, 1, "ann"); err != nil || p.Language != "de" {
		t.Errorf("preferences %+v, %v", p, err)
	}
}
