//go:build !noembed

package command

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"tideline/api"
	"tideline/engine/event"
	"tideline/streams"
)

// life is what happens to one application, as its student and its recruiters see it.
type life struct {
	*campaign
	ctx       context.Context
	random    *rand.Rand
	number    int
	requests  int
	id        string
	job       campaignJob
	stage     string // as they were told last
	version   int
	seq       int // of their last step; 0: not known
	interview string
	clock     time.Time // when the last step took effect, of one that began elsewhere

	student, recruiter, ops person
}

func (c *campaign) life(ctx context.Context, i int) {
	student, job := c.pair(i)
	l := &life{
		campaign: c, ctx: ctx, random: c.draw(i), number: i, job: job, id: event.ApplicationID(student, job.id),
		student: person{api.Student, student}, recruiter: person{api.Recruiter, job.recruiter}, ops: person{api.Ops, "ops"},
	}
	if l.random.IntN(8) == 0 {
		l.beginElsewhere()
	} else {
		l.apply()
	}
	c.mu.Lock()
	c.of[job.id] = append(c.of[job.id], l.id)
	c.mu.Unlock()
	for range 2 + l.random.IntN(9) {
		if ctx.Err() != nil {
			return
		}
		l.act()
	}
}

// key names a request. With a "!" before it the client never gives up.
func (l *life) key(what string) string {
	l.requests++
	return fmt.Sprintf("%s-%d-%d", what, l.number, l.requests)
}

func (l *life) apply() {
	body := map[string]any{"opportunity": l.job.id}
	if via := oneOf(l.random, "feed", "feed", "notification", "search", "other", ""); via != "" {
		body["via"] = via
		if via == "feed" {
			body["position"] = 1 + l.random.IntN(30)
		}
	}
	a := l.ask(l.ctx, l.student, "POST", "/applications", "!"+l.key("apply"), body)
	l.learn(a)
	l.claimed(l.id, claim{kind: "step", to: "applied", role: "student"}, a)
}

// learn takes what an answer says of the application.
func (l *life) learn(a answer) {
	switch t := a.told(); {
	case a.status/100 == 2 && t.Stage != "":
		l.stage, l.version, l.seq = t.Stage, t.Version, t.Seq
	case a.status/100 == 2 && t.Version > 0:
		l.version = t.Version
	case t.Current.Stage != "":
		l.stage, l.version, l.seq = t.Current.Stage, t.Current.Version, 0
	}
}

// beginElsewhere lets another service tell that the student applied weeks ago,
// and of some steps since, not always in their order, and some twice.
func (l *life) beginElsewhere() {
	l.clock = l.begun.Add(-time.Duration(1+l.random.IntN(40*24)) * time.Hour).Truncate(time.Second)
	var records []streams.Record
	for i, to := range openStages[:1+l.random.IntN(4)] {
		f := event.StageChange{
			EventID: l.key("fact"), Student: l.student.subject, Opportunity: l.job.id, To: event.Stage(to), At: l.clock, Via: "other",
		}
		if l.random.IntN(4) > 0 || i == 0 {
			records = append(records, streams.StageChange(f))
			l.note(l.id, claim{kind: "step", token: f.EventID, to: to, role: "service", fate: mayBe})
		}
		l.clock = l.clock.Add(time.Duration(1+l.random.IntN(24)) * time.Hour)
	}
	l.random.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
	records = append(records, records[l.random.IntN(len(records))])
	for l.facts(l.ctx, records...) != nil && l.ctx.Err() == nil {
		l.count("facts again")
	}
	there := func() bool {
		a := l.ask(l.ctx, l.ops, "GET", "/applications/"+l.id, "", nil)
		l.learn(a)
		return a.status == 200
	}
	if err := await(l.ctx, there); err != nil {
		l.complain("%s: what began elsewhere never came: %v", l.id, err)
	}
}

// step asks for a step, and notes what became of it.
func (l *life) step(p person, path string, to string, body map[string]any, match ...string) answer {
	key := l.key("step")
	token := key
	if to == "rejected" {
		token, key = "", "!"+key
	} else if body["reason"] == nil {
		body["reason"] = key
	}
	a := l.ask(l.ctx, p, "POST", "/applications/"+l.id+path, key, body, match...)
	l.learn(a)
	return l.claimed(l.id, claim{kind: "step", token: token, to: to, role: string(p.role)}, a)
}

func (l *life) move(p person, from, to string) answer {
	body := map[string]any{"from": from, "to": to}
	if to == "rejected" {
		body["reason"] = l.reason()
	}
	if !l.clock.IsZero() && p.role != api.Student && l.random.IntN(2) == 0 { // it happened then
		l.clock = l.clock.Add(time.Duration(l.random.IntN(72)) * time.Hour)
		if l.clock.Before(l.begun) {
			body["at"] = l.clock
		}
	}
	if to == "offer_extended" && l.random.IntN(2) == 0 {
		body["offer_ends"] = l.begun.Add(200 * time.Hour).Truncate(time.Second)
	}
	return l.step(p, "/move-stage", to, body)
}

func (l *life) reason() string {
	if l.job.organisation == ownReasons {
		return oneOf(l.random, "too_cold", "too_far", "lost")
	}
	return oneOf(l.random, "skills", "experience", "location", "other")
}

