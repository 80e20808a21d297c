package skills

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/labels.tsv
var labelled string

// label is what one text was labelled with.
type label struct {
	item
	hash           string
	asked, unknown []string
}

func labels(t *testing.T) (all []label) {
	t.Helper()
	list := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	}
	for number, line := range lines(labelled) {
		columns := strings.Split(line, "\t")
		if len(columns) != 5 {
			t.Fatalf("labels, line %d: %d columns, want 5", number, len(columns))
		}
		l := label{item: item{file: columns[0], place: columns[1]}, hash: columns[2], asked: list(columns[3])}
		for _, name := range list(columns[4]) {
			if Known(name) {
				l.asked = append(l.asked, Normalize(name)) // the vocabulary has learnt it since
			} else {
				l.unknown = append(l.unknown, name)
			}
		}
		all = append(all, l)
	}
	return all
}

func TestLabelsUseTheVocabulary(t *testing.T) {
	all := labels(t)
	if len(all) < 300 {
		t.Errorf("only %d labelled texts", len(all))
	}
	for _, l := range all {
		for _, name := range l.asked {
			if Normalize(name) != name || !Known(name) {
				t.Errorf("%s is labelled %q, which is no canonical spelling", l.at(), name)
			}
		}
	}
}

// Who asks how well job postings are read must not be answered with articles.
func TestMostLabelledTextsAreJobPostings(t *testing.T) {
	postings := map[string]bool{}
	for _, l := range labels(t) {
		if isPosting(l.file) {
			postings[l.hash] = true
		}
	}
	if len(postings) < 300 {
		t.Errorf("only %d labelled texts are job postings; draw and label more (see sample_test.go)", len(postings))
	}
}

// floors are a little under what was measured: precision, recall, and recall
// where skills that the vocabulary lacks count as missed.
var floors = struct{ precision, recall, overall float64 }{0.96, 0.86, 0.81}

