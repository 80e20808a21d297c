package registry

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

var update = flag.Bool("update", false, "write testdata/records.golden anew")

// of an address that is another in every run.
var hash = regexp.MustCompile(`"(feed|jobposting):[0-9a-f]{16}"`)

func TestWhatIsMadeOfAnEntry(t *testing.T) {
	var got strings.Builder
	for _, p := range plays {
		s := newStage(t, p, 1)
		sink := sources.NewPoll(s.clock.Now(), func(r sources.Record) error {
			line := strings.ReplaceAll(string(r.Opportunity.Encode()), s.base, "http://server")
			fmt.Fprintf(&got, "%s\n  %s\n  undated %v, counters %v\n", p.name(), hash.ReplaceAllString(line, `"$1:..."`), r.Undated, r.Counters)
			return nil
		})
		if _, err := s.source.Poll(t.Context(), fetch.New(s.hosts, s.limits, &breaker.Breaker{}, nil), sink); err != nil {
			t.Errorf("%s: %v", p.name(), err)
		}
	}
	const golden = "testdata/records.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s\nlook at the difference after go test ./streams/sources/registry -update", got.String(), want)
	}
}
