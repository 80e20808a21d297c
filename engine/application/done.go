package application

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"tideline/engine/event"
)

// Done is what one item of the log says to the audit: who did what, and when it
// was recorded. What was said or noted is not in it.
type Done struct {
	ID          string // the same for the same item, and of no other
	Actor       Actor
	Action      string
	Student     string
	Application string
	Opportunity string
	At          time.Time
}

// Unnoted gives what the audit has not been told yet: it is told with the topics.
func (r *Record) Unnoted() []Done {
	var list []Done
	for _, i := range r.Log {
		if i.N > r.Published {
			list = append(list, Done{
				ID: i.note(r.ID), Actor: i.Actor, Action: i.action(), Student: r.Student, Application: r.ID, Opportunity: r.Opportunity, At: i.RecordedAt,
			})
		}
	}
	return list
}

// note names an item. Who comes back after an erasure applies under the same
// id again, so the time is in it.
func (i Item) note(application string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %d", application, i.N, i.EventID, i.RecordedAt.Unix()))
	return hex.EncodeToString(sum[:16])
}

func (i Item) action() string {
	switch {
	case i.Change != nil && i.Change.Kind == event.Erased:
		return "erased application"
	case i.Change != nil && i.Change.From == "":
		return "applied"
	case i.Change != nil:
		return fmt.Sprintf("%s: from %s to %s", i.Change.Kind, i.Change.From, i.Change.To)
	case i.Feedback != nil:
		return "gave feedback: " + string(i.Feedback.Kind)
	case i.Read > 0:
		return "read messages"
	case i.Message != nil:
		return "wrote message"
	}
	return "interview " + i.Interview.State
}
