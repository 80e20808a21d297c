package skills

import (
	"cmp"
	"slices"
)

// Verdict says what became of a spelling that a text holds.
type Verdict string

// The verdicts. Only Accepted ones are what Extract gives.
const (
	Accepted Verdict = "accepted"
	Doubtful Verdict = "doubtful" // the text does not say what the spelling's flag asks for
	Negated  Verdict = "negated"  // "no Java needed"
	Trapped  Verdict = "trap"     // part of a phrase that means no skill
)

// Finding is one spelling that a text holds.
type Finding struct {
	Skill      string // empty for a trap
	Spelling   string // as the text has it
	Start, End int    // bytes in the text
	Flag       string // of the spelling; empty if it always counts
	Verdict    Verdict
}

// Explain gives every spelling that a text holds, in the text's order, with
// what became of it: the reasons behind Extract.
func Explain(text string) []Finding {
	t := reading{tokens: tokenize(nil, text)}
	phrases := &words().phrases
	t.find(phrases)
	finding := func(m match, verdict Verdict) Finding {
		start, end := t.tokens[m.from].start, t.tokens[m.to-1].end
		return Finding{Spelling: text[start:end], Start: start, End: end, Flag: m.how.String(), Verdict: verdict}
	}
	var findings []Finding
	for i, m := range t.matches {
		verdict := Accepted
		switch {
		case !t.accepted(i):
			verdict = Doubtful
		case t.negated(m):
			verdict = Negated
		}
		f := finding(m, verdict)
		f.Skill = phrases.skills[m.skill]
		findings = append(findings, f)
	}
	for _, m := range t.traps {
		findings = append(findings, finding(m, Trapped))
	}
	slices.SortFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Start, b.Start) })
	return findings
}

// Why says in words why a finding does not count; nothing for one that does.
func (f Finding) Why() string {
	switch f.Verdict {
	case Negated:
		return "the text says that it is not asked for"
	case Trapped:
		return "a phrase that means no skill"
	case Doubtful:
		return "counts only " + conditions[flags[f.Flag]]
	default:
		return ""
	}
}

var conditions = map[how]string{
	capital: "with a capital, or in a list with other skills",
	upper:   "in capitals throughout, or in a list with other skills",
	context: "with a capital beside a telling word, or in a list with other skills",
	role:    "before a role, alone between punctuation, or in a list with other skills",
	strict:  "in a list with other skills or before a version number",
	tag:     "alone between semicolons",
	never:   "as the name of a skill, not in running text",
}

// String gives the flag as the table writes it; nothing for none.
func (h how) String() string {
	for flag, one := range flags {
		if one == h {
			return flag
		}
	}
	return ""
}
