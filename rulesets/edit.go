package rulesets

import "tideline/engine/event"

// The edits give a subject another value of a field. They change copies of the
// parts, which may be shared.
var (
	numberEdits = map[string]func(*Subject, float64){
		"match.overlap":          func(s *Subject, v float64) { editMatch(s, func(m *Match) { m.Overlap = v }) },
		"match.fit":              func(s *Subject, v float64) { editMatch(s, func(m *Match) { m.Fit = v }) },
		"match.interest":         func(s *Subject, v float64) { editMatch(s, func(m *Match) { m.Interest = v }) },
		"match.relevance":        func(s *Subject, v float64) { editMatch(s, func(m *Match) { m.Relevance = v }) },
		"opp.difficulty":         func(s *Subject, v float64) { editOpp(s, func(o *event.Opportunity) { o.Difficulty = &v }) },
		"student.career_score":   func(s *Subject, v float64) { editStudent(s, func(p *event.Profile) { p.AIProfile.CareerScore = &v }) },
		"student.activity_score": func(s *Subject, v float64) { editStudent(s, func(p *event.Profile) { p.AIProfile.ActivityScore = &v }) },
		"student.interview_score": func(s *Subject, v float64) {
			editStudent(s, func(p *event.Profile) { p.AIProfile.InterviewScore = &v })
		},
		"student.graduation_year": func(s *Subject, v float64) { editStudent(s, func(p *event.Profile) { p.GraduationYear = int(v) }) },
		"gap.severity": func(s *Subject, v float64) {
			if s.Gap != nil {
				g := *s.Gap
				g.Severity = v
				s.Gap = &g
			}
		},
	}
	wordEdits = map[string]func(*Subject, string){
		"opp.bucket":       func(s *Subject, v string) { editOpp(s, func(o *event.Opportunity) { o.Bucket = event.Bucket(v) }) },
		"opp.kind":         func(s *Subject, v string) { editOpp(s, func(o *event.Opportunity) { o.Kind = v }) },
		"opp.organisation": func(s *Subject, v string) { editOpp(s, func(o *event.Opportunity) { o.Organisation = v }) },
		"opp.source":       func(s *Subject, v string) { editOpp(s, func(o *event.Opportunity) { o.Source = v }) },
		"opp.status":       func(s *Subject, v string) { editOpp(s, func(o *event.Opportunity) { o.Status = event.Status(v) }) },
		"app.stage":        func(s *Subject, v string) { editApp(s, func(a *App) { a.Stage = event.Stage(v) }) },
		"app.previous":     func(s *Subject, v string) { editApp(s, func(a *App) { a.Previous = event.Stage(v) }) },
		"app.actor_role":   func(s *Subject, v string) { editApp(s, func(a *App) { a.ActorRole = v }) },
		"app.message_role": func(s *Subject, v string) { editApp(s, func(a *App) { a.MessageRole = v }) },
		"gap.skill": func(s *Subject, v string) {
			if s.Gap != nil {
				g := *s.Gap
				g.Skill = v
				s.Gap = &g
			}
		},
		"signal.kind": func(s *Subject, v string) {
			if s.Signal != nil {
				g := *s.Signal
				g.Kind = event.SignalKind(v)
				s.Signal = &g
			}
		},
	}
	flagEdits = map[string]func(*Subject, bool){
		"app.feedback_missing": func(s *Subject, v bool) { editApp(s, func(a *App) { a.FeedbackMissing = v }) },
		"match.saved":          func(s *Subject, v bool) { editMatch(s, func(m *Match) { m.Saved = v }) },
		"opp.remote":           func(s *Subject, v bool) { editOpp(s, func(o *event.Opportunity) { o.Remote = v }) },
		"student.remote":       func(s *Subject, v bool) { editStudent(s, func(p *event.Profile) { p.Remote = &v }) },
		"student.open_to_work": func(s *Subject, v bool) { editStudent(s, func(p *event.Profile) { p.OpenToWork = v }) },
	}
)

func editMatch(s *Subject, change func(*Match)) {
	if s.Match != nil {
		m := *s.Match
		change(&m)
		s.Match = &m
	}
}

func editApp(s *Subject, change func(*App)) {
	if s.App != nil {
		a := *s.App
		change(&a)
		s.App = &a
	}
}

func editOpp(s *Subject, change func(*event.Opportunity)) {
	if s.Opp != nil && s.Opp.Opportunity != nil {
		o := *s.Opp.Opportunity
		change(&o)
		s.Opp = &Opp{&o, s.Opp.Skills}
	}
}

func editStudent(s *Subject, change func(*event.Profile)) {
	if s.Student != nil {
		p := *s.Student.Profile()
		change(&p)
		s.Student = &Student{ID: s.Student.ID, profile: &p}
	}
}
