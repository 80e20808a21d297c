package funnel

import "time"

// Report is everything about some applications, of one period.
type Report struct {
	Snapshot  Snapshot      `json:"snapshot" doc:"where everybody stands now, whenever they applied"`
	Cohort    Cohort        `json:"cohort" doc:"how far those came who applied in the period"`
	Durations []Duration    `json:"durations" doc:"how long each stage takes, of the cohort"`
	Sources   []Source      `json:"sources" doc:"where the cohort came from"`
	Reasons   []ReasonCount `json:"reasons" doc:"why the cohort's applications ended, by side"`
}

// TellAll tells the stories of those that have one.
func TellAll(cases []Case) []Story {
	stories := make([]Story, 0, len(cases))
	for _, c := range cases {
		if s := Tell(c); s.Stage.Index() >= 0 {
			stories = append(stories, s)
		}
	}
	return stories
}

// ReportOf works everything out. What is usual is of all stories, whenever they began.
func ReportOf(stories []Story, from, to, now time.Time) Report {
	cohort := In(stories, from, to)
	return Report{
		Snapshot: SnapshotOf(stories), Cohort: CohortOf(cohort, Durations(stories, now), now),
		Durations: Durations(cohort, now), Sources: Sources(cohort), Reasons: Reasons(cohort),
	}
}
