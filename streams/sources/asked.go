package sources

import (
	"cmp"
	"maps"
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

// experienced is the level of who has used a skill for so many years; 0: not told.
func experienced(years int) int {
	switch {
	case years <= 0:
		return 0
	case years < 2:
		return 2
	case years < 4:
		return 3
	case years < 7:
		return 4
	}
	return event.MaxLevel
}

// Tagged gives the skills of a title and of tags, at one level and weight 1. A tag
// stands for itself: in a sentence go, c and r are words, as tags they are languages.
func Tagged(level int, title string, tags ...string) []event.RequiredSkill {
	return alike(level, named(title, tags))
}

// named are the skills of a title and of tags, sorted.
func named(title string, tags []string) []string {
	names := skills.Extract(title)
	for _, tag := range tags {
		if known := skills.Normalize(strings.TrimSpace(tag)); skills.Known(known) {
			names = append(names, known)
		} else {
			names = append(names, skills.Extract(tag)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Asked gives the skills that a posting asks for: those of the title and the tags
// weigh most, those that the text only prefers least. What the text says of a level
// holds, up to the highest, or else of years; where it says nothing, the posting's own
// does. Where the text is empty all weigh 1.
func Asked(level int, title, text string, tags ...string) []event.RequiredSkill {
	if strings.TrimSpace(text) == "" {
		return Tagged(level, title, tags...)
	}
	asked := map[string]event.RequiredSkill{}
	note := func(name string, hint, weight int) {
		old := asked[name]
		asked[name] = event.RequiredSkill{Name: name, Level: max(old.Level, hint), Weight: max(old.Weight, weight)}
	}
	for _, name := range named(title, tags) {
		note(name, 0, titled)
	}
	for _, r := range skills.Requirements(text) {
		weight := required
		if r.Need == skills.Preferred {
			weight = preferred
		}
		note(r.Skill, cmp.Or(r.Level, experienced(r.Years)), weight)
	}
	// A text may name more than a posting can hold: the heaviest stay.
	list := slices.SortedFunc(maps.Values(asked), func(a, b event.RequiredSkill) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Name, b.Name))
	})
	list = list[:min(len(list), event.MaxSkills)]
	for i := range list {
		list[i].Level = cmp.Or(list[i].Level, level)
	}
	slices.SortFunc(list, func(a, b event.RequiredSkill) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
