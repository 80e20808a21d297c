package rulesets

import (
	"math"
	"slices"

	"tideline/engine/event"
)

// native is a condition that needs no CEL: comparisons of fields with
// constants, joined by &&, || and !. It takes a tenth of the time, which is
// what nearly all conditions of nearly all rules are made of.
type native func(*Subject) Truth

// numbers, words and flags read fields without boxing them; false: no value.
var (
	numberFields = map[string]func(*Subject) (float64, bool){
		"match.overlap":           ofMatch(func(m *Match) float64 { return m.Overlap }),
		"match.fit":               ofMatch(func(m *Match) float64 { return m.Fit }),
		"match.interest":          ofMatch(func(m *Match) float64 { return m.Interest }),
		"match.relevance":         ofMatch(func(m *Match) float64 { return m.Relevance }),
		"opp.difficulty":          ofOpp(func(o *Opp) *float64 { return o.Difficulty }),
		"student.career_score":    ofStudent(func(p *event.Profile) *float64 { return p.AIProfile.CareerScore }),
		"student.activity_score":  ofStudent(func(p *event.Profile) *float64 { return p.AIProfile.ActivityScore }),
		"student.interview_score": ofStudent(func(p *event.Profile) *float64 { return p.AIProfile.InterviewScore }),
		"student.graduation_year": func(s *Subject) (float64, bool) {
			if s.Student == nil || s.Student.Profile().GraduationYear == 0 {
				return 0, false
			}
			return float64(s.Student.Profile().GraduationYear), true
		},
		"gap.severity": func(s *Subject) (float64, bool) {
			if s.Gap == nil {
				return 0, false
			}
			return s.Gap.Severity, true
		},
		"app.stage_seq":   appNumber(func(a *App) int { return a.StageSeq }),
		"app.scorecards":  appNumber(func(a *App) int { return a.Scorecards }),
		"app.message_seq": appNumber(func(a *App) int { return a.MessageSeq }),
	}
	wordFields = map[string]func(*Subject) (string, bool){
		"opp.id":           oppWord(func(o *Opp) string { return o.ID }),
		"opp.bucket":       oppWord(func(o *Opp) string { return string(o.Bucket) }),
		"opp.kind":         oppWord(func(o *Opp) string { return o.Kind }),
		"opp.organisation": oppWord(func(o *Opp) string { return o.Organisation }),
		"opp.source":       oppWord(func(o *Opp) string { return o.Source }),
		"opp.recruiter":    oppWord(func(o *Opp) string { return o.Recruiter }),
		"opp.status":       oppWord(func(o *Opp) string { return string(o.Status) }),
		"app.id":           appWord(func(a *App) string { return a.ID }),
		"app.stage":        appWord(func(a *App) string { return string(a.Stage) }),
		"app.previous":     appWord(func(a *App) string { return string(a.Previous) }),
		"app.actor_role":   appWord(func(a *App) string { return a.ActorRole }),
		"app.message_role": appWord(func(a *App) string { return a.MessageRole }),
		"student.id": func(s *Subject) (string, bool) {
			if s.Student == nil {
				return "", false
			}
			return s.Student.ID, true
		},
		"gap.skill": func(s *Subject) (string, bool) {
			if s.Gap == nil {
				return "", false
			}
			return s.Gap.Skill, true
		},
		"signal.kind": func(s *Subject) (string, bool) {
			if s.Signal == nil {
				return "", false
			}
			return string(s.Signal.Kind), true
		},
	}
	flagFields = map[string]func(*Subject) Truth{
		"match.saved": func(s *Subject) Truth {
			if s.Match == nil {
				return Unknown
			}
			return truthOf(s.Match.Saved)
		},
		"opp.remote": func(s *Subject) Truth {
			if s.Opp == nil {
				return Unknown
			}
			return truthOf(s.Opp.Remote)
		},
		"student.remote":       studentFlag(func(p *event.Profile) bool { return p.Remote == nil || *p.Remote }),
		"student.open_to_work": studentFlag(func(p *event.Profile) bool { return p.OpenToWork }),
	}
)

