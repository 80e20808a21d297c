package rulesets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"tideline/engine/event"
)

// Options adjust Compile.
type Options struct {
	// Normalize gives the canonical name of a skill, so that rules may use any
	// spelling; nil: names are taken as they are.
	Normalize func(skill string) string
	// Template says whether there is a text of that name; nil: all are taken to be there.
	Template func(name string) bool
}

// Compile reads, checks and compiles a ruleset. name is what problems call the
// source, such as its file name. All that is wrong is reported at once, in the
// order of the source; the set is nil when there is an error among it.
func Compile(name string, source []byte, options ...Options) (*Set, Problems) {
	c := &compiler{file: name, lines: linesOf(source)}
	if len(options) > 0 {
		c.options = options[0]
	}
	set := c.set(source)
	c.problems.sort()
	if len(c.problems.Errors()) > 0 {
		return nil, c.problems
	}
	return set, c.problems
}

// compiler compiles one ruleset.
type compiler struct {
	file     string
	lines    lines
	options  Options
	rule     string // the id of the rule at hand, for problems
	problems Problems
}

func (c *compiler) errorf(at place, format string, args ...any) {
	c.report(SeverityError, at, fmt.Sprintf(format, args...))
}

func (c *compiler) warnf(at place, format string, args ...any) {
	c.report(SeverityWarning, at, fmt.Sprintf(format, args...))
}

func (c *compiler) report(s Severity, at place, message string) {
	p := Problem{s, c.file, at.line, at.column, c.rule, message, c.lines.excerpt(at.line)}
	if !slices.Contains(c.problems, p) { // two uses of a let that is wrong are one problem
		c.problems = append(c.problems, p)
	}
}

func (c *compiler) set(source []byte) *Set {
	root := c.parse(source)
	if root == nil {
		return nil
	}
	if root.kind != mapping {
		c.errorf(root.place, "a ruleset is %s; it must be a mapping", root.kind)
		return nil
	}
	c.conformSet(root)
	sum := sha256.Sum256(source)
	set := &Set{Name: root.text("ruleset"), Digest: hex.EncodeToString(sum[:])}
	shared := c.lets(root.get("lets"), c.lists(root.get("lists")))
	var drafts []*draft
	seen := map[string]int{}
	for _, n := range rulesOf(root) {
		c.rule = n.text("id")
		if first, twice := seen[c.rule]; twice && c.rule != "" {
			c.errorf(n.get("id").place, "there is a rule of this id already, on line %d", first)
		} else if c.rule != "" {
			seen[c.rule] = n.get("id").place.line
		}
		d := c.draft(n, shared)
		if r := c.compileRule(d); r != nil {
			set.Rules = append(set.Rules, r)
			drafts = append(drafts, d)
		}
		c.rule = ""
	}
	if len(c.problems.Errors()) == 0 {
		c.subsumed(set.Rules, drafts)
	}
	return set
}

// conformSet checks the shape of the whole, each rule under its id.
func (c *compiler) conformSet(root *node) {
	head := *root
	head.pairs = nil
	rules := root.get("rules")
	for _, p := range root.pairs {
		if p.value != rules || rules.kind != sequence {
			head.pairs = append(head.pairs, p)
		} else {
			head.pairs = append(head.pairs, pair{p.key, &node{kind: sequence, place: p.value.place}})
		}
	}
	c.conform(&head, setShape, "the ruleset")
	if rules != nil && len(rules.items) > maxRules {
		c.errorf(rules.place, "there are %d rules; at most %d are allowed", len(rules.items), maxRules)
	}
	if rules == nil {
		return
	}
	for i, n := range rules.items {
		c.rule = n.text("id")
		c.conform(n, ruleShape, map[bool]string{true: "the rule", false: fmt.Sprintf("rules[%d]", i)}[c.rule != ""])
		c.rule = ""
	}
}

func rulesOf(root *node) (rules []*node) {
	if list := root.get("rules"); list != nil && list.kind == sequence && len(list.items) <= maxRules {
		for _, n := range list.items {
			if n.kind == mapping {
				rules = append(rules, n)
			}
		}
	}
	return rules
}

// notice reads how a rule's firings are delivered.
func (c *compiler) notice(n *node) event.Notice {
	notify := n.get("notify")
	notice := event.Notice{
		Category: notify.text("category"),
		Priority: event.Priority(or(notify.text("priority"), string(event.Normal))),
		Template: notify.text("template"),
	}
	if t := notify.get("template"); t != nil && c.options.Template != nil && idForm.MatchString(t.value) && !c.options.Template(t.value) {
		c.errorf(t.place, "there is no template %q", t.value)
	}
	if list := notify.get("channels"); list != nil {
		for i, item := range list.items {
			if channel := event.Channel(item.value); slices.Contains(notice.Channels, channel) {
				c.errorf(item.place, "channels[%d] is %q again", i, item.value)
			} else {
				notice.Channels = append(notice.Channels, channel)
			}
		}
	} else {
		notice.Channels = []event.Channel{event.InApp}
	}
	if d := notify.get("digest"); d != nil && d.kind == mapping {
		notice.Digest = &event.Digest{Window: event.Duration(durationOf(d, "window")), Max: int(numberOf(d, "max", 5)), Wait: d.is("wait")}
		if notice.Priority == event.High {
			c.errorf(d.place, "a rule of priority high never waits for a digest; leave one of them out")
		}
	}
	if b := n.get("budget"); b != nil {
		if budget, err := parseBudget(b.value); err == nil {
			notice.Budget = &budget
		}
	}
	return notice
}

func or(value, preset string) string {
	if value == "" {
		return preset
	}
	return value
}
