package notify

import (
	"time"

	"tideline/engine/event"
)

// withdraw takes back a firing that is no longer true: what waits is dropped,
// what was sent is retracted.
func (d *Desk) withdraw(r *recipient, p event.Proposal, now time.Time, out *Out) {
	if n, waits := r.deferred[p.ID]; waits {
		delete(r.deferred, p.ID)
		out.fact(deferredKey(p.Recipient, p.ID), nil)
		n.Decided = now
		d.drop(r, n, event.ByWithdrawal, out)
		return
	}
	if d.leave(r, p, now, out) {
		return
	}
	made, known := r.decided[p.ID]
	if !known || made.Outcome != event.Sent {
		return
	}
	made.Outcome = event.Retracted
	d.decide(r, p.Recipient, p.ID, made, out)
	p.Withdraw = false
	retracted := event.Notification{Proposal: p, Outcome: event.Retracted, Reason: event.ByWithdrawal, Decided: now}
	out.Notifications = append(out.Notifications, retracted)
	if made.Part == "" {
		return
	}
	whole := r.decided[made.Part] // of which this was an item
	if whole.Alive--; whole.Alive <= 0 {
		whole.Outcome = event.Retracted
		retracted.ID = made.Part
		out.Notifications = append(out.Notifications, retracted)
	}
	d.decide(r, p.Recipient, made.Part, whole, out)
}
