package rulesets

import (
	"math"
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// programs are a rule's expressions, ready to be evaluated.
type programs struct {
	when, opp, rearm, by program
	at                   program
	oncePer              []identifier // of once_per, or of the natural subject

	conjuncts []conjunct // of when
	atoms     []atom     // of when
}

// program is one expression; the zero value is one that is not there.
type program struct {
	native native // of a condition: the conjuncts that need no CEL; nil: there are none
	run    cel.Program
}

func (p program) given() bool { return p.native != nil || p.run != nil }

// eval gives nil for an error, and without a program.
func (p program) eval(s *Subject) ref.Val {
	if p.run == nil {
		return nil
	}
	v, _, err := p.run.Eval((*activation)(s))
	if err != nil || types.IsUnknownOrError(v) {
		return nil
	}
	return v
}

// truth joins the two halves of a condition as && would: false if one is.
func (p program) truth(s *Subject) Truth {
	first := True
	if p.native != nil {
		if first = p.native(s); first == False || p.run == nil {
			return first
		}
	}
	switch p.eval(s) {
	case types.True:
		return first
	case types.False:
		return False
	}
	return Unknown
}

func (p program) time(s *Subject) (time.Time, bool) {
	t, ok := p.eval(s).(types.Timestamp)
	return t.Time, ok
}

func (p program) number(s *Subject) (float64, bool) {
	switch v := p.eval(s).(type) {
	case types.Double:
		return float64(v), !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
	case types.Int:
		return float64(v), true
	}
	return 0, false
}

func (p programs) values(_ *Rule, s *Subject) ([]string, bool) {
	values := make([]string, len(p.oncePer))
	for i, one := range p.oncePer {
		text, ok := one.value(s)
		if !ok {
			return nil, false
		}
		values[i] = text
	}
	return values, true
}

// identifier is one expression of once_per: a field that holds a word, or any other.
type identifier struct {
	word    func(*Subject) (string, bool)
	program program
}

func (i identifier) value(s *Subject) (string, bool) {
	if i.word != nil {
		return i.word(s)
	}
	return plain(i.program.eval(s))
}

// plain writes a value so that equal values give equal texts, for good: it is
// part of the identity of notifications.
func plain(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case types.String:
		return string(v), true
	case types.Int:
		return strconv.FormatInt(int64(v), 10), true
	case types.Double:
		return strconv.FormatFloat(float64(v), 'g', -1, 64), true
	case types.Bool:
		return strconv.FormatBool(bool(v)), true
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339Nano), true
	case types.Duration:
		return v.String(), true
	}
	return "", false
}

// activation is a Subject as cel-go wants to see it: the same memory, so that
// an evaluation allocates nothing for it.
type activation Subject

// someNode stands for the place of an error that nobody asks about. An error
// without one is given the place of whoever meets it first, in the error itself:
// one that partitions share would be written to by all of them at once.
const someNode = 1

var unknownPart = types.NewErrWithNodeID(someNode, "not known here")

var _ = types.LabelErrNode(someNode, types.NoSuchOverloadErr()) // cel-go shares this one

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "opp":
		return known(a.Opp)
	case "student":
		return known(a.Student)
	case "match":
		return known(a.Match)
	case "app":
		return known(a.App)
	case "gap":
		return known(a.Gap)
	case "signal":
		return known(a.Signal)
	case "now":
		return types.Timestamp{Time: a.Now}, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

func known[P any](part *P) (any, bool) {
	if part == nil {
		return unknownPart, true
	}
	return part, true
}
