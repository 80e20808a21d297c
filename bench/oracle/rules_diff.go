package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// DiffFirings compares what stands with what must and may.
func (r RuleResult) DiffFirings(stands map[Firing]bool) (list []Difference) {
	for f := range r.Must {
		if !stands[f] {
			list = append(list, Difference{Student: f.Student, Bucket: f.Rule, Want: "a firing about " + f.Opportunity + f.Gap, Got: "nothing"})
		}
	}
	for f := range stands {
		known := f.Rule == JobMatch || f.Rule == HackathonClosing || f.Rule == GapReminder
		if known && !r.Must[f] && !r.May[f] {
			list = append(list, Difference{Student: f.Student, Bucket: f.Rule, Want: "nothing", Got: "a firing about " + f.Opportunity + f.Gap})
		}
	}
	return list
}

// DiffCandidates compares what is shown as the best ten of a job. A candidate
// whose score is open may stand anywhere; everybody else is where they belong.
func (r RuleResult) DiffCandidates(job string, got []Ranked) (list []Difference) {
	wrong := func(want, got string) {
		list = append(list, Difference{Student: job, Bucket: TopCandidate, Want: want, Got: got})
	}
	want, sure := r.Candidates[job], 0
	for _, c := range want {
		if !c.Unlisted {
			sure++
		}
	}
	if len(got) > min(len(want), topCandidates) || len(got) < min(sure, topCandidates) {
		wrong(fmt.Sprintf("%d to %d candidates", min(sure, topCandidates), min(len(want), topCandidates)), fmt.Sprint(len(got)))
		return list
	}
	listed := map[string]bool{}
	for i, g := range got {
		listed[g.Student] = true
		if i > 0 && !better(got[i-1], g) {
			wrong("the better first", fmt.Sprintf("%s before %s", got[i-1].Student, g.Student))
		}
		at := slices.IndexFunc(want, func(c Ranked) bool { return c.Student == g.Student })
		if at < 0 {
			wrong("nobody who is not a candidate", g.Student)
		} else if c := want[at]; !c.Open && math.Abs(c.Score-g.Score) > 1e-9*c.Score {
			wrong(fmt.Sprintf("%s with %g", c.Student, c.Score), fmt.Sprint(g.Score))
		}
	}
	for _, c := range want {
		if !listed[c.Student] && !c.Open && !c.Unlisted && len(got) > 0 && better(c, got[len(got)-1]) {
			wrong(fmt.Sprintf("%s with %g", c.Student, c.Score), "they are not among the best")
		}
	}
	return list
}

// ParseFact reads a record of engine-state that remembers a firing; false when it
// is another record, or one of something that does not stand.
func ParseFact(key string, value []byte) (Firing, bool) {
	student, rest, _ := strings.Cut(key, "\x1f")
	what, _, _ := strings.Cut(rest, "\x1f")
	var raw struct {
		Rule, Opportunity, Gap, State string

		Withdrawn bool
	}
	if what != "rule" || value == nil || json.Unmarshal(value, &raw) != nil || raw.State != "fired" || raw.Withdrawn {
		return Firing{}, false
	}
	return Firing{raw.Rule, student, raw.Opportunity, raw.Gap}, true
}
