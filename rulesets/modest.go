package rulesets

// Limits of the source, beyond which reading it would take long or deep: the
// parser takes time and stack for every level.
const (
	maxSource = 512 << 10 // bytes; event.DecodeRuleset's
	maxLine   = 8 << 10   // characters
	maxDepth  = 200       // of brackets and braces that are open
)

// modest complains about a source that no person would write.
func (c *compiler) modest(source []byte) bool {
	if len(source) > maxSource {
		c.errorf(place{1, 1}, "is %d bytes; at most %d are allowed", len(source), maxSource)
		return false
	}
	depth := 0
	for i, line := range c.lines {
		if len(line) > maxLine {
			c.errorf(place{i + 1, 1}, "the line has %d characters; at most %d are allowed", len(line), maxLine)
			return false
		}
		for j, r := range line {
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			if depth > maxDepth { // quoted ones count too: that many are none the better
				c.errorf(place{i + 1, j + 1}, "%d brackets are open; at most %d are allowed", depth, maxDepth)
				return false
			}
		}
	}
	return true
}
