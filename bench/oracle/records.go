package oracle

import (
	"encoding/json"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

type need struct{ level, weight int }

type opportunity struct {
	id, bucket, status string
	skills             map[string]need
	years              []int
	locations          []string
	remote             bool
	difficulty         *float64
	posted             time.Time
	deadline           *time.Time
	features           []string
}

type student struct {
	id        string
	partition int32
	skills    map[string]int
	year      int
	locations []string
	remote    bool
	seeking   bool
	career    *float64
	interview int            // -1: unknown
	ability   *float64       // of the two; see readScores
	gaps      map[string]gap // by the skill's canonical name
}

// gap is a skill that a student lacks.
type gap struct {
	severity float64
	since    *time.Time
}

type rawOpportunity struct {
	ID, Bucket, Kind, Title, Organisation, URL, Description, Source, Recruiter, Status string

	Skills []struct {
		Name          string
		Level, Weight *int // nil: left out
	}
	GraduationYears []int `json:"graduation_years"`
	Locations       []string
	Remote          bool
	Difficulty      *float64
	Workplace       string
	Language        string
	Compensation    *rawPay
	PostedAt        string `json:"posted_at"`
	Deadline        string
}

type rawPay struct {
	Min, Max               float64
	Currency, Period, Note string
}

func (p *rawPay) valid() bool {
	return p == nil || p.Min >= 0 && p.Min <= 1e12 && p.Max >= 0 && p.Max <= 1e12 && (p.Max == 0 || p.Max >= p.Min) &&
		slices.Contains([]string{"", "hour", "day", "week", "month", "year", "once"}, p.Period) && len(p.Currency) <= 3 && len(p.Note) <= 200
}

func (w *world) readOpportunities(records []Record) {
	w.opportunities = map[string]*opportunity{}
	for _, r := range records {
		if r.Key == "" {
			continue
		}
		if r.Value == nil {
			delete(w.opportunities, r.Key)
			continue
		}
		if o := w.parseOpportunity(r); o != nil {
			w.opportunities[o.id] = o
		}
	}
}

// parseOpportunity gives nil for a record that is not valid: it is as if it had not been written.
func (w *world) parseOpportunity(r Record) *opportunity {
	var raw rawOpportunity
	if json.Unmarshal(r.Value, &raw) != nil || raw.ID != r.Key || !validID(raw.ID) {
		return nil
	}
	if raw.Status == "" {
		raw.Status = "open"
	}
	posted, ok := parseDate(raw.PostedAt)
	if !ok || !r.Time.IsZero() && posted.After(r.Time.Add(24*time.Hour)) {
		return nil
	}
	valid := (raw.Bucket == "jobs" || raw.Bucket == "hackathons" || raw.Bucket == "content") &&
		(raw.Status == "open" || raw.Status == "closed") && !blank(raw.Title) && len(raw.Title) <= 500 &&
		len(raw.Kind) <= 200 && len(raw.Organisation) <= 200 && len(raw.URL) <= 2048 && len(raw.Description) <= 8192 &&
		len(raw.Source) <= 200 && len(raw.Recruiter) <= 128 && validScore(raw.Difficulty) &&
		len(raw.Skills) <= 64 && (raw.Bucket != "content" || len(raw.Skills) <= 50) && len(raw.GraduationYears) <= 16 && validPlaces(raw.Locations) &&
		slices.Contains([]string{"", "onsite", "hybrid", "remote"}, raw.Workplace) && len(raw.Language) <= 35 && raw.Compensation.valid()
	if !valid {
		return nil
	}
	o := &opportunity{
		id: raw.ID, bucket: raw.Bucket, status: raw.Status, remote: raw.Remote, years: raw.GraduationYears,
		difficulty: raw.Difficulty, posted: posted, skills: map[string]need{},
	}
	if raw.Deadline != "" {
		deadline, ok := parseDate(raw.Deadline)
		if !ok {
			return nil
		}
		o.deadline = &deadline
	}
	for _, y := range raw.GraduationYears {
		if y < 2000 || y > 2063 {
			return nil
		}
	}
	features := map[string]bool{}
	for _, s := range raw.Skills {
		level, ok := between(s.Level, 5, 3)
		weight, alsoOK := between(s.Weight, 10, 1)
		if !ok || !alsoOK || blank(s.Name) || len(s.Name) > 200 {
			return nil
		}
		name := w.skill(s.Name)
		o.skills[name] = need{max(level, o.skills[name].level), max(weight, o.skills[name].weight)}
		features["skill:"+name] = true
	}
	for _, l := range raw.Locations {
		o.locations = append(o.locations, folded(l))
	}
	if org := folded(raw.Organisation); org != "" {
		features["org:"+org] = true
	}
	if kind := folded(raw.Kind); kind != "" {
		features["kind:"+kind] = true
	}
	if raw.Remote {
		features["remote"] = true
	}
	o.features = sortedKeys(features)
	return o
}

type rawProfile struct {
	ID, Name string
	Skills   []struct {
		Name  string
		Level *int // nil: left out
	}
	GraduationYear int `json:"graduation_year"`
	Locations      []string
	Remote         *bool
	OpenToWork     bool `json:"open_to_work"`
	AIProfile      struct {
		CareerScore    *float64 `json:"career_score"`
		ActivityScore  *float64 `json:"activity_score"`
		InterviewScore *float64 `json:"interview_score"`
	} `json:"ai_profile"`
	Gaps []struct {
		Skill    string
		Severity float64
		Since    *time.Time
	}
}

func (w *world) readProfiles(records []Record) {
	w.students = map[string]*student{}
	for _, r := range records {
		if r.Value == nil {
			delete(w.students, r.Key)
			continue
		}
		if s := w.parseProfile(r); s != nil {
			w.students[s.id] = s
		}
	}
}

// parseProfile gives nil for a record that is not valid.
func (w *world) parseProfile(r Record) *student {
	var raw rawProfile
	if json.Unmarshal(r.Value, &raw) != nil || raw.ID != r.Key || !validID(raw.ID) || len(raw.Name) > 200 ||
		len(raw.Skills) > 64 || len(raw.Gaps) > 64 || !validPlaces(raw.Locations) ||
		raw.GraduationYear != 0 && (raw.GraduationYear < 2000 || raw.GraduationYear > 2063) ||
		!validScore(raw.AIProfile.CareerScore) || !validScore(raw.AIProfile.ActivityScore) || !validScore(raw.AIProfile.InterviewScore) {
		return nil
	}
	s := &student{
		id: raw.ID, partition: r.Partition, skills: map[string]int{}, year: raw.GraduationYear, gaps: map[string]gap{},
		remote: raw.Remote == nil || *raw.Remote, seeking: raw.OpenToWork, career: raw.AIProfile.CareerScore,
		interview: -1,
	}
	if own := raw.AIProfile.InterviewScore; own != nil {
		s.interview = int(math.Round(*own))
	}
	s.ability = ability(s.career, s.interview)
	for _, skill := range raw.Skills {
		level, ok := between(skill.Level, 5, 3)
		if !ok || blank(skill.Name) || len(skill.Name) > 200 {
			return nil
		}
		name := w.skill(skill.Name)
		s.skills[name] = max(s.skills[name], level)
	}
	for _, g := range raw.Gaps {
		if blank(g.Skill) || len(g.Skill) > 200 || g.Severity < 0 || g.Severity > 1 {
			return nil
		}
		name := w.skill(g.Skill)
		if old, twice := s.gaps[name]; !twice || g.Severity > old.severity { // of one named twice the more severe counts
			s.gaps[name] = gap{g.Severity, g.Since}
		}
	}
	for _, l := range raw.Locations {
		s.locations = append(s.locations, folded(l))
	}
	return s
}

type rawSignal struct {
	ID, Student, Kind, Opportunity, At string

	Position   int
	Propensity float64
	Features   []string
}

func parseSignal(r Record) (rawSignal, bool) {
	var s rawSignal
	if json.Unmarshal(r.Value, &s) != nil || s.Student != r.Key {
		return s, false
	}
	_, dated := parseDate(s.At)
	kinds := " impression click save unsave ignore unignore apply_click "
	ok := dated && validID(s.ID) && validID(s.Student) && validID(s.Opportunity) && s.Kind != "" &&
		strings.Contains(kinds, " "+s.Kind+" ") && s.Position >= 0 && s.Position <= 10000 &&
		s.Propensity >= 0 && s.Propensity <= 1 && len(s.Features) <= 96 && sort.StringsAreSorted(s.Features)
	for i, f := range s.Features {
		ok = ok && len(f) <= 208 && (i == 0 || f != s.Features[i-1])
	}
	return s, ok
}

func validID(id string) bool {
	return strings.TrimSpace(id) != "" && len(id) <= 128 && utf8.ValidString(id) && strings.IndexFunc(id, func(r rune) bool { return r < ' ' }) < 0
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// between checks a number from 1 to high; one that was left out is the default.
func between(v *int, high, otherwise int) (int, bool) {
	if v == nil {
		return otherwise, true
	}
	return *v, *v >= 1 && *v <= high
}

func validScore(v *float64) bool { return v == nil || *v >= 0 && *v <= 100 }

func validPlaces(list []string) bool {
	for _, l := range list {
		if blank(l) || len(l) > 200 {
			return false
		}
	}
	return len(list) <= 32
}

func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC().Truncate(time.Second)
			return t, t.Year() >= 2000 && t.Year() <= 2100
		}
	}
	return time.Time{}, false
}
