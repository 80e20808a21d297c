package partition

import (
	"encoding/json"
	"slices"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
	"tideline/engine/evidence"
	"tideline/rulesets"
)

// tracked is one application as the topics told it: one fact of engine-state.
type tracked struct {
	App   *rulesets.App `json:"app,omitempty"`  // nil: no step of it has come yet
	Seq   int           `json:"seq,omitempty"`  // of the newest step
	Began time.Time     `json:"began,omitzero"` // when the first was recorded
	evidence.Application
	Planned    *time.Time        `json:"planned,omitempty"`    // an interview, by a step
	Interviews []event.Interview `json:"interviews,omitempty"` // as last planned
	Met        *remark           `json:"met,omitempty"`        // the newest plan
	Offer      *offer            `json:"offer,omitempty"`      // by a step
	Note       *offer            `json:"note,omitempty"`       // by an offer note
	Said       *remark           `json:"said,omitempty"`       // last, to both sides
}

// offer is when an offer ends, and when that was said.
type offer struct {
	At   time.Time  `json:"at"`
	Ends *time.Time `json:"ends,omitempty"`
}

type remark struct {
	N    int       `json:"n"` // place in the log
	At   time.Time `json:"at"`
	Role string    `json:"role,omitempty"`
}

// newer says whether a remark comes after another; nil: after none.
func (r remark) newer(than *remark) bool {
	return than == nil || r.At.After(than.At) || r.At.Equal(than.At) && r.N > than.N
}

func appKey(student, id string) string { return student + sep + "app" + sep + id }

// StageChange takes one step of an application. A step that is not newer than
// what is known changes nothing; it reports whether it was.
func (p *Partition) StageChange(s event.StageChange, out *Effects) bool {
	if s.Kind == event.Erased {
		return p.eraseApp(s, out)
	}
	return p.track(s.Student, s.Application, touch{kind: rulesets.OnStageChanges, at: s.At}, out, func(t *tracked) bool {
		if s.Seq <= t.Seq || p.buried(s.Application, recorded(s)) {
			return false
		}
		if t.App == nil {
			t.begin(recorded(s))
		}
		t.Path = append(slices.Clip(t.Path), application.ChangeOf(s))
		t.Seq = s.Seq
		t.step(s)
		return true
	})
}

// Evaluation takes a piece of feedback; it reports whether that said anything new.
func (p *Partition) Evaluation(e event.Evaluation, out *Effects) bool {
	return p.track(e.Student, e.Application, touch{kind: rulesets.OnEvaluations, at: e.SubmittedAt}, out, func(t *tracked) bool {
		if e.SubmittedAt.Before(t.Began) || p.buried(e.Application, e.SubmittedAt) {
			return false
		}
		if o := e.Feedback.Offer; o != nil && o.Expires != nil && (t.Note == nil || e.SubmittedAt.After(t.Note.At)) {
			t.Note = &offer{e.SubmittedAt, o.Expires}
			return true
		}
		return t.Judge(e)
	})
}

// Message takes what was said within an application, or an interview of it; it
// reports whether it was new. What was said between recruiters is nobody's news.
func (p *Partition) Message(m event.Message, out *Effects) bool {
	return p.track(m.Student, m.Application, touch{kind: rulesets.OnMessages, at: m.At}, out, func(t *tracked) bool {
		said := remark{m.N, m.At, m.AuthorRole}
		switch {
		case m.ReadUpTo > 0, m.At.Before(t.Began) || p.buried(m.Application, m.At):
			return false
		case m.Interview != nil:
			if !said.newer(t.Met) {
				return false
			}
			t.Met = &said
			t.meet(*m.Interview)
		case m.Visibility == event.ForStudent:
			if !said.newer(t.Said) {
				return false
			}
			t.Said = &said
		default:
			return false
		}
		return true
	})
}

// eraseApp forgets an application and takes back what was said about it. What was
// recorded before this record is void, however late it is read and however often
// it is told.
func (p *Partition) eraseApp(s event.StageChange, out *Effects) bool {
	_, known := p.apps[s.Student][s.Application]
	for _, i := range slices.Clone(p.instances[s.Student]) {
		if i.Application != s.Application {
			continue
		}
		if i.State == fired && !i.Withdrawn {
			p.takeBack(i.Rule, s.Student, i, out)
		}
		p.forgetInstance(s.Student, i, out)
		known = true
	}
	p.forgetApp(s.Student, s.Application, out)
	p.bury(s, out)
	p.seen(s.Student)
	p.hand(out)
	return known
}

