//go:build crash && !noembed

package command

import (
	"testing"
	"time"
)

// applicationsOfSeason is the whole of it.
const (
	applicationsOfSeason = 3000
	longPatience         = 20 * time.Minute
)

func TestAWholeSeasonThroughTheAPIEqualsARecomputationFromTheTopics(t *testing.T) {
	ctx, a := runningAt(t, testConfig(t), time.Now, longPatience)
	playSeason(ctx, t, a, fromEnvironment(t, "TIDELINE_TEST_APPLICATIONS", applicationsOfSeason))
}