func ofMatch(get func(*Match) float64) func(*Subject) (float64, bool) {
	return func(s *Subject) (float64, bool) {
		if s.Match == nil {
			return 0, false
		}
		return get(s.Match), true
	}
}

func ofOpp(get func(*Opp) *float64) func(*Subject) (float64, bool) {
	return func(s *Subject) (float64, bool) {
		if s.Opp == nil {
			return 0, false
		}
		return pointed(get(s.Opp))
	}
}

func ofStudent(get func(*event.Profile) *float64) func(*Subject) (float64, bool) {
	return func(s *Subject) (float64, bool) {
		if s.Student == nil {
			return 0, false
		}
		return pointed(get(s.Student.Profile()))
	}
}

func pointed(v *float64) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return *v, true
}

func oppWord(get func(*Opp) string) func(*Subject) (string, bool) {
	return func(s *Subject) (string, bool) {
		if s.Opp == nil {
			return "", false
		}
		return get(s.Opp), true
	}
}

func appNumber(get func(*App) int) func(*Subject) (float64, bool) {
	return func(s *Subject) (float64, bool) {
		if s.App == nil {
			return 0, false
		}
		return float64(get(s.App)), true
	}
}

func appWord(get func(*App) string) func(*Subject) (string, bool) {
	return func(s *Subject) (string, bool) {
		if s.App == nil {
			return "", false
		}
		return get(s.App), true
	}
}

func studentFlag(get func(*event.Profile) bool) func(*Subject) Truth {
	return func(s *Subject) Truth {
		if s.Student == nil {
			return Unknown
		}
		return truthOf(get(s.Student.Profile()))
	}
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// nativeOf makes a native condition; nil when the formula needs CEL.
func nativeOf(f formula) native {
	if f.join == 'a' {
		return f.atom.native()
	}
	if f.choice {
		return nil
	}
	sides := make([]native, len(f.sides))
	for i, side := range f.sides {
		if sides[i] = nativeOf(side); sides[i] == nil {
			return nil
		}
	}
	ends, otherwise := False, True // && ends with the first false
	if f.join == '|' {
		ends, otherwise = True, False
	}
	return func(s *Subject) Truth {
		result := otherwise
		for _, side := range sides {
			switch side(s) {
			case ends:
				return ends
			case Unknown:
				result = Unknown
			}
		}
		return result
	}
}

func (a atom) native() native {
	if read := flagFields[a.term]; read != nil && a.op == "is" {
		if a.is {
			return read
		}
		return func(s *Subject) Truth {
			switch read(s) {
			case True:
				return False
			case False:
				return True
			}
			return Unknown
		}
	}
	if read := wordFields[a.term]; read != nil && (a.op == "in" || a.op == "not") {
		words, wanted := a.words, a.op == "in"
		if len(words) > 16 {
			return nil // cel-go has a set for it
		}
		return func(s *Subject) Truth {
			word, ok := read(s)
			if !ok {
				return Unknown
			}
			return truthOf(slices.Contains(words, word) == wanted)
		}
	}
	read, compare := numberFields[a.term], comparisons[a.op]
	if read == nil || compare == nil {
		return nil
	}
	bound := a.bound
	return func(s *Subject) Truth {
		v, ok := read(s)
		if !ok || math.IsNaN(v) { // no decoded value is; nor would it fit the negations of a formula
			return Unknown
		}
		return truthOf(compare(v, bound))
	}
}

var comparisons = map[string]func(a, b float64) bool{
	"<":  func(a, b float64) bool { return a < b },
	"<=": func(a, b float64) bool { return a <= b },
	">":  func(a, b float64) bool { return a > b },
	">=": func(a, b float64) bool { return a >= b },
	"==": func(a, b float64) bool { return a == b },
	"!=": func(a, b float64) bool { return a != b },
}
