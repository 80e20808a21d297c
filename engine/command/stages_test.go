package command

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

func TestApplicationsAreCountedByStageOnceTheBoardIsLoaded(t *testing.T) {
	b, loaded := board.New(), false
	for i, s := range []event.Stage{event.Applied, event.Applied, event.Rejected} {
		path := []application.Change{{Seq: 1, Kind: event.Advance, To: s, At: time.Unix(0, 0)}}
		b.Put(board.RowOf(&application.Record{ID: string(rune('a' + i)), Opportunity: "j", Path: path}))
	}
	c := standing{b, func() bool { return loaded }}
	if n := testutil.CollectAndCount(c); n != 0 {
		t.Errorf("%d series before it is loaded", n)
	}
	loaded = true
	want := "# HELP tideline_applications Applications by stage; of all processes, each says the same.\n# TYPE tideline_applications gauge\n"
	for _, s := range event.Stages {
		want += "tideline_applications{stage=\"" + string(s) + "\"} " + map[event.Stage]string{event.Applied: "2", event.Rejected: "1"}[s] + "\n"
	}
	want = strings.ReplaceAll(want, "} \n", "} 0\n")
	if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
