//go:build !noembed

package command

import (
	"encoding/json"
	"time"

	"tideline/api"
)

// add asks for something to be added to the log, and notes what became of it.
func (l *life) add(p person, path, kind, token string, body map[string]any) answer {
	a := l.ask(l.ctx, p, "POST", "/applications/"+l.id+path, token, body)
	l.learn(a)
	return l.claimed(l.id, claim{kind: kind, token: token}, a)
}

func (l *life) say() {
	key := l.key("message")
	body := map[string]any{"body": key}
	who := oneOf(l.random, l.student, l.recruiter, l.recruiter)
	if who.role == api.Recruiter && l.random.IntN(3) == 0 {
		body["visibility"] = "recruiters"
	}
	if l.random.IntN(12) == 0 {
		body["interview_id"] = "there is none"
	}
	l.add(who, "/messages", "message", key, body)
}

// judge gives feedback of a kind that suits, or does not.
func (l *life) judge() {
	key := l.key("feedback")
	body := map[string]any{"summary": key, "recommendation": oneOf(l.random, "definitely_no", "no", "yes", "strong_yes")}
	switch {
	case l.interview != "":
		body["kind"], body["interview"] = "scorecard", l.interview
		body["attributes"] = []map[string]any{{"name": "skills", "rating": 1 + l.random.IntN(5)}, {"name": "care", "rating": 1 + l.random.IntN(5)}}
	case l.stage == "offer_extended":
		body["kind"], body["offer"] = "offer", map[string]any{"amount": 1000, "currency": "EUR", "period": "month", "expires": l.begun.Add(300 * time.Hour)}
	case l.random.IntN(6) == 0:
		body["kind"], body["side"], body["reason"] = "rejection", "we_declined", "skills" // not in every organisation's list
	default:
		body["kind"] = "shortlisting"
	}
	l.add(oneOf(l.random, l.recruiter, l.recruiter, l.student), "/feedback", "feedback", key, body)
}

// meet plans an interview, or says that the one that was planned was held or is not.
func (l *life) meet() {
	key := l.key("interview")
	id, state := key, "scheduled"
	if l.interview != "" && l.random.IntN(2) == 0 {
		id, state = l.interview, oneOf(l.random, "completed", "cancelled", "scheduled")
	}
	a := l.add(l.recruiter, "/interviews", "interview", key, map[string]any{
		"id": id, "title": key, "state": state, "starts": l.begun.Add(time.Duration(1+l.random.IntN(200)) * time.Hour).Truncate(time.Second),
		"interviewers": []string{"someone"},
	})
	if a.status/100 == 2 {
		l.interview = id
	}
}

// wrong asks for what must be refused; that something else has changed
// meanwhile makes it no less wrong.
func (l *life) wrong() {
	var a answer
	switch l.random.IntN(6) {
	case 0:
		a = l.move(l.recruiter, l.stage, "promoted")
	case 1:
		a = l.step(l.student, "/move-stage", "offer_extended", map[string]any{"from": l.stage, "to": "offer_extended"})
	case 2:
		a = l.step(l.recruiter, "/move-stage", "rejected", map[string]any{"from": l.stage, "to": "rejected"}) // no reason
	case 3:
		a = l.move(person{api.Recruiter, "somebody else"}, l.stage, "shortlisted")
	case 4:
		a = l.step(l.recruiter, "/move-stage", "shortlisted", map[string]any{"to": "shortlisted"}, `"9999"`)
	default:
		a = l.step(l.recruiter, "/move-stage", "withdrawn", map[string]any{"from": l.stage, "to": "withdrawn"})
	}
	if a.status/100 != 4 && a.status != 0 {
		l.complain("%s: what must be refused is answered with %d %s", l.id, a.status, a.body)
	}
}

// many moves this card and some of its neighbours, whoever is at work on them.
func (l *life) many() {
	l.mu.Lock()
	neighbours := l.of[l.job.id]
	l.mu.Unlock()
	ids := []string{l.id}
	for range min(3, len(neighbours)) {
		if id := oneOf(l.random, neighbours...); id != l.id {
			ids = append(ids, id)
		}
	}
	key := "!" + l.key("many")
	to := oneOf(l.random, openStages[1:4]...)
	a := l.ask(l.ctx, l.recruiter, "POST", "/applications/move-stage", key, map[string]any{"applications": ids, "from": "applied", "to": to, "reason": key})
	if a.status == 0 {
		return
	}
	var many struct {
		Results []struct {
			ID     string
			Status int
			Stage  string
		}
	}
	if err := json.Unmarshal(a.body, &many); err != nil || a.status != 200 || len(many.Results) != len(ids) {
		l.complain("%s: many moves are answered with %d %s", l.id, a.status, a.body)
	}
	done := map[string]bool{}
	for _, r := range many.Results {
		if done[r.ID] {
			continue // named twice: it is moved once
		}
		done[r.ID] = true
		if r.Status == 503 {
			r.Status = 0 // it may have been done
		}
		l.claimed(r.ID, claim{kind: "step", token: key, to: to, role: "recruiter"}, answer{status: r.Status, body: []byte(`{"current":{"stage":"` + r.Stage + `"}}`)})
		if r.ID == l.id {
			l.stage, l.seq = r.Stage, 0
		}
	}
}
