package templates

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"tideline/engine/skills"
)

// words are what a language needs beside its templates. Every field is required.
type words struct {
	And         string            `yaml:"and"`
	Name        string            `yaml:"name"`       // "{title} at {organisation}"
	Percent     string            `yaml:"percent"`    // "{n}%"
	Date        string            `yaml:"date"`       // of {weekday}, {day}, {month}, {year}
	Moment      string            `yaml:"moment"`     // of {date}, {clock}
	Weekdays    []string          `yaml:"weekdays"`   // from Sunday
	Months      []string          `yaml:"months"`     // from January
	Untitled    map[string]string `yaml:"untitled"`   // by bucket; other; student
	Stages      map[string]string `yaml:"stages"`     // all of event.Stage
	Categories  map[string]string `yaml:"categories"` // those that have a name of their own
	Footer      string            `yaml:"footer"`     // with {category}
	Unsubscribe string            `yaml:"unsubscribe"`
	Open        string            `yaml:"open"`

	tag string
}

// functions are what texts may call.
//
//	percent .Overlap     82% (rounded down: nobody is promised more than there is)
//	date .Deadline       Monday, 3 August, in the recipient's zone
//	moment .At           Monday, 3 August at 10:00; in UTC it says so, because nobody lives there
//	join .Matched        Go, SQL and Docker
//	first 3 .Matched     the first three of a list
//	skill .Skill         the skill as people write it: AWS, not aws
//	stage .Stage         the stage in plain words
//	plural .Count "a" "b"  a for one, b for any other number
func (w *words) functions() template.FuncMap {
	return template.FuncMap{
		"percent": w.percent, "date": w.date, "moment": w.moment, "join": w.join, "stage": w.stage,
		"skill": spelling,
		"first": func(n int, list []string) []string { return list[:min(max(n, 0), len(list))] },
		"plural": func(n int, one, many string) string {
			if n == 1 {
				return one
			}
			return many
		},
	}
}

func (w *words) percent(share float64) string {
	// 0.29*100 is 28.999999999999996.
	n := int(math.Floor(min(max(share, 0), 1)*100 + 1e-9))
	return strings.ReplaceAll(w.Percent, "{n}", strconv.Itoa(n))
}

func (w *words) date(t *time.Time) string {
	if t == nil {
		return ""
	}
	return strings.NewReplacer("{weekday}", w.Weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()),
		"{month}", w.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year())).Replace(w.Date)
}

func (w *words) moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	text := strings.NewReplacer("{date}", w.date(t), "{clock}", t.Format("15:04")).Replace(w.Moment)
	if t.Location() == time.UTC {
		text += " UTC"
	}
	return text
}

func (w *words) join(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	last := len(list) - 1
	return fmt.Sprintf("%s %s %s", strings.Join(list[:last], ", "), w.And, list[last])
}

func (w *words) stage(name string) string {
	if text, ok := w.Stages[name]; ok {
		return text
	}
	return strings.ReplaceAll(clean(name), "_", " ")
}

// spellings are skills that people do not write as a word with a capital.
var spellings = map[string]string{
	"ai": "AI", "asp.net": "ASP.NET", "aws": "AWS", "c#": "C#", "c++": "C++", "css": "CSS", "gcp": "GCP", "github": "GitHub",
	"gitlab": "GitLab", "graphql": "GraphQL", "grpc": "gRPC", "html": "HTML", "ios": "iOS", "javascript": "JavaScript",
	"jquery": "jQuery", "llm": "LLM", "matlab": "MATLAB", "mongodb": "MongoDB", "mysql": "MySQL", "nlp": "NLP", "nosql": "NoSQL",
	"numpy": "NumPy", "opencv": "OpenCV", "php": "PHP", "postgresql": "PostgreSQL", "pytorch": "PyTorch", "rest": "REST",
	"sql": "SQL", "sqlite": "SQLite", "tensorflow": "TensorFlow", "typescript": "TypeScript", "ui": "UI", "ux": "UX",
	"next.js": "Next.js", "node.js": "Node.js", "vue": "Vue", "xml": "XML", "api": "API", "ci/cd": "CI/CD", "etl": "ETL",
}

// spelling writes a skill's canonical name as people do: AWS, Docker, machine learning.
func spelling(name string) string {
	if known, ok := spellings[name]; ok {
		return known
	}
	if name == "" || name != strings.ToLower(name) || strings.ContainsRune(name, ' ') || !skills.Known(name) {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// incomplete lists the words that lack entries, or have one too many.
func (w *words) incomplete() (wrong []string) {
	if n := len(w.Weekdays); n != 7 {
		wrong = append(wrong, fmt.Sprintf("words.weekdays has %d entries; it needs 7, from Sunday", n))
	}
	if n := len(w.Months); n != 12 {
		wrong = append(wrong, fmt.Sprintf("words.months has %d entries; it needs 12", n))
	}
	for _, group := range []struct {
		name string
		have map[string]string
		need []string
	}{
		{"untitled", w.Untitled, []string{"jobs", "hackathons", "content", "other", "student"}},
		{"stages", w.Stages, stageNames()},
	} {
		for _, key := range group.need {
			if group.have[key] == "" {
				wrong = append(wrong, fmt.Sprintf("words.%s.%s is missing", group.name, key))
			}
		}
		for key := range group.have {
			if !slices.Contains(group.need, key) {
				wrong = append(wrong, fmt.Sprintf("words.%s.%s is not one of %s", group.name, key, strings.Join(group.need, ", ")))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}
