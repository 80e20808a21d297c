package feeds

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Errors of the inbox; see also ErrRebuilding and ErrUnavailable.
var (
	ErrNoItem     = errors.New("no such item in the inbox")
	ErrNoDecision = errors.New("nothing was decided about that, or too long ago")
)

// InboxBatch is a run of records of one partition's notifications, inbox-marks
// and preferences, and what follows from them in the inboxes, in order.
type InboxBatch struct {
	Partition   int32
	Incarnation string             // of the topics
	From, To    event.InboxOffsets // the next offsets before and after
	Changes     []InboxChange
}

// InboxChange is one of its fields.
type InboxChange struct {
	Recipient   string
	Put         *event.InboxItem   // the flags of an item that is there stay
	Retract     *event.InboxChange // the item that goes, and when
	Decision    *event.Decision
	Mark        *event.Mark
	Preferences *event.Preferences
	Erase       bool // the preferences go
	Forget      bool // everything else goes: the recipient was erased
}

// The keys of one recipient, in the order in which the script has them.
const (
	slotInbox = iota
	slotItems
	slotDecisions
	slotPreferences
	slotEarly
	slotRetracted
	slots
)

var inboxPrefixes = [slots]string{"inbox:", "items:", "decisions:", "prefs:", "early:", "retracted:"}

func inboxKey(slot int, partition int32, recipient string) string {
	return inboxPrefixes[slot] + tag(partition) + ":" + recipient
}

func inboxFenceKey(partition int32) string { return "inbox-fence:" + tag(partition) }

// InboxPositions gives how far the inboxes of a partition have come. It is false
// when nothing is known, or only of another incarnation of the topics.
func (s *Store) InboxPositions(ctx context.Context, partition int32, incarnation string) (event.InboxOffsets, bool, error) {
	values, err := s.writer.HMGet(ctx, inboxFenceKey(partition), "incarnation", "notifications", "marks", "preferences").Result()
	if err != nil {
		return event.InboxOffsets{}, false, unavailable("read the inbox fence", err)
	}
	if known, _ := values[0].(string); known == "" || known != incarnation {
		return event.InboxOffsets{}, false, nil
	}
	var at event.InboxOffsets
	for i, into := range []*int64{&at.Notifications, &at.Marks, &at.Preferences} {
		text, _ := values[i+1].(string)
		if *into, err = strconv.ParseInt(text, 10, 64); err != nil {
			return event.InboxOffsets{}, false, fmt.Errorf("%s holds %q: %w", inboxFenceKey(partition), text, err)
		}
	}
	return at, true, nil
}

// beginScript: KEYS fence; ARGV incarnation, next offsets. Whoever comes second finds it done.
var beginScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'incarnation') == ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'incarnation', ARGV[1], 'notifications', ARGV[2], 'marks', ARGV[3], 'preferences', ARGV[4], 'first', ARGV[2])
return 1
`)

// BeginInbox begins to fill the inboxes of a partition from the given offsets
// on, which are the first that the topics still have. What was made of another
// incarnation of the topics goes; what was made of this one stays, since reading
// its records again changes nothing.
func (s *Store) BeginInbox(ctx context.Context, partition int32, incarnation string, at event.InboxOffsets) error {
	old, err := s.writer.HGet(ctx, inboxFenceKey(partition), "incarnation").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return unavailable("read the inbox fence", err)
	}
	if old != "" && old != incarnation {
		if err := s.clearInbox(ctx, partition); err != nil {
			return unavailable("forget the inboxes of former topics", err)
		}
	}
	err = beginScript.Run(ctx, s.writer, []string{inboxFenceKey(partition)}, incarnation, at.Notifications, at.Marks, at.Preferences).Err()
	return unavailable("begin an inbox", err)
}

// clearInbox removes every inbox of a partition. The fence goes first, so that
// nobody writes meanwhile.
func (s *Store) clearInbox(ctx context.Context, partition int32) error {
	if err := s.writer.Del(ctx, inboxFenceKey(partition)).Err(); err != nil {
		return err
	}
	if cluster, ok := s.writer.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return clearNode(ctx, c, partition) })
	}
	return clearNode(ctx, s.writer, partition)
}

func clearNode(ctx context.Context, c redis.Cmdable, partition int32) error {
	for slot := range slots {
		found := c.Scan(ctx, 0, inboxKey(slot, partition, "*"), 1000).Iterator()
		for found.Next(ctx) {
			if err := c.Del(ctx, found.Val()).Err(); err != nil {
				return err
			}
		}
		if err := found.Err(); err != nil {
			return err
		}
	}
	return nil
}

// ApplyInbox carries out a batch and moves the offsets, in one step. It is
// false, and nothing has changed, when the inboxes do not stand at the offsets
// that the batch begins at: somebody else has written, the batch was applied
// before, or Redis lost data.
func (s *Store) ApplyInbox(ctx context.Context, b InboxBatch) (bool, error) {
	call := inboxCall{partition: b.Partition, keys: []string{inboxFenceKey(b.Partition)}, recipients: map[string]int{}}
	call.add(b.Incarnation, b.From.Notifications, b.From.Marks, b.From.Preferences, b.To.Notifications, b.To.Marks, b.To.Preferences)
	for _, c := range b.Changes {
		call.change(c)
	}
	applied, err := inboxScript.Run(ctx, s.writer, call.keys, call.args...).Bool()
	if err != nil {
		return false, unavailable(fmt.Sprintf("apply an inbox batch of partition %d", b.Partition), err)
	}
	return applied, nil
}

// inboxCall collects the keys and arguments of one script call.
type inboxCall struct {
	partition  int32
	keys       []string
	args       []any
	recipients map[string]int // index of their keys
}

func (c *inboxCall) add(args ...any) { c.args = append(c.args, args...) }

// at is where a recipient's keys begin.
func (c *inboxCall) at(recipient string) int {
	index, known := c.recipients[recipient]
	if !known {
		index = len(c.keys) + 1 // Lua counts from 1
		c.recipients[recipient] = index
		for slot := range slots {
			c.keys = append(c.keys, inboxKey(slot, c.partition, recipient))
		}
	}
	return index
}

func (c *inboxCall) change(x InboxChange) {
	at := c.at(x.Recipient)
	switch {
	case x.Put != nil:
		c.add("I", at, memberText(x.Put.ID), x.Put.Seq, x.Put.Encode())
	case x.Retract != nil:
		c.add("R", at, memberText(x.Retract.Retract), x.Retract.Seq, x.Retract.Retract)
	case x.Decision != nil:
		c.add("D", at, x.Decision.Key, strconv.FormatInt(x.Decision.Seq, 10)+" "+string(x.Decision.Encode()))
	case x.Mark != nil && x.Mark.All:
		c.add("A", at, x.Mark.UpTo, int(x.Mark.Flags))
	case x.Mark != nil:
		c.add("M", at, memberText(x.Mark.ID), int(x.Mark.Flags))
	case x.Preferences != nil:
		c.add("P", at, x.Preferences.Encode())
	case x.Erase:
		c.add("E", at)
	case x.Forget:
		c.add("F", at)
	}
}

func memberText(id string) string { return strconv.FormatUint(uint64(event.MemberOf(id)), 10) }
