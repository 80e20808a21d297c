package rulesets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shape describes one value of the format. The same table checks a ruleset and
// makes the JSON Schema.
type shape struct {
	kind     kind
	doc      string
	fields   []member // of a mapping
	open     *shape   // of a mapping: what other keys hold; nil: there are none
	items    *shape   // of a list
	least    int      // items or entries
	most     int      // items, entries or characters; 0: no limit
	words    []string // what a text may be; nil: anything
	pattern  *regexp.Regexp
	means    string                    // what pattern stands for, in words
	check    func(value string) string // a complaint; empty: none
	low      float64                   // of a number
	high     float64
	whole    bool     // of a number
	examples []string // for the schema
	preset   string
}

type member struct {
	name     string
	required bool
	shape    *shape
}

// conform complains about everything in which a node differs from its shape.
func (c *compiler) conform(n *node, s *shape, name string) {
	if n.kind == refused {
		return
	}
	if !s.takes(n.kind) {
		c.errorf(n.place, "%s is %s; it must be %s", name, n.kind, s.wants())
		return
	}
	switch s.kind {
	case mapping:
		c.conformMapping(n, s, name)
	case sequence:
		if count := len(n.items); count < s.least {
			c.errorf(n.place, "%s is empty; at least %d needed", name, s.least)
		} else if s.most > 0 && count > s.most {
			c.errorf(n.place, "%s has %d items; at most %d are allowed", name, count, s.most)
		}
		for i, item := range n.items {
			c.conform(item, s.items, fmt.Sprintf("%s[%d]", name, i))
		}
	case number:
		c.conformNumber(n, s, name)
	default:
		c.conformText(n, s, name)
	}
}

// takes says whether a YAML kind will do: 3/d and true are texts where a text is asked for.
func (s *shape) takes(k kind) bool {
	return k == s.kind || s.kind == text && s.words == nil && (k == number || k == boolean)
}

func (s *shape) wants() string {
	switch {
	case s.words != nil:
		return "one of " + strings.Join(s.words, ", ")
	case s.means != "":
		return s.means
	}
	return string(s.kind)
}

func (c *compiler) conformMapping(n *node, s *shape, name string) {
	known := make([]string, len(s.fields))
	for i, m := range s.fields {
		known[i] = m.name
		if m.required && n.get(m.name) == nil {
			c.errorf(n.place, "%s lacks %q: %s", name, m.name, m.shape.doc)
		}
	}
	if s.most > 0 && len(n.pairs) > s.most {
		c.errorf(n.place, "%s has %d entries; at most %d are allowed", name, len(n.pairs), s.most)
	}
	for _, p := range n.pairs {
		key := p.key.value
		i := slices.Index(known, key)
		switch {
		case i >= 0:
			c.conform(p.value, s.fields[i].shape, key)
		case s.open == nil:
			c.errorf(p.key.place, "unknown field %q in %s%s", key, name, meant(key, known))
		case s.pattern != nil && !s.pattern.MatchString(key):
			c.errorf(p.key.place, "%q is no name; it must be %s", key, s.means)
		default:
			c.conform(p.value, s.open, key)
		}
	}
}

func (c *compiler) conformNumber(n *node, s *shape, name string) {
	v, err := strconv.ParseFloat(n.value, 64)
	switch {
	case err != nil:
		c.errorf(n.place, "%s is %q; it must be a number", name, n.value)
	case s.whole && v != float64(int64(v)):
		c.errorf(n.place, "%s is %s; it must be a whole number", name, n.value)
	case v < s.low || v > s.high:
		c.errorf(n.place, "%s is %s; it must be from %v to %v", name, n.value, s.low, s.high)
	}
}

func (c *compiler) conformText(n *node, s *shape, name string) {
	switch {
	case n.value == "" && s.kind == text:
		c.errorf(n.place, "%s is empty", name)
	case s.words != nil && !slices.Contains(s.words, n.value):
		c.errorf(n.place, "%s is %q; it must be one of %s%s", name, n.value, strings.Join(s.words, ", "), meant(n.value, s.words))
	case s.most > 0 && len(n.value) > s.most:
		c.errorf(n.place, "%s is %d bytes; at most %d are allowed", name, len(n.value), s.most)
	case s.pattern != nil && !s.pattern.MatchString(n.value):
		c.errorf(n.place, "%s is %q; it must be %s", name, n.value, s.means)
	case s.check != nil:
		if complaint := s.check(n.value); complaint != "" {
			c.errorf(n.place, "%s %s", name, complaint)
		}
	}
}

// between makes the check of a duration.
func between(low, high time.Duration) func(string) string {
	return func(value string) string {
		switch d, err := parseDuration(value); {
		case err != nil:
			return fmt.Sprintf("is %q; %v", value, err)
		case d < low || d > high:
			return fmt.Sprintf("is %s; it must be from %s to %s", value, formatDuration(low), formatDuration(high))
		}
		return ""
	}
}
