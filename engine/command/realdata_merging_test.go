//go:build !noembed

package command

import (
	"bytes"
	"os"
	"testing"

	"tideline/engine/harvest/same"
)

// TestRealPostingsMerge looks at the recordings under TIDELINE_DATA. The output, with
// -v, is to be read: whether two postings are one, people know.
func TestRealPostingsMerge(t *testing.T) {
	data := os.Getenv("TIDELINE_DATA")
	if data == "" {
		t.Skip("TIDELINE_DATA is not set")
	}
	var out bytes.Buffer
	m, err := (&realRun{data: data, out: &out}).mergeRecordings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	if len(m.pairs[same.ByATS]) < 50 || len(m.pairs[same.ByAddress]) < 10 || m.boards == 0 {
		t.Errorf("%d by ATS, %d by address, %d with a board's", len(m.pairs[same.ByATS]), len(m.pairs[same.ByAddress]), m.boards)
	}
}
