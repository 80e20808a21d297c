package delivery

import (
	"context"
	"slices"
	"time"

	"tideline/engine/event"
)

// plan is what a run of notifications leads to; nothing of it is true before
// the journal has it.
type plan struct {
	entries   []Entry
	fresh     []Delivery
	lanes     []*lane         // of fresh
	keys      map[string]bool // of fresh
	retracted []*item
	outcomes  []count
}

type count struct {
	channel  event.Channel
	endpoint string
	outcome  Outcome
}

// Accept takes notifications of one partition, in order. When it returns nil
// they count as read; after an error the same are to be given again. Those that
// were given before change nothing.
func (q *Queue) Accept(ctx context.Context, partition int32, notifications []event.Notification) error {
	q.mu.Lock()
	s := q.shards[partition]
	if s == nil {
		q.mu.Unlock()
		return nil // the partition went while the records were on their way; its owner gets them
	}
	p := q.plan(s, notifications, time.Now())
	q.mu.Unlock()
	if len(p.entries) > 0 {
		if err := q.journal.Write(ctx, partition, p.entries...); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range p.outcomes {
		q.metrics.count(c.channel, c.endpoint, c.outcome)
	}
	if s.released {
		return nil
	}
	for n, d := range p.fresh {
		if d.State == GivenUp {
			s.recent.add(d.Key())
			continue
		}
		q.add(s, p.lanes[n], d)
	}
	for _, i := range p.retracted {
		if i.ended = true; i.index >= 0 {
			i.lane.remove(i)
			q.forget(i)
		}
	}
	return nil
}

// plan looks at notifications in order. The lock is held.
func (q *Queue) plan(s *shard, notifications []event.Notification, now time.Time) (p plan) {
	load := map[*lane]int{}
	p.keys = map[string]bool{}
	for _, n := range notifications {
		switch n.Outcome {
		case event.Sent:
			for _, l := range q.lanes {
				if l.wants(n) {
					q.send(&p, s, l, n, now, load)
				}
			}
			q.nobody(&p, n)
		case event.Retracted:
			for _, l := range q.lanes {
				p.retract(s, l, n.ID)
			}
		}
	}
	return p
}

// send plans one delivery.
func (q *Queue) send(p *plan, s *shard, l *lane, n event.Notification, now time.Time, load map[*lane]int) {
	d := Delivery{ID: n.ID, Channel: l.Channel, Endpoint: l.Endpoint, State: Pending, Due: now.UTC(), Notification: &n}
	k := d.Key()
	if s.has(k) || p.keys[k] {
		return
	}
	if now.Sub(n.Decided) > q.config.MaxAge {
		// No record: a group that begins at the start of the topic would write
		// one for each of a month's notifications.
		p.outcomes = append(p.outcomes, count{l.Channel, l.Endpoint, Expired})
		return
	}
	if len(l.waiting)+load[l] >= q.config.MaxPerTarget {
		d = d.giveUp(Overflow, "too many deliveries wait for this target")
		p.outcomes = append(p.outcomes, count{l.Channel, l.Endpoint, Overflow})
	} else {
		load[l]++
	}
	p.fresh, p.lanes = append(p.fresh, d), append(p.lanes, l)
	p.entries, p.keys[k] = append(p.entries, Entry{k, d.Encode()}), true
}

// nobody counts notifications for a channel that this process cannot serve.
func (q *Queue) nobody(p *plan, n event.Notification) {
	for _, c := range n.Channels {
		if c != event.InApp && !slices.ContainsFunc(q.lanes, func(l *lane) bool { return l.Channel == c }) {
			p.outcomes = append(p.outcomes, count{c, "", Removed})
		}
	}
}

// retract takes back what waits: what was sent stays sent.
func (p *plan) retract(s *shard, l *lane, id string) {
	k := key(id, l.Channel, l.Endpoint)
	for n, d := range p.fresh {
		if p.keys[k] && d.State == Pending && d.Key() == k {
			p.fresh, p.lanes = slices.Delete(p.fresh, n, n+1), slices.Delete(p.lanes, n, n+1)
			p.entries = slices.DeleteFunc(p.entries, func(e Entry) bool { return e.Key == k })
			p.outcomes = append(p.outcomes, count{l.Channel, l.Endpoint, Retracted})
			return
		}
	}
	i := s.items[k]
	if i == nil || i.ended {
		return
	}
	p.retracted, p.entries = append(p.retracted, i), append(p.entries, Entry{Key: k})
	if i.index >= 0 { // else the attempt under way counts
		p.outcomes = append(p.outcomes, count{l.Channel, l.Endpoint, Retracted})
	}
}
