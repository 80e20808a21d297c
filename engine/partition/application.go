package partition

import (
	"encoding/json"

	"tideline/engine/event"
	"tideline/rulesets"
)

func appKey(student, id string) string { return student + sep + "app" + sep + id }

// StageChange takes one step of an application. A step that is not newer than
// what is known changes nothing; it reports whether it was.
func (p *Partition) StageChange(s event.StageChange, out *Effects) bool {
	was := p.apps[s.Student][s.Application]
	if was != nil && s.Seq <= was.StageSeq {
		return false
	}
	p.early(s.At)
	now := &rulesets.App{ID: s.Application, Student: s.Student, AppliedAt: s.At}
	if was != nil {
		*now = *was
		now.Previous = was.Stage
	}
	now.Opportunity, now.Stage, now.StageSeq, now.StageSince, now.ActorRole = s.Opportunity, s.To, s.Seq, s.At, s.ActorRole
	if s.InterviewAt != nil {
		now.InterviewAt = s.InterviewAt
	}
	if s.OfferEnds != nil {
		now.OfferEnds = s.OfferEnds
	}
	p.keepApp(now)
	out.fact(appKey(s.Student, s.Application), encode(now))
	n := natural{application: s.Application}
	for _, f := range p.book.forces {
		if f.rule.Scope == rulesets.ApplicationScope {
			p.reconcile(f, step{
				student: s.Student, natural: n, after: p.application(f, s.Student, now, out),
				before: func() verdict { return p.application(f, s.Student, was, out) },
			}, touch{kind: rulesets.OnStageChanges, at: s.At}, out)
		}
	}
	p.scheduleOther(p.book.forces, s.Student, n)
	p.hand(out)
	return true
}

func (p *Partition) keepApp(app *rulesets.App) {
	if p.apps[app.Student] == nil {
		p.apps[app.Student] = map[string]*rulesets.App{}
	}
	p.apps[app.Student][app.ID] = app
}

func (p *Partition) restoreApp(student, id string, value []byte) error {
	if value == nil {
		delete(p.apps[student], id)
		return nil
	}
	app := &rulesets.App{}
	if err := json.Unmarshal(value, app); err != nil {
		return err
	}
	p.keepApp(app)
	return nil
}