// ahead is a stage further on: mostly the next, now and then one beyond.
func (l *life) ahead() string {
	for i, stage := range openStages {
		if stage == l.stage && i+1 < len(openStages) {
			return openStages[min(i+1+l.random.IntN(4)/3*(1+l.random.IntN(2)), len(openStages)-1)]
		}
	}
	return "applied"
}

func (l *life) act() {
	switch n := l.random.IntN(100); {
	case n < 12:
		l.say()
	case n < 22:
		l.judge()
	case n < 32:
		l.meet()
	case n < 40:
		l.wrong()
	case n < 48:
		l.race()
	case n < 53:
		l.twice()
	case n < 57:
		l.many()
	case n < 63 && l.seq > 1:
		l.step(oneOf(l.random, l.recruiter, l.ops), "/correct", "", map[string]any{"seq": l.seq})
	case !isOpen(l.stage):
		l.afterTheEnd()
	case n < 68:
		l.step(l.student, "/withdraw", "withdrawn", map[string]any{})
	case n < 74:
		l.move(l.recruiter, l.stage, "rejected")
	case n < 80 && l.stage != "applied":
		l.move(l.recruiter, l.stage, "applied")
	case l.stage == "offer_extended":
		if l.random.IntN(3) == 0 {
			l.step(l.student, "/reject-offer", "offer_rejected", map[string]any{})
		} else {
			l.step(l.student, "/accept-offer", "offer_accepted", map[string]any{})
		}
	case n < 85:
		to := l.ahead()
		l.step(l.recruiter, "/move-stage", to, map[string]any{"to": to}, fmt.Sprintf("%q", strconv.Itoa(l.version)))
	default:
		l.move(l.recruiter, l.stage, l.ahead())
	}
}

func (l *life) afterTheEnd() {
	switch {
	case l.stage == "withdrawn":
		l.apply()
	case l.random.IntN(2) == 0:
		l.move(l.recruiter, l.stage, oneOf(l.random, openStages...))
	default:
		l.say()
	}
}

// race lets two move one card at the same moment. One of them at most wins, and
// the other is told where it stands.
func (l *life) race() {
	from, targets := l.stage, []string{"shortlisted", "interview_completed", "offer_extended", "rejected", "interview_scheduled"}
	l.random.Shuffle(len(targets), func(i, k int) { targets[i], targets[k] = targets[k], targets[i] })
	if !isOpen(from) || from == targets[0] || from == targets[1] {
		l.move(l.recruiter, from, l.ahead())
		return
	}
	other := oneOf(l.random, l.ops, l.recruiter)
	rivals := []struct {
		who person
		to  string
	}{{l.recruiter, targets[0]}, {other, targets[1]}}
	answers := make([]answer, len(rivals))
	keys := []string{"!" + l.key("race"), "!" + l.key("race")}
	reason := l.reason()
	var both sync.WaitGroup
	for i, rival := range rivals {
		both.Go(func() {
			body := map[string]any{"from": from, "to": rival.to, "reason": keys[i]}
			token := keys[i]
			if rival.to == "rejected" {
				body["reason"], token = reason, ""
			}
			a := l.ask(l.ctx, rival.who, "POST", "/applications/"+l.id+"/move-stage", keys[i], body)
			answers[i] = l.claimed(l.id, claim{kind: "step", token: token, to: rival.to, role: string(rival.who.role)}, a)
		})
	}
	both.Wait()
	won := 0
	for i, a := range answers {
		switch a.status {
		case 200:
			won++
			l.learn(a)
		case 409:
			if answers[1-i].status == 200 {
				l.count("races with a loser who was told")
			}
		case 0: // the season is over
		default:
			l.complain("%s: a rival is answered with %d %s", l.id, a.status, a.body)
		}
	}
	if won > 1 {
		l.complain("%s: two have moved one card from %s: %s and %s", l.id, from, answers[0].body, answers[1].body)
	}
	if won == 0 {
		l.learn(answers[0]) // a third was faster
	}
}

// twice sends one request twice at the same moment: it counts once, and both are
// told the same. Another request under its key is refused.
func (l *life) twice() {
	to, key := l.ahead(), "!"+l.key("twice")
	if !isOpen(l.stage) {
		return
	}
	body := map[string]any{"from": l.stage, "to": to, "reason": key}
	var answers [2]answer
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() { answers[i] = l.ask(l.ctx, l.recruiter, "POST", "/applications/"+l.id+"/move-stage", key, body) })
	}
	both.Wait()
	if answers[0].status != answers[1].status || answers[0].status == 200 && answers[0].told().Seq != answers[1].told().Seq {
		l.complain("%s: one request is answered with %d %s and with %d %s", l.id, answers[0].status, answers[0].body, answers[1].status, answers[1].body)
	}
	l.learn(answers[0])
	l.claimed(l.id, claim{kind: "step", token: key, to: to, role: "recruiter"}, answers[0])
	if answers[0].status == 200 {
		body["note"] = "another request"
		if a := l.ask(l.ctx, l.recruiter, "POST", "/applications/"+l.id+"/move-stage", key, body); a.status/100 != 4 {
			l.complain("%s: another request under a key is answered with %d %s", l.id, a.status, a.body)
		}
	}
}
