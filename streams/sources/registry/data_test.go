package registry

import (
	"os"
	"path/filepath"
	"testing"

	"tideline/streams/sources"
)

// TestRealRecordings reads the real recordings under TIDELINE_DATA and checks
// that the accounts add up and that little is refused.
func TestRealRecordings(t *testing.T) {
	root := os.Getenv("TIDELINE_DATA")
	if root == "" {
		t.Skip("TIDELINE_DATA is not set")
	}
	for name, pattern := range map[string]string{
		"internships": "internships/summer2025-events.jsonl.gz",
		"greenhouse":  "greenhouse/early-career.jsonl",
		"devpost":     "devpost/*.json",
		"hackernews":  "trending/hackernews-items.jsonl",
		"students":    "students/students.jsonl",
	} {
		t.Run(name, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(files) == 0 {
				t.Fatalf("no files match %s: %v", pattern, err)
			}
			format := Formats()[name]()
			var total sources.Report
			standing := map[string]bool{}
			for _, file := range files {
				total.Add(read(t, format, file, standing))
			}
			t.Logf("read %d, kept %d (%d with skills, %d deletions), unchanged %d, rejected %v; %d stand at the end",
				total.Read, total.Kept, total.Skilled, total.Deleted, total.Unchanged, total.Rejected, len(standing))
			for _, s := range total.Samples {
				t.Logf("%s: %s: %.200s", s.Where, s.Reason, s.Detail)
			}
			if total.Read != total.Kept+total.Unchanged+total.Refused() {
				t.Error("the account does not add up")
			}
			if total.Kept == 0 || total.Refused()*50 > total.Read {
				t.Error("more than 2% were refused, or nothing was kept")
			}
		})
	}
}

func read(t *testing.T, format sources.Format, file string, standing map[string]bool) sources.Report {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	report, err := format.Read(t.Context(), f, filepath.Base(file), func(r sources.Record) error {
		if r.Deleted {
			delete(standing, r.ID)
		} else {
			standing[r.ID] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}
