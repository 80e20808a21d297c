package skills

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestNormalizeGivesTheCanonicalSpelling(t *testing.T) {
	for name, want := range map[string]string{
		"python":                   "python",
		"  Python3 ":               "python",
		"K8S":                      "kubernetes",
		"Node.JS":                  "node.js",
		"C Sharp":                  "c#",
		"Amazon\t Web\n Services":  "aws",
		"machine  learning":        "machine learning",
		"ML":                       "machine learning",
		"Golang":                   "go",
		"  Underwater  Basket\tX ": "underwater basket x",
		"":                         "",
		" \u00a0 ":                 "",
		"ÜBER Ding":                "über ding",
		"\xffA":                    "\ufffda",
	} {
		if got := Normalize(name); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNormalizeDoesNotAllocateForKnownNames(t *testing.T) {
	for _, name := range []string{"python", "  Amazon  Web Services ", "underwater basket weaving"} {
		if n := testing.AllocsPerRun(100, func() { Normalize(name) }); n != 0 {
			t.Errorf("Normalize(%q) allocates %v times", name, n)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"Python 3", "  C++ ", "İ", "ǅ x", "\xff", "a\u2003b", "K", "ſ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		once := Normalize(name)
		if twice := Normalize(once); twice != once {
			t.Errorf("Normalize is not idempotent: %q -> %q -> %q", name, once, twice)
		}
		if once != strings.Join(strings.Fields(once), " ") || strings.ContainsFunc(once, func(r rune) bool { return unicode.ToLower(r) != r }) {
			t.Errorf("Normalize(%q) = %q is not folded", name, once)
		}
	})
}

// An independent reading of the table: what an oracle would write from the
// format's description alone.
func TestTableCanBeReadByItsDescription(t *testing.T) {
	seen, names := map[string]string{}, []string{}
	for line := range strings.SplitSeq(Table(), "\n") {
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		columns := strings.Split(line, "\t")
		names = append(names, columns[0])
		spellings := columns[:1:1]
		if len(columns) > 1 && columns[1] != "" {
			spellings = append(spellings, strings.Split(columns[1], ",")...)
		}
		for _, spelling := range spellings {
			if other, twice := seen[spelling]; twice {
				t.Errorf("%q stands under %q and %q", spelling, other, columns[0])
			}
			seen[spelling] = columns[0]
			if got := Normalize(spelling); got != columns[0] {
				t.Errorf("Normalize(%q) = %q, the table says %q", spelling, got, columns[0])
			}
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, Names()) {
		t.Error("Names() and the table disagree")
	}
	if len(names) < 300 || len(seen) < 1000 {
		t.Errorf("only %d skills and %d spellings", len(names), len(seen))
	}
}

func TestKnownFollowsAliases(t *testing.T) {
	if !Known(" ReactJS ") || Known("basket weaving") {
		t.Error("Known must be true for aliases in any spelling, false for others")
	}
}

func TestParseRefusesBrokenTables(t *testing.T) {
	for want, text := range map[string]string{
		"already means":             "go\tgolang\nrust\tgolang\n",
		"must be lower case":        "Go\n",
		"single blanks":             "go\tgo  lang\n",
		"names a spelling":          "go\tgolang\tcontext:gopher\n",
		"is none of":                "go\t\tsometimes\n",
		"columns":                   "go\t\t\tx\n",
		"has no word":               "?!\n",
		"reads like another":        "a\tfront-end\nb\tfront end\n",
		"line 3":                    "# head\n\nC\n",
		"must be lower case with s": "go\tgolang,\n",
	} {
		if _, err := parse(text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%q): error %v, want one about %q", text, err, want)
		}
	}
	if _, err := parse("go\n", "go\n"); err == nil || !strings.Contains(err.Error(), "skill traps, line 1") {
		t.Errorf("a trap equal to a skill: error %v", err)
	}
}

func BenchmarkNormalize(b *testing.B) {
	for name, input := range map[string]string{"canonical": "kubernetes", "alias": " Amazon Web  Services", "unknown": "basket weaving"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Normalize(input)
			}
		})
	}
}
