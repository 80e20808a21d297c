package sources

import (
	"strings"
)

// Seniority is what a title says about whom a job is for.
type Seniority struct {
	Kind       string   // internship or job
	Level      int      // asked of skills, 1..5
	Difficulty *float64 // 0..100; nil: the title does not say
}

// grades in the order in which they count: an intern stays one, whoever they work for.
var grades = []struct {
	words      string
	level      int
	difficulty float64
}{
	{" intern interns internship internships co-op coop apprentice apprenticeship trainee werkstudent werkstudentin praktikum praktikant praktikantin stagiaire ", 2, 30},
	{" junior graduate graduates grad entry-level early-career fresher freshers jr ", 3, 45},
	{" principal staff director head vp chief distinguished ", 5, 90},
	{" senior sr lead ", 4, 75},
}

// joined are two words that mean something else than each.
var joined = strings.NewReplacer("entry level", "entry-level", "early career", "early-career", "co op", "co-op", "lead generation", "lead-generation")

// SeniorityOf reads a title.
func SeniorityOf(title string) Seniority {
	words := strings.FieldsFunc(joined.Replace(strings.ToLower(title)), func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	for i, grade := range grades {
		for _, word := range words {
			if !strings.Contains(grade.words, " "+strings.Trim(word, "-")+" ") {
				continue
			}
			kind := "job"
			if i == 0 {
				kind = "internship"
			}
			return Seniority{kind, grade.level, new(grade.difficulty)}
		}
	}
	return Seniority{Kind: "job", Level: 3}
}
