package command

import (
	"bytes"
	"strings"
	"testing"
)

func TestSkillsCommandShowsWhatATextYields(t *testing.T) {
	const want = `1:1   accepted  go                      "Go"
1:4   accepted  rust                    "Rust"
2:5   negated   java                    "Java"      the text says that it is not asked for
3:1   trap      -                       "T-Mobile"  a phrase that means no skill
3:13  doubtful  excel                   "excel"     counts only with a capital beside a telling word, or in a list with other skills
3:22  doubtful  information technology  "it"        counts only in capitals throughout, or in a list with other skills
4:17  accepted  python                  "Python"
skills:
  go, named
  python, required, level 4
  rust, named
`
	text := "Go/Rust\n…no Java needed.\nT-Mobile …, excel at it\nRequired: solid Python"
	for name, args := range map[string][]string{"argument": {"skills", text}, "standard input": {"skills"}} {
		var out bytes.Buffer
		cmd := New()
		cmd.SetArgs(args)
		cmd.SetIn(strings.NewReader(text))
		cmd.SetOut(&out)
		if err := cmd.Execute(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, out.String(), want)
		}
	}
}

func TestSkillsCommandSaysThatThereAreNone(t *testing.T) {
	var out bytes.Buffer
	cmd := New()
	cmd.SetArgs([]string{"skills", "A", "quiet", "afternoon"})
	cmd.SetOut(&out)
	if err := cmd.Execute(); err != nil || out.String() != "no skills\n" {
		t.Errorf("got %q and %v", out.String(), err)
	}
}
