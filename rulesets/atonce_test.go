package rulesets_test

import (
	"sync"
	"testing"

	"tideline/rulesets"
)

// Partitions share compiled rules and work at the same time.
func TestARuleIsEvaluatedByManyAtOnce(t *testing.T) {
	r := rule(t, `opp.bucket == "hackathons" && match.overlap >= 0.5`, `at: opp.deadline - duration("48h")`)
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for range 100 {
				if _, known := r.At(&rulesets.Subject{}); known {
					t.Error("the deadline of nothing is known")
				}
				if got := r.When(&rulesets.Subject{}); got == rulesets.True {
					t.Error("nothing matches")
				}
			}
		})
	}
	working.Wait()
}
