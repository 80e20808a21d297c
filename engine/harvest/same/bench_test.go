package same

import (
	"fmt"
	"strings"
	"testing"

	"tideline/engine/event"
)

// BenchmarkApply takes in a batch of new postings with texts of 5 KB, among 100,000,
// one in five listed elsewhere.
func BenchmarkApply(b *testing.B) {
	const batch = 200
	text := strings.Repeat("You build ferry timetables in Go with five others. ", 100)
	x, next := NewIndex(nil, nil), 0
	take := func(n int) {
		var changes []Change
		for range n {
			o := event.Opportunity{
				ID: fmt.Sprint("greenhouse:", 100000+next), Title: fmt.Sprint("Engineer ", next%900), Organisation: fmt.Sprint("Harbor ", next%5000),
				Locations: []string{"Pune", "India"}, URL: fmt.Sprint("https://boards.greenhouse.io/harbor/jobs/", 100000+next-next%5%2), Description: text,
			}
			kind := "greenhouse"
			if next%5 == 1 {
				kind, o.ID = "apify", fmt.Sprint("apify:", next)
			}
			changes = append(changes, Change{Member: NewMember(o, kind, kind), Open: true})
			next++
		}
		x.Apply(changes)
	}
	for range 100_000 / batch {
		take(batch)
	}
	for b.Loop() {
		take(batch)
	}
	b.ReportMetric(batch*60/(b.Elapsed().Seconds()/float64(b.N)), "postings/min")
}
