package feeds

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Inbox gives the newest items older than a sequence, or the newest at all
// before 0, newest first. The errors are ErrRebuilding and ErrUnavailable.
func (s *Store) Inbox(ctx context.Context, partition int32, recipient string, before int64, limit int) ([]event.InboxItem, error) {
	high := "+inf"
	if before > 0 {
		high = "(" + strconv.FormatInt(before, 10)
	}
	keys := []string{inboxFenceKey(partition), inboxKey(slotInbox, partition, recipient), inboxKey(slotItems, partition, recipient)}
	reply, err := pageScript.Run(ctx, s.client, keys, high, limit).StringSlice()
	if err != nil {
		return nil, unavailable("read an inbox", err)
	}
	if reply[0] == "" {
		return nil, fmt.Errorf("%w: the inbox of %q", ErrRebuilding, recipient)
	}
	var items []event.InboxItem
	for rest := reply[1:]; len(rest) >= 2; rest = rest[2:] {
		item, err := readItem(rest[0], rest[1])
		if err != nil {
			return nil, fmt.Errorf("the inbox of %q: %w", recipient, err)
		}
		items = append(items, item)
	}
	return items, nil
}

func readItem(seq, stored string) (event.InboxItem, error) {
	at, err := strconv.ParseInt(seq, 10, 64)
	if err != nil {
		return event.InboxItem{}, fmt.Errorf("sequence: %w", err)
	}
	flags, err := strconv.ParseUint(stored[:min(1, len(stored))], 16, 8)
	if err != nil {
		return event.InboxItem{}, fmt.Errorf("flags of item %d: %w", at, err)
	}
	item, err := event.DecodeInboxItem([]byte(stored[1:]))
	if err != nil {
		return event.InboxItem{}, fmt.Errorf("decode item %d: %w", at, err)
	}
	item.Seq, item.Flags = at, event.MarkFlags(flags)
	return item, nil
}

// Unread counts the items that are neither read nor archived. Errors as Inbox.
func (s *Store) Unread(ctx context.Context, partition int32, recipient string) (int, error) {
	n, err := unreadScript.Run(ctx, s.client, []string{inboxFenceKey(partition), inboxKey(slotItems, partition, recipient)}).Int()
	if err != nil {
		return 0, unavailable("count an inbox", err)
	}
	if n < 0 {
		return 0, fmt.Errorf("%w: the inbox of %q", ErrRebuilding, recipient)
	}
	return n, nil
}

// Mark adds flags to an item that is there, or to all up to a sequence, at once.
// It is no record of it: the mark must be published too, and comes once more
// from there. The errors are ErrNoItem and ErrUnavailable.
func (s *Store) Mark(ctx context.Context, partition int32, m event.Mark) error {
	member := ""
	if !m.All {
		member = memberText(m.ID)
	}
	keys := []string{inboxKey(slotInbox, partition, m.Recipient), inboxKey(slotItems, partition, m.Recipient)}
	found, err := markScript.Run(ctx, s.client, keys, member, m.UpTo, int(m.Flags)).Bool()
	if err != nil {
		return unavailable("mark an item", err)
	}
	if !found {
		return fmt.Errorf("%w: %q", ErrNoItem, m.ID)
	}
	return nil
}

// Decision gives the last decision about a key of a recipient. The errors are
// ErrNoDecision, ErrRebuilding and ErrUnavailable.
func (s *Store) Decision(ctx context.Context, partition int32, recipient, key string) (event.Decision, error) {
	var stored *redis.StringCmd
	err := s.fenced(ctx, partition, func(p redis.Pipeliner) {
		stored = p.HGet(ctx, inboxKey(slotDecisions, partition, recipient), key)
	})
	if errors.Is(err, redis.Nil) {
		return event.Decision{}, fmt.Errorf("%w: %q", ErrNoDecision, key)
	}
	if err != nil {
		return event.Decision{}, err
	}
	seq, data, _ := strings.Cut(stored.Val(), " ")
	d, err := event.DecodeDecision([]byte(data))
	if err == nil {
		d.Seq, err = strconv.ParseInt(seq, 10, 64)
	}
	if err != nil {
		return event.Decision{}, fmt.Errorf("decode a decision of %q: %w", recipient, err)
	}
	return d, nil
}

// Preferences gives what a recipient wants, the zero value under their name when they never
// said. The errors are ErrRebuilding and ErrUnavailable.
func (s *Store) Preferences(ctx context.Context, partition int32, recipient string) (event.Preferences, error) {
	var stored *redis.StringCmd
	err := s.fenced(ctx, partition, func(p redis.Pipeliner) {
		stored = p.Get(ctx, inboxKey(slotPreferences, partition, recipient))
	})
	if errors.Is(err, redis.Nil) {
		return event.Preferences{Recipient: recipient}, nil
	}
	if err != nil {
		return event.Preferences{}, err
	}
	return event.DecodePreferences([]byte(stored.Val()))
}

// fenced reads something and, in the same round trip, whether the inboxes of the
// partition are there. The error is redis.Nil when they are and the thing is not.
func (s *Store) fenced(ctx context.Context, partition int32, read func(redis.Pipeliner)) error {
	var there *redis.BoolCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		there = p.HExists(ctx, inboxFenceKey(partition), "notifications")
		read(p)
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return unavailable("read an inbox", err)
	case !there.Val():
		return fmt.Errorf("%w: the inboxes of partition %d", ErrRebuilding, partition)
	}
	return err
}
