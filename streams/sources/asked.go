package sources

import (
	"slices"
	"strings"

	"tideline/engine/event"
	"tideline/engine/skills"
)

// Weights of skills by where a posting names them.
const (
	preferred = 1
	required  = 2
	titled    = 3
)

// Asked gives the skills that a posting asks for, at one level: those of the
// title weigh most, those that the text only prefers least. Where the text is
// empty all weigh 1.
func Asked(level int, title, text string) []event.RequiredSkill {
	if strings.TrimSpace(text) == "" {
		return Required(level, title)
	}
	weights := map[string]int{}
	var order []string
	note := func(weight int, text string) {
		for _, name := range skills.Extract(text) {
			if weights[name] == 0 {
				order = append(order, name)
			}
			weights[name] = max(weights[name], weight)
		}
	}
	note(titled, title)
	need, want := parts(text)
	note(required, need)
	note(preferred, want)
	// A text may name more than a posting can hold: the heaviest stay.
	slices.SortStableFunc(order, func(a, b string) int { return weights[b] - weights[a] })
	order = order[:min(len(order), event.MaxSkills)]
	slices.Sort(order)
	var asked []event.RequiredSkill
	for _, name := range order {
		asked = append(asked, event.RequiredSkill{Name: name, Level: level, Weight: weights[name]})
	}
	return asked
}

// parts tells what a text requires from what it prefers: a line that is a heading
// decides for the lines below it, a sentence for itself.
func parts(text string) (need, want string) {
	var needs, wants strings.Builder
	wished := false
	for line := range strings.Lines(text) {
		lower := strings.ToLower(line)
		prefers := contains(lower, preferences)
		if heading(line) {
			wished = prefers
		}
		if wished || prefers {
			wants.WriteString(line + " ; ")
		} else {
			needs.WriteString(line + " ; ")
		}
	}
	return needs.String(), wants.String()
}

var preferences = []string{"nice to have", "nice-to-have", "good to have", "preferred", "bonus", "a plus", "is a plus", "ideally", "desirable", "advantageous", "optional"}

// heading says whether a line stands over others: short, and no item of a list.
func heading(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) < 60 && !strings.HasPrefix(line, "- ") && !strings.ContainsAny(strings.TrimSuffix(line, "."), ".;,")
}

func contains(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
