package skills

import (
	"fmt"
	"strings"
	"testing"
)

func TestRequirements(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                  "",
		"We write Python":                                   "python named",
		"Python required, Docker preferred":                 "docker preferred, python required",
		"Java is a must; Kotlin is nice to have":            "java required, kotlin preferred",
		"Must have: SQL, Git":                               "git required, sql required",
		"SQL and Git are mandatory.":                        "git required, sql required",
		"Python, SQL and Docker preferred":                  "docker preferred, python preferred, sql preferred",
		"Required: Python, Docker preferred":                "docker preferred, python required",
		"Python and, ideally, Docker":                       "docker preferred, python named",
		"You need Python. Bonus points for Docker":          "docker preferred, python required",
		"Nice-to-have: Terraform":                           "terraform preferred",
		"Python is a plus but not required":                 "python preferred",
		"A degree is not required. We use Python":           "python named",
		"Visa required. Python":                             "python named",
		"A degree is not required, we write Python":         "python named",
		"Ideally you bring a mug and a great smile\nPython": "python named", // too long for a heading
		"Optional\n- Docker\nThe team:\n- Git":              "docker preferred, git named",
		"Optional fun.\nPython":                             "python named",
		"Preferred Docker\nPython":                          "docker preferred, python named",
		"Lunch is optional\nPython":                         "python named",
		"No Java needed, Python required":                   "python required",
		"Docker preferred. Docker is required here":         "docker required",
	} {
		checkRequirements(t, text, want, func(r Requirement) string { return r.Need.String() })
	}
}

func TestRequirementsBelowHeadings(t *testing.T) {
	checkRequirements(t, `Our shop sells lamps and writes Ruby code
Requirements
- Python, three rounds of tests
- Travel is required
- Git. And patience
Nice to have:
- Docker, or Terraform
- Kafka is a must
About us
- MongoDB in every room`,
		"apache kafka required, docker preferred, git required, mongodb named, python required, ruby named, terraform preferred",
		func(r Requirement) string { return r.Need.String() })
}

func TestRequirementsHintLevelsAndYears(t *testing.T) {
	for text, want := range map[string]string{
		"Expert in Python":                                            "python 5/0",
		"Familiar with Python, SQL and Git":                           "git 2/0, python 2/0, sql 2/0",
		"Expert in Python, familiar with SQL":                         "python 5/0, sql 2/0",
		"Basic understanding of SQL":                                  "sql 1/0",
		"Working knowledge of Docker":                                 "docker 3/0",
		"Strong Python and a heart for SQL":                           "python 4/0, sql 0/0",
		"Python (advanced), SQL (basic), Git":                         "git 0/0, python 4/0, sql 1/0",
		"Docker: intermediate":                                        "docker 3/0",
		"Deep learning":                                               "deep learning 0/0",
		"3+ years of Python":                                          "python 0/3",
		"2-4 years with Docker, Kubernetes":                           "docker 0/2, kubernetes 0/2",
		"at least two years of hands-on SQL":                          "sql 3/2",
		"5 to 7 years of Python":                                      "python 0/5",
		"Python (3 years)":                                            "python 0/3",
		"Founded 30 years ago. Python":                                "python 0/0",
		"Strong will. Python":                                         "python 0/0",
		"Basic SQL. Expert SQL":                                       "sql 5/0",
		"Strong in all of the many things that one could do with Git": "git 0/0",
	} {
		checkRequirements(t, text, want, func(r Requirement) string { return fmt.Sprintf("%d/%d", r.Level, r.Years) })
	}
}

func checkRequirements(t *testing.T, text, want string, show func(Requirement) string) {
	t.Helper()
	var got []string
	for _, r := range Requirements(text) {
		got = append(got, r.Skill+" "+show(r))
	}
	if got := strings.Join(got, ", "); got != want {
		t.Errorf("Requirements(%q)\n got %q\nwant %q", text, got, want)
	}
}

func FuzzRequirementsAreWhatExtractFinds(f *testing.F) {
	for _, seed := range []string{"Required: C++, Go (expert)\n- 3-5 years", "a:\nPython (", "no\xff, Java -", "preferred", "-\n:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got []string
		for _, r := range Requirements(text) {
			got = append(got, r.Skill)
			if r.Level < 0 || r.Level > 5 || r.Years < 0 || r.Years > 40 || r.Need < Named || r.Need > Required {
				t.Errorf("Requirements(%q) gives %+v", text, r)
			}
		}
		if want := Extract(text); strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("Requirements(%q) finds %q, Extract %q", text, got, want)
		}
	})
}
