package feeds

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tideline/engine/event"
)

// Since is what happened in an inbox after a point in time.
type Since struct {
	Changes []event.InboxChange // oldest first
	Lost    int64               // what came up to this sequence may be incomplete; -1: nothing is
	Next    int64               // the inbox shows what all notifications below this offset led to
}

// After gives what came and what was taken back after a sequence, oldest first,
// at most limit of both together, for somebody who has seen everything up to that
// sequence; -1: nothing yet. Where Lost is higher than that sequence, something
// between the two is no longer kept. Errors as Inbox.
//
// What comes after Next is on its way: a stream that goes on from here has to
// begin no later than at that offset.
func (s *Store) After(ctx context.Context, partition int32, recipient string, seq int64, limit int) (Since, error) {
	keys := []string{inboxFenceKey(partition)}
	for _, slot := range []int{slotInbox, slotItems, slotRetracted} {
		keys = append(keys, inboxKey(slot, partition, recipient))
	}
	reply, err := sinceScript.Run(ctx, s.client, keys, "("+strconv.FormatInt(seq, 10), limit).StringSlice()
	if err != nil {
		return Since{}, unavailable("read an inbox", err)
	}
	if reply[0] == "" {
		return Since{}, fmt.Errorf("%w: the inbox of %q", ErrRebuilding, recipient)
	}
	since, err := readSince(reply)
	if err != nil {
		return Since{}, fmt.Errorf("the inbox of %q: %w", recipient, err)
	}
	since.Changes = since.Changes[:min(limit, len(since.Changes))]
	return since, nil
}

// readSince reads an answer of sinceScript.
func readSince(reply []string) (Since, error) {
	var first, items, retractions, count int64
	since := Since{}
	for i, into := range []*int64{&since.Next, &first, &items, &retractions, &count} {
		text := strings.TrimLeft(reply[i], "tr")
		if text == "" {
			*into = -1
			continue
		}
		var err error
		if *into, err = strconv.ParseInt(text, 10, 64); err != nil {
			return Since{}, err
		}
	}
	since.Lost = max(items, retractions, first-1, -1)
	for rest := reply[5:]; len(rest) >= 2; rest = rest[2:] {
		change := event.InboxChange{Retract: rest[1]}
		var err error
		if count--; count >= 0 {
			change.Retract, change.Item = "", new(event.InboxItem)
			*change.Item, err = readItem(rest[0], rest[1])
		}
		if err != nil {
			return Since{}, err
		}
		if change.Seq, err = strconv.ParseInt(rest[0], 10, 64); err != nil {
			return Since{}, fmt.Errorf("sequence: %w", err)
		}
		since.Changes = append(since.Changes, change)
	}
	slices.SortFunc(since.Changes, func(a, b event.InboxChange) int { return cmp.Compare(a.Seq, b.Seq) })
	return since, nil
}
