package match

import (
	"fmt"
	"slices"
	"time"

	"tideline/engine/event"
)

// Explanation says why an opportunity stands where it does in a feed, or why it does not.
type Explanation struct {
	Eligible   bool           `json:"eligible"`
	Gate       Gate           `json:"gate,omitempty"`
	GateDetail string         `json:"gate_detail,omitempty"`
	Key        int64          `json:"key"`
	Overlap    float64        `json:"overlap"`              // 0..1, the match
	Fit        float64        `json:"fit"`                  // 0..1
	Interest   float64        `json:"interest"`             // 0..2, 1 for a stranger
	Freshness  float64        `json:"freshness_half_lives"` // since 2020
	Terms      Terms          `json:"terms"`                // what the key is the sum of
	Matched    []MatchedSkill `json:"matched"`
	Missing    []MissingSkill `json:"missing"`
	Closes     []ClosedGap    `json:"closes,omitempty"` // gaps of the student that content is about
}

// MatchedSkill is a required skill the student has, at whatever level.
type MatchedSkill struct {
	Skill    string `json:"skill"`
	Level    int    `json:"level"`
	Required int    `json:"required"`
	Weight   int    `json:"weight"`
}

// MissingSkill is a required skill the student does not have.
type MissingSkill struct {
	Skill    string `json:"skill"`
	Required int    `json:"required"`
	Weight   int    `json:"weight"`
}

// ClosedGap is a skill the student needs, with how much, 1..5.
type ClosedGap struct {
	Skill  string `json:"skill"`
	Need   int    `json:"need"`
	Weight int    `json:"weight"`
}

// Scorer explains pairs. It is safe for concurrent use.
type Scorer struct {
	config    Config
	normalize func(string) string
}

// NewScorer returns a scorer that normalises skills with the given function.
func NewScorer(config Config, normalize func(string) string) *Scorer {
	return &Scorer{config: config, normalize: normalize}
}

// Features are those of an opportunity, as signals carry them.
func (s *Scorer) Features(o event.Opportunity) []string { return Features(o, s.normalize) }

// Explain scores one pair and says how. It compiles both sides anew, which is
// right for a question now and then and wrong for ranking.
func (s *Scorer) Explain(view event.View, o event.Opportunity, now time.Time) Explanation {
	dict := NewDictionary(s.normalize)
	student := compileStudent(dict, view.Profile)
	student.extras = extrasOf(dict, view)
	opportunity := Compile(dict, o, s.config)
	terms, gate := Score(&student, opportunity, now)
	e := Explanation{Eligible: gate == NoGate, Gate: gate, Terms: terms, Key: terms.Key()}
	e.GateDetail = detail(gate, view.Profile, o)
	e.compare(dict, &student, opportunity)
	return e
}

func extrasOf(dict *Dictionary, view event.View) *extras {
	x := &extras{weights: map[uint32]float64{}}
	for id := range view.Ignored {
		x.ignored = append(x.ignored, event.MemberOf(id))
	}
	slices.Sort(x.ignored)
	for name, w := range view.Weights {
		x.weights[dict.id(name)] = w
	}
	return x
}

// compare fills in the factors, which are worth knowing also when a gate is shut.
func (e *Explanation) compare(dict *Dictionary, s *Student, o *Opportunity) {
	e.Fit, e.Interest, e.Matched, e.Missing = 1, 1, []MatchedSkill{}, []MissingSkill{}
	if _, known := earned(s, o); known > 0 {
		e.Overlap = float64(known) / float64(o.known)
	}
	if o.difficulty >= 0 && s.ability >= 0 {
		e.Fit = fit(o.weights, o.difficulty, int(s.ability))
	}
	if s.weighted() {
		e.Interest = interest(logit(s, o))
	}
	e.Freshness = float64(o.fresh) / unit
	for _, r := range o.skills {
		name, need := dict.named(r.skill)
		switch level := s.level(r.skill); {
		case need && level > 0:
			e.Closes = append(e.Closes, ClosedGap{name, level, int(r.weight)})
		case need:
		case level > 0:
			e.Matched = append(e.Matched, MatchedSkill{name, level, int(r.level), int(r.weight)})
		default:
			e.Missing = append(e.Missing, MissingSkill{name, int(r.level), int(r.weight)})
		}
	}
	slices.SortFunc(e.Matched, func(a, b MatchedSkill) int { return compareText(a.Skill, b.Skill) })
	slices.SortFunc(e.Closes, func(a, b ClosedGap) int { return compareText(a.Skill, b.Skill) })
	slices.SortFunc(e.Missing, func(a, b MissingSkill) int { return compareText(a.Skill, b.Skill) })
}

func detail(gate Gate, p event.Profile, o event.Opportunity) string {
	switch gate {
	case ClosedGate:
		return "The opportunity is closed."
	case ExpiredGate:
		return fmt.Sprintf("Its deadline was %s.", o.Deadline.UTC().Format(time.RFC3339))
	case IgnoredGate:
		return "The student has hidden it."
	case YearGate:
		return fmt.Sprintf("It asks for graduation in %v; the student graduates in %d.", o.GraduationYears, p.GraduationYear)
	case LocationGate:
		return fmt.Sprintf("It is in %q; the student looks in %q.", o.Locations, p.Locations)
	case NoSkillGate:
		if len(o.Skills) == 0 {
			return "It names no skill, so nothing can be matched."
		}
		return "The student has none of the skills it asks for."
	}
	return ""
}
