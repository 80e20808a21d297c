package sources

import "testing"

func TestSeniorityOfTitles(t *testing.T) {
	for title, want := range map[string]Seniority{
		"Software Intern":               {"internship", 2, new(30.0)},
		"Co-op/Intern":                  {"internship", 2, new(30.0)},
		"Apprentice Optician":           {"internship", 2, new(30.0)},
		"Internal Audit Graduate":       {"job", 3, new(45.0)},
		"International Sales, New Grad": {"job", 3, new(45.0)},
		"Senior Engineer":               {"job", 4, new(75.0)},
		"Senior Staff Engineer":         {"job", 5, new(90.0)},
		"Intern to the Principal":       {"internship", 2, new(30.0)},
		"Backend Engineer":              {"job", 3, nil},
		"Entry Level Developer":         {"job", 3, new(45.0)},
		"Early Career Engineer":         {"job", 3, new(45.0)},
		"Software Interns 2026":         {"internship", 2, new(30.0)},
		"Lead Generation Executive":     {"job", 3, nil},
		"Lead Engineer":                 {"job", 4, new(75.0)},
	} {
		got := SeniorityOf(title)
		if got.Kind != want.Kind || got.Level != want.Level || (got.Difficulty == nil) != (want.Difficulty == nil) || want.Difficulty != nil && *got.Difficulty != *want.Difficulty {
			t.Errorf("%q: %+v", title, got)
		}
	}
}
