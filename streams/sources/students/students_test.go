package students

import (
	"maps"
	"os"
	"testing"

	"tideline/engine/event"
	"tideline/engine/skills"
	"tideline/streams/sources"
)

func TestRead(t *testing.T) {
	file, err := os.Open("testdata/answers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var records []sources.Record
	report, err := New().Read(t.Context(), file, "answers.jsonl", func(r sources.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Read != 5 || report.Kept != 2 || report.Unchanged != 1 || report.Skilled != 2 {
		t.Fatalf("report %+v", report)
	}
	if want := (map[event.Code]int{event.WrongType: 1, event.Missing: 1}); !maps.Equal(report.Rejected, want) {
		t.Errorf("rejected %v, want %v", report.Rejected, want)
	}
	for i, want := range []string{
		`{"id":"students:11","skills":[{"name":"flask","level":5},{"name":"fastapi","level":5},{"name":"aws","level":4},` +
			`{"name":"machine learning","level":5},{"name":"artificial intelligence","level":5},{"name":"python","level":5},` +
			`{"name":"backend development","level":5},{"name":"cloud computing","level":4}],"graduation_year":2028,"locations":["United States"]}`,
		`{"id":"students:12","skills":[{"name":"vercel","level":1}],"graduation_year":2030,"open_to_work":true}`,
	} {
		if got := string(records[i].Profile.Encode()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A misspelt name in the tables would make a skill that no posting asks for.
func TestTheTablesUseCanonicalSpellings(t *testing.T) {
	canonical := func(name string) {
		if !skills.Known(name) || skills.Normalize(name) != name {
			t.Errorf("%q is not a canonical spelling", name)
		}
	}
	for name, list := range implied {
		canonical(name)
		for _, skill := range list {
			canonical(skill)
		}
	}
	for _, list := range occupations {
		for _, skill := range list {
			canonical(skill)
		}
	}
}

func TestSkillsStayWithinTheContract(t *testing.T) {
	a := answer{DevType: "Full-Stack Developer"}
	a.Frameworks = append(a.Frameworks, skills.Names()...)
	if got := a.skills(); len(got) != event.MaxSkills {
		t.Errorf("%d skills, want %d", len(got), event.MaxSkills)
	}
}

func TestLevelAndGraduationYear(t *testing.T) {
	for _, c := range []struct {
		answer
		wantLevel, wantYear int
	}{
		{answer{}, 2, 0},
		{answer{Branch: "I used to be a developer by profession, but no longer am", Education: "Professional degree"}, 4, 2025},
		{answer{Branch: "I code primarily as a hobby", Education: "Secondary school"}, 3, 2028},
		{answer{Branch: "I am learning to code", Age: "Under 18 years old", Education: "Some college/university"}, 1, 2026},
		{answer{Branch: "I am a developer by profession", Education: "Bachelor’s degree", Employment: []string{"Student, part-time"}}, 4, 2027},
	} {
		if level, year := c.level(), c.graduationYear(); level != c.wantLevel || year != c.wantYear {
			t.Errorf("%+v: level %d and year %d, want %d and %d", c.answer, level, year, c.wantLevel, c.wantYear)
		}
	}
}
