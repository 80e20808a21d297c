package delivery

import (
	"context"
	"errors"
	"time"

	"tideline/streams/breaker"
)

// verdict says what follows from an attempt: the delivery as it is to be kept,
// and how it ended. After Delivered and Retracted nothing is kept.
func (q *Queue) verdict(d Delivery, failed error, now time.Time) (Delivery, Outcome) {
	if failed == nil {
		return d, Delivered
	}
	d.Attempt++
	d.Error = clip(failed.Error())
	f := failure(failed)
	if f.Final || f.Gone {
		return d.giveUp(Refused, ""), Refused
	}
	wait, again := pause(q.config.Schedule, d.Key(), d.Attempt, f.After)
	if !again {
		return d.giveUp(Exhausted, ""), Exhausted
	}
	d.Due = now.Add(wait).UTC()
	return d, Retried
}

func failure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Err: err, Away: true}
}

// attempt makes one attempt and writes down what came of it. The item is out of
// its lane meanwhile.
func (q *Queue) attempt(ctx context.Context, i *item) {
	defer q.landed(i)
	start := time.Now()
	q.mu.Lock()
	ended, released, gone := i.ended, i.shard.released, i.lane.gone
	old := start.Sub(i.Notification.Decided) > q.config.MaxAge
	if ended || released || gone || old {
		i.lane.breaker.Undecided()
	}
	q.mu.Unlock()
	var next Delivery
	var outcome Outcome
	switch {
	case released:
		return
	case ended:
		next, outcome = i.Delivery, Retracted
	case old:
		next, outcome = i.giveUp(Expired, ""), Expired
	case gone:
		next, outcome = i.giveUp(Refused, "the endpoint asked for nothing more"), Refused
	default:
		sending, cancel := context.WithTimeout(ctx, q.config.Timeout)
		err := i.lane.Sender.Send(sending, *i.Notification)
		cancel()
		if err != nil && ctx.Err() != nil {
			return // broken off by the stop: it stays in the topic as it was
		}
		q.metrics.attempted(i.lane, time.Since(start))
		next, outcome = q.verdict(i.Delivery, err, time.Now())
		q.learn(i.lane, err)
	}
	q.settle(ctx, i, next, outcome)
}

// learn tells a lane how an attempt ended.
func (q *Queue) learn(l *lane, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if err == nil {
		l.breaker.Success()
		return
	}
	f := failure(err)
	if f.After > 0 {
		l.paused = now.Add(min(f.After, longestAfter))
	}
	if f.Gone && !l.gone {
		l.gone = true
		q.log.Error("an endpoint asked for nothing more and is left alone until the file of endpoints changes or this process starts again",
			"channel", l.Channel, "endpoint", l.Endpoint)
	}
	before := l.breaker.State(now)
	if f.Away {
		l.breaker.Failure(now)
	} else {
		l.breaker.Success()
	}
	if after := l.breaker.State(now); after == breaker.Open && before == breaker.Closed {
		q.log.Warn("a destination is away; it is left alone for a while", "channel", l.Channel, "endpoint", l.Endpoint, "error", err)
	}
}

// settle writes an outcome down, then acts on it.
func (q *Queue) settle(ctx context.Context, i *item, next Delivery, outcome Outcome) {
	q.mu.Lock()
	if i.ended && outcome == Retried {
		outcome = Retracted
	}
	q.mu.Unlock()
	entry := Entry{Key: i.key}
	if outcome != Delivered && outcome != Retracted {
		entry.Value = next.Encode()
	}
	if !q.write(ctx, i, entry) {
		return
	}
	q.metrics.ended(i, outcome)
	if outcome != Delivered && outcome != Retried && outcome != Retracted {
		q.log.Warn("a notification could not be delivered", "id", i.ID, "channel", i.Channel, "endpoint", i.Endpoint,
			"outcome", outcome, "attempts", next.Attempt, "error", next.Error)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if outcome != Retried {
		q.forget(i)
		return
	}
	i.Delivery = next
	if i.ended { // meanwhile: what was just written must be ended too
		i.Due = time.Now()
	}
	if !i.shard.released {
		i.lane.add(i)
	}
}

// write keeps trying: what is not written down is done again by the next owner.
// It reports false when the queue stopped first.
func (q *Queue) write(ctx context.Context, i *item, entry Entry) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := q.journal.Write(ctx, i.shard.partition, entry)
		if err == nil {
			return true
		}
		q.log.Warn("the outcome of a delivery could not be written; tried again", "id", i.ID, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// landed takes note that an item is no longer under way.
func (q *Queue) landed(i *item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i.lane.busy--
	i.shard.flying--
	i.shard.settle()
	i.lane.poke()
}