// track changes what is known of one application and lets the rules see it.
func (p *Partition) track(student, id string, how touch, out *Effects, change func(*tracked) bool) bool {
	next := &tracked{}
	var was *rulesets.App
	if t := p.apps[student][id]; t != nil {
		*next, was = *t, t.App
	}
	if !change(next) {
		return false
	}
	p.early(how.at)
	next.conclude()
	p.keepApp(student, id, next)
	p.seen(student)
	out.fact(appKey(student, id), encode(next))
	n := natural{application: id}
	for _, f := range p.book.forces {
		if f.rule.Scope == rulesets.ApplicationScope {
			p.reconcile(f, step{
				student: student, natural: n, after: p.application(f, student, next.App, out),
				before: func() verdict { return p.application(f, student, was, out) },
			}, how, out)
		}
	}
	p.scheduleOther(p.book.forces, student, n)
	p.rescore(student, how.at, out)
	p.hand(out)
	return true
}

// step moves the application; a late one moves nothing. What the record says
// holds after the step counts, where it says so.
func (t *tracked) step(s event.StageChange) {
	now := rulesets.App{ID: s.Application, Student: s.Student, AppliedAt: s.At}
	if t.App != nil {
		now = *t.App
	}
	now.Opportunity, now.ActorRole = s.Opportunity, s.ActorRole
	if s.Kind != event.Late {
		now.Previous, now.Stage, now.StageSeq, now.StageSince = now.Stage, s.To, s.Seq, s.At
	}
	if s.Since != nil {
		now.StageSince = *s.Since
	}
	if s.Stage != "" {
		now.Stage = s.Stage
	}
	if s.AppliedAt != nil {
		now.AppliedAt = *s.AppliedAt
	}
	if s.InterviewAt != nil {
		t.Planned = s.InterviewAt
	}
	if s.OfferEnds != nil || s.To == event.OfferExtended && s.From != s.To && s.Kind != event.Late && s.Kind != event.Correction {
		t.Offer = &offer{recorded(s), s.OfferEnds}
	}
	t.App = &now
}

func recorded(s event.StageChange) time.Time {
	if s.RecordedAt != nil {
		return *s.RecordedAt
	}
	return s.At
}

// begin forgets what was said before the first step was recorded: it was about
// an application of the same student and job that was erased.
func (t *tracked) begin(at time.Time) {
	t.Began = at
	t.Begin(at)
	if t.Met != nil && t.Met.At.Before(at) {
		t.Met, t.Interviews = nil, nil
	}
	if t.Said != nil && t.Said.At.Before(at) {
		t.Said = nil
	}
	if t.Note != nil && t.Note.At.Before(at) {
		t.Note = nil
	}
}

// meet keeps an interview as it was last planned.
func (t *tracked) meet(i event.Interview) {
	t.Interviews = slices.Clone(t.Interviews)
	at := slices.IndexFunc(t.Interviews, func(old event.Interview) bool { return old.ID == i.ID })
	if at < 0 {
		t.Interviews = append(t.Interviews, i)
	} else {
		t.Interviews[at] = i
	}
}

// heard is when something was said that is no step.
func (t *tracked) heard() time.Time {
	var last time.Time
	for _, j := range t.Judgements {
		last = later(last, j.Submitted)
	}
	if t.Said != nil {
		last = later(last, t.Said.At)
	}
	if t.Met != nil {
		last = later(last, t.Met.At)
	}
	if t.Note != nil {
		last = later(last, t.Note.At)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// seen lets a student be shown anew; nothing is shown of who has no profile.
func (p *Partition) seen(student string) {
	if _, known := p.students.Lookup(student); known {
		p.views[student] = struct{}{}
	}
}

// app is an application as rules see it; nil: there is none.
func (p *Partition) app(student, id string) *rulesets.App {
	if t := p.apps[student][id]; t != nil {
		return t.App
	}
	return nil
}

func (p *Partition) keepApp(student, id string, t *tracked) {
	if p.apps[student] == nil {
		p.apps[student] = map[string]*tracked{}
	}
	p.apps[student][id] = t
}

func (p *Partition) restoreApp(student, id string, value []byte) error {
	if value == nil {
		delete(p.apps[student], id)
		return nil
	}
	t := &tracked{}
	if err := json.Unmarshal(value, t); err != nil {
		return err
	}
	p.keepApp(student, id, t)
	return nil
}
