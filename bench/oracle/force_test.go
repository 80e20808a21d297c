package oracle

import (
	"fmt"
	"testing"
	"time"
)

var came = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// written makes records at the given minutes after the rules came.
func written(key string, at []int, value func(i int) string) (list []Record) {
	for i, m := range at {
		list = append(list, Record{Key: key, Offset: int64(i), Value: []byte(value(i)), Time: came.Add(time.Duration(m) * time.Minute)})
	}
	return list
}

func TestWhatIsClaimedHangsOnWhenItWasWrittenAndWhenTheRulesCame(t *testing.T) {
	job := func(skill string) string {
		return fmt.Sprintf(`{"id":"o","bucket":"jobs","title":"t","status":"open","posted_at":"2026-04-30T00:00:00Z","skills":[{"name":%q,"level":3,"weight":1}]}`, skill)
	}
	rules := func(digests ...string) (list []Record) {
		for i, d := range digests {
			list = append(list, Record{Key: "campus", Offset: int64(i), Value: fmt.Appendf(nil, `{"ruleset":{"digest":%q}}`, d), Time: came})
		}
		return list
	}
	firing := Firing{Rule: JobMatch, Student: "s", Opportunity: "o"}
	for name, c := range map[string]struct {
		job, student []int    // minutes
		skills       []string // of the versions of the job; "go" is what the student has
		rulesets     []Record
		torn         bool // an earlier version of the job may be lost
		want         string
	}{
		"long before":                   {job: []int{-60}, student: []int{-50}, want: "refused"},
		"long before, and sent again":   {job: []int{-60, 20, 30}, student: []int{-50}, want: "refused"},
		"long before, the student anew": {job: []int{-60}, student: []int{-50, 30}, want: "refused"},
		"the job since":                 {job: []int{30}, student: []int{-50}, want: "required"},
		"the student since":             {job: []int{-60}, student: []int{30}, want: "required"},
		"a moment before":               {job: []int{-1}, student: []int{-50}, want: "open"},
		"matches since":                 {job: []int{-60, 30}, student: []int{-50}, skills: []string{"sql", "go"}, want: "required"},
		"ended and risen since":         {job: []int{-60, 30, 40}, student: []int{-50}, skills: []string{"go", "sql", "go"}, want: "open"},
		"ended":                         {job: []int{-60, 30}, student: []int{-50}, skills: []string{"go", "sql"}, want: "refused"},
		"another text before":           {job: []int{-60}, student: []int{-50}, rulesets: rules("old", "d"), want: "open"},
		"the same text again":           {job: []int{-60}, student: []int{-50}, rulesets: rules("d", "d"), want: "refused"},
		"a log that was compacted":      {job: []int{-60}, student: []int{-50}, rulesets: rules("", "d")[1:], want: "open"},
		"told of what matched": {job: []int{-60}, student: []int{-50}, rulesets: []Record{{
			Key: "campus", Value: []byte(`{"ruleset":{"digest":"d","send":5}}`), Time: came,
		}}, want: "open"},
		"an earlier version is lost": {job: []int{30}, student: []int{-50}, torn: true, want: "open"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := Logs{
				Opportunities: written("o", c.job, func(i int) string {
					if len(c.skills) > 0 {
						return job(c.skills[i])
					}
					return fmt.Sprintf("%s%*s", job("go"), i, "") // the same, and another record
				}),
				Profiles: written("s", c.student, func(int) string { return `{"id":"s","skills":[{"name":"go","level":3}]}` }),
				Rulesets: c.rulesets,
			}
			if c.rulesets == nil {
				logs.Rulesets = rules("d")
			}
			if c.torn {
				logs.Opportunities[0].Offset = 7
			}
			weights := Weights{Overlap: 1, Fit: 1, Interest: 1, Sigma: 40, HalfLife: time.Hour}
			r := Rules(logs, Config{
				Weights: map[string]Weights{"jobs": weights}, Now: func(int32) time.Time { return came.Add(time.Hour) },
				Digest: "d", Acted: func(int32) time.Time { return came }, Skew: time.Second,
			})
			got := "refused"
			switch {
			case r.Must[firing]:
				got = "required"
			case r.May[firing]:
				got = "open"
			}
			if got != c.want {
				t.Errorf("it is %s, want %s", got, c.want)
			}
		})
	}
}
