package feeds

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// swapScript changes an item only if it still is what was read: a mark may have
// come since. KEYS inbox, items; ARGV member, old, new (empty: it goes).
var swapScript = redis.NewScript(`
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
else
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 1
`)

// ForgetInbox removes what a recipient was told before a time, and why; nothing
// is left of who was told nothing since. Their preferences go by the topic.
func (s *Store) ForgetInbox(ctx context.Context, partition int32, recipient string, before time.Time) (int, error) {
	gone, err := s.changeItems(ctx, partition, recipient, func(i event.InboxItem) (event.InboxItem, bool) { return i, !i.At.Before(before) })
	if err != nil {
		return gone, err
	}
	decisions, err := s.writer.HGetAll(ctx, inboxKey(slotDecisions, partition, recipient)).Result()
	if err != nil {
		return gone, unavailable("read the decisions about a recipient", err)
	}
	for key, stored := range decisions {
		_, value, _ := strings.Cut(stored, " ")
		if d, err := event.DecodeDecision([]byte(value)); err == nil && !d.Decided.Before(before) {
			continue
		}
		if err := s.writer.HDel(ctx, inboxKey(slotDecisions, partition, recipient), key).Err(); err != nil {
			return gone, unavailable("forget a decision", err)
		}
		gone++
	}
	left, err := s.writer.ZCard(ctx, inboxKey(slotInbox, partition, recipient)).Result()
	if err != nil || left > 0 {
		return gone, unavailable("count what a recipient was told since", err)
	}
	err = s.writer.Del(ctx, inboxKey(slotItems, partition, recipient), inboxKey(slotEarly, partition, recipient),
		inboxKey(slotRetracted, partition, recipient)).Err()
	return gone, unavailable("forget an inbox", err)
}

// ForgetInInbox takes a student out of what a recipient was told about them and
// others. Items of the student alone leave by the topic.
func (s *Store) ForgetInInbox(ctx context.Context, partition int32, recipient, student string) (int, error) {
	changed := 0
	_, err := s.changeItems(ctx, partition, recipient, func(i event.InboxItem) (event.InboxItem, bool) {
		if i.Subject.Student == student {
			i.Subject = event.Subject{Opportunity: i.Subject.Opportunity, Organisation: i.Subject.Organisation}
			changed++
		}
		for n, subject := range i.Items {
			if subject.Student == student {
				i.Items[n] = event.Subject{Opportunity: subject.Opportunity}
				changed++
			}
		}
		if strings.Contains(i.Title+"\x00"+i.Body, student) {
			i.Body = ""
			i.Title = strings.ReplaceAll(i.Title, student, "…")
			changed++
		}
		return i, true
	})
	return changed, err
}

// changeItems lets change rewrite each item of an inbox, or drop it; it gives
// how many were dropped.
func (s *Store) changeItems(ctx context.Context, partition int32, recipient string, change func(event.InboxItem) (next event.InboxItem, keep bool)) (int, error) {
	keys := []string{inboxKey(slotInbox, partition, recipient), inboxKey(slotItems, partition, recipient)}
	stored, err := s.writer.HGetAll(ctx, keys[1]).Result()
	if err != nil {
		return 0, unavailable("read an inbox", err)
	}
	gone := 0
	for member, old := range stored {
		if _, err := strconv.ParseUint(member, 10, 64); err != nil || old == "" { // what was cut off
			continue
		}
		item, err := event.DecodeInboxItem([]byte(old[1:]))
		if err != nil {
			return gone, fmt.Errorf("decode item %s of an inbox: %w", member, err)
		}
		next, keep := change(item)
		text := ""
		if keep {
			text = old[:1] + string(next.Encode())
		} else {
			gone++
		}
		if text == old {
			continue
		}
		swapped, err := swapScript.Run(ctx, s.writer, keys, member, old, text).Bool()
		if err != nil {
			return gone, unavailable("change an item of an inbox", err)
		}
		if !swapped { // it was marked meanwhile
			return s.changeItems(ctx, partition, recipient, change)
		}
	}
	return gone, nil
}
