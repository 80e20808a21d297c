//go:build !noembed

package command

import (
	"fmt"
	"strconv"

	"tideline/bench/oracle"
)

// What became of a request, by what its client was told.
type fate string

const (
	wasAccepted fate = "accepted" // it must be there, once
	wasRefused  fate = "refused"  // it must not be there
	mayBe       fate = "unknown"  // nobody answered, or nobody was asked: once or not at all
)

// claim is what a client knows of one request.
type claim struct {
	kind  string // step, feedback, message or interview
	token string // stands in what it leaves behind, and nowhere else; empty: it leaves nothing of its own
	place int    // seq of a step, n of another item, as it was told; 0: it was not
	to    string // of a step; empty: wherever a correction leads
	role  string
	fate  fate
}

// claimed notes what a client was told of a request that would leave this behind.
func (c *campaign) claimed(application string, k claim, a answer) answer {
	switch {
	case a.status == 0:
		k.fate = mayBe
	case a.status/100 == 2:
		k.fate = wasAccepted
		told := a.told()
		if k.place = told.Seq; k.kind != "step" {
			k.place = told.N
		}
	case a.status/100 == 4:
		k.fate = wasRefused
	default:
		c.complain("%s: %+v is answered with %d %s", application, k, a.status, a.body)
	}
	if a.status == 409 && a.told().Current.Stage == "" {
		c.complain("%s: a conflict does not say where it stands: %s", application, a.body)
	}
	c.note(application, k)
	return a
}

func (c *campaign) note(application string, k claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims[application] = append(c.claims[application], k)
}

// entryOf is what an item of a log looks like in a claim.
func entryOf(n int, l oracle.Logged) claim {
	switch {
	case l.Step != nil:
		token := l.Step.Reason
		if l.Step.Role == "service" {
			token = l.EventID
		}
		return claim{kind: "step", token: token, place: l.Step.Seq, to: l.Step.To, role: l.Step.Role}
	case l.Feedback != nil:
		return claim{kind: "feedback", token: l.Feedback.Feedback.Summary, place: n}
	case l.Message.Interview != nil:
		return claim{kind: "interview", token: l.Message.Interview.Title, place: n}
	}
	return claim{kind: "message", token: l.Message.Body, place: n}
}

// account holds what clients were told against a log: what was accepted is there
// once, what was refused is not, and nothing else is there.
func account(id string, claims []claim, h *oracle.History) (wrong []string) {
	left := map[string]claim{} // what nobody has claimed yet, by where it stands
	where := func(kind string, place int) string {
		if kind == "step" {
			return "step " + strconv.Itoa(place)
		}
		return "item " + strconv.Itoa(place)
	}
	for i, l := range h.Log {
		e := entryOf(i+1, l)
		left[where(e.kind, e.place)] = e
	}
	find := func(k claim) (string, bool) {
		for at, e := range left {
			same := e.kind == k.kind && (k.token == "" || e.token == k.token) && (e.kind != "step" || (k.to == "" || e.to == k.to) && e.role == k.role)
			if same && (k.place == 0 || at == where(k.kind, k.place)) {
				return at, true
			}
		}
		return "", false
	}
	// Those who know where it stands first: others take what is left.
	for _, exact := range []bool{true, false} {
		for _, k := range claims {
			if k.fate != wasAccepted || exact != (k.place > 0) {
				continue
			}
			at, there := find(k)
			if !there {
				wrong = append(wrong, fmt.Sprintf("%s: accepted, and not there, or there for another: %+v", id, k))
				continue
			}
			delete(left, at)
		}
	}
	for _, k := range claims {
		at, there := find(k)
		switch {
		case k.fate == mayBe && there:
			delete(left, at)
		case k.fate == wasRefused && k.token != "" && there:
			wrong = append(wrong, fmt.Sprintf("%s: refused, and there all the same: %+v", id, k))
		}
	}
	for at, e := range left {
		wrong = append(wrong, fmt.Sprintf("%s: nobody was told of %s: %+v", id, at, e))
	}
	return wrong
}
