package skills

// A negation reaches a skill over these words only: "no prior experience with
// Java", "Java or Python skills are not required".
var (
	negators = set(`no not without never non don doesn isn aren needn`)
	needs    = set(`needed required necessary mandatory expected`)
	fillers  = set(`a any and are background coding do does experience for have in is know knowledge need
		of or previous prior require skill skills the to use using will with you your`)
)

// reach bounds how many tokens away a negation may stand.
const reach = 8

// negated says whether the text says of this very place that the skill is not asked for.
func (t *reading) negated(m match) bool {
	if m.from > 0 && t.tokens[m.from].glued && t.tokens[m.from-1].text == "non" {
		return true
	}
	return t.negatedBefore(m.from) || t.negatedAfter(m.to)
}

func (t *reading) negatedBefore(from int) bool {
	for i := from - 1; i >= max(0, from-reach); i-- {
		if t.tokens[i].matched { // also keeps the "no" of "no-code" from denying what follows
			continue
		}
		if t.tokens[i].in(negators) {
			return true
		}
		if !t.passable(i) {
			return false
		}
	}
	return false
}

func (t *reading) negatedAfter(to int) bool {
	for i := to; i < min(len(t.tokens), to+reach); i++ {
		if t.tokens[i].matched {
			continue
		}
		if t.tokens[i].in(negators) {
			next := i + 1
			for next < len(t.tokens) && (t.tokens[next].text == "be" || t.tokens[next].text == "strictly") {
				next++
			}
			return next < len(t.tokens) && t.tokens[next].in(needs)
		}
		if !t.passable(i) {
			return false
		}
	}
	return false
}

// passable says whether a negation reaches over tokens[i]: a filler or a mark of an enumeration.
func (t *reading) passable(i int) bool {
	token := t.tokens[i]
	if !token.isWord() {
		return joins(token.mark) || token.mark == ','
	}
	return token.in(fillers)
}
