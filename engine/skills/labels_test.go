package skills

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/labels.tsv
var labels string

// label is what a person read from one title.
type label struct {
	file string
	line int
	want map[string]bool
}

func labelled(t *testing.T) []label {
	var list []label
	for text := range strings.Lines(labels) {
		if strings.HasPrefix(text, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(text, "\n"), "\t")
		line, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		l := label{fields[0], line, map[string]bool{}}
		for name := range strings.SplitSeq(fields[2], ",") {
			if name != "" && (!Known(name) || Normalize(name) != name) {
				t.Errorf("%s:%d: %q is no name of the vocabulary", l.file, l.line, name)
			}
			if name != "" {
				l.want[name] = true
			}
		}
		list = append(list, l)
	}
	return list
}

func TestLabelsAreOfTheVocabulary(t *testing.T) {
	if n := len(labelled(t)); n < 300 {
		t.Errorf("%d labels", n)
	}
}

// TestExtractionAgainstLabels measures precision and recall on the real titles
// under TIDELINE_DATA; -v shows what differs.
func TestExtractionAgainstLabels(t *testing.T) {
	root := os.Getenv("TIDELINE_DATA")
	if root == "" {
		t.Skip("TIDELINE_DATA is not set")
	}
	titles := map[string][]string{}
	var right, wrong, missed int
	for _, l := range labelled(t) {
		if titles[l.file] == nil {
			titles[l.file] = readTitles(t, filepath.Join(root, l.file))
		}
		title := titles[l.file][l.line-1]
		found := map[string]bool{}
		for _, name := range Extract(title) {
			found[name] = true
			if l.want[name] {
				right++
			} else {
				wrong++
				t.Logf("%s:%d: %q does not ask for %s", l.file, l.line, title, name)
			}
		}
		for name := range l.want {
			if !found[name] {
				missed++
				t.Logf("%s:%d: %q asks for %s", l.file, l.line, title, name)
			}
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("%d right, %d wrong, %d missed: precision %.3f, recall %.3f", right, wrong, missed, precision, recall)
	if precision < minPrecision || recall < minRecall {
		t.Errorf("precision %.3f, recall %.3f; must be at least %v and %v", precision, recall, minPrecision, minRecall)
	}
}

// What was measured when the labels were made, a little below.
const minPrecision, minRecall = 0.85, 0.77

func readTitles(t *testing.T, path string) []string {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var titles []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var entry struct{ Title string }
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		titles = append(titles, entry.Title)
	}
	return titles
}