// TestPrecisionAndRecall measures Extract on the sample. Half A, by the parity of
// the text's digest, is the one to improve the vocabulary on; half B is held out:
// look at its figures, not at its texts.
func TestPrecisionAndRecall(t *testing.T) {
	root := os.Getenv("TIDELINE_DATA")
	if root == "" {
		t.Skip("TIDELINE_DATA is not set")
	}
	all := labels(t)
	texts := map[string]picked{}
	sample := draw(corpus{t, root})
	for _, p := range sample {
		texts[p.at()] = p
	}
	if len(sample) != len(all) {
		t.Errorf("%d texts are drawn and %d are labelled", len(sample), len(all))
	}
	halves := map[bool]*tally{true: newTally(), false: newTally()}
	both := newTally()
	kinds := map[string]*tally{}
	for _, l := range all {
		p, drawn := texts[l.at()]
		if !drawn {
			t.Errorf("%s is labelled and not drawn: the data under TIDELINE_DATA or the rule of sample_test.go is another one", l.at())
			continue
		}
		if digest(p.text)[:8] != l.hash {
			t.Errorf("the text at %s hashes to %s; %s was labelled: the data is another one, label it anew", l.at(), digest(p.text)[:8], l.hash)
			continue
		}
		l.text = p.text
		a := strings.Contains("02468ace", l.hash[7:])
		halves[a].count(l)
		both.count(l)
		for _, kind := range kindsOf(p, a) {
			if kinds[kind] == nil {
				kinds[kind] = newTally()
			}
			kinds[kind].count(l)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%s: %v", kind, kinds[kind])
	}
	t.Logf("half A: %v", halves[true])
	t.Logf("half B: %v", halves[false])
	t.Logf("both:   %v", both)
	for _, class := range slices.Sorted(maps.Keys(both.classes)) {
		t.Logf("  %-8s %v", class, both.classes[class])
	}
	t.Logf("worst of half A: wrong %s", halves[true].worst(halves[true].wrong))
	t.Logf("worst of half A: missed %s", halves[true].worst(halves[true].lost))
	if os.Getenv("TIDELINE_LABELS") != "" {
		t.Log("disagreements of half A:\n" + strings.Join(halves[true].notes, "\n"))
	}
	precision, recall, overall := both.figures()
	if precision < floors.precision || recall < floors.recall || overall < floors.overall {
		t.Errorf("precision %.3f, recall %.3f, overall %.3f are below the floors %v", precision, recall, overall, floors)
	}
}

// kindsOf names the sets of texts whose figures are told apart.
func kindsOf(p picked, a bool) []string {
	set, half := "not job postings", "half B"
	if isPosting(p.file) {
		set = "job postings"
	}
	if a {
		half = "half A"
	}
	kinds := []string{set, set + ", " + half, p.stratum}
	if strings.HasPrefix(p.stratum, second) {
		kinds = append(kinds, second+"all", second+"all, "+half)
	}
	return kinds
}

// score counts decisions about one skill in one text.
type score struct{ right, wrong, missed int }

func (s score) String() string {
	return fmt.Sprintf("right %d, wrong %d, missed %d: precision %.3f, recall %.3f",
		s.right, s.wrong, s.missed, ratio(s.right, s.wrong), ratio(s.right, s.missed))
}

func ratio(part, rest int) float64 {
	if part+rest == 0 {
		return 1
	}
	return float64(part) / float64(part+rest)
}

// tally is what a set of texts gave.
type tally struct {
	score
	texts, unknown int
	classes        map[string]*score // by the flag of the spelling
	wrong, lost    map[string]int    // by skill
	notes          []string
}

func newTally() *tally {
	return &tally{classes: map[string]*score{}, wrong: map[string]int{}, lost: map[string]int{}}
}

// The classes beside the flags.
const (
	plainly   = "no flag"
	unspelled = "unspelt" // the text holds no spelling of the skill
)

func (t *tally) class(name string) *score {
	if t.classes[name] == nil {
		t.classes[name] = &score{}
	}
	return t.classes[name]
}

func (t *tally) count(l label) {
	found := Extract(l.text)
	t.texts++
	t.unknown += len(l.unknown)
	var wrong, lost []string
	for _, name := range found {
		class := t.class(classOf(l.text, name, true))
		if slices.Contains(l.asked, name) {
			t.right++
			class.right++
		} else {
			t.score.wrong++
			class.wrong++
			t.wrong[name]++
			wrong = append(wrong, name)
		}
	}
	for _, name := range l.asked {
		if !slices.Contains(found, name) {
			t.missed++
			t.class(classOf(l.text, name, false)).missed++
			t.lost[name]++
			lost = append(lost, name)
		}
	}
	if len(wrong)+len(lost) > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%s %s: wrong %q, missed %q: %.150s", l.file, l.place, wrong, lost, l.text))
	}
}

// classOf gives the flag of the spelling that decided about a skill: of the
// first that was accepted, or that was not.
func classOf(text, skill string, accepted bool) string {
	for _, f := range Explain(text) {
		if f.Skill == skill && (f.Verdict == Accepted) == accepted {
			if f.Flag == "" {
				return plainly
			}
			return f.Flag
		}
	}
	return unspelled
}

func (t *tally) figures() (precision, recall, overall float64) {
	return ratio(t.right, t.score.wrong), ratio(t.right, t.missed), ratio(t.right, t.missed+t.unknown)
}

func (t *tally) String() string {
	_, _, overall := t.figures()
	return fmt.Sprintf("%d texts, %v; %d more are not in the vocabulary: overall recall %.3f", t.texts, t.score, t.unknown, overall)
}

// worst names the skills that were most often on the wrong side.
func (t *tally) worst(counts map[string]int) string {
	names := slices.Collect(maps.Keys(counts))
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	var text []string
	for _, name := range names[:min(len(names), 12)] {
		text = append(text, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(text, ", ")
}
