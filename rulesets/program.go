package rulesets

import "time"

type programs struct {
	when, opp, rearm, by program
	at                   program
}

type program struct{}

func (program) truth(*Subject) Truth                     { return Unknown }
func (program) time(*Subject) (time.Time, bool)          { return time.Time{}, false }
func (program) number(*Subject) (float64, bool)          { return 0, false }
func (programs) values(*Rule, *Subject) ([]string, bool) { return nil, false }

// Problem is one thing wrong with a ruleset.
type Problem struct{ Message string }

// Problems is everything wrong with a ruleset.
type Problems []Problem

func (p Problems) Error() string { return "" }

// Compile is not written yet.
func Compile(name string, source []byte) (*Set, Problems) { return nil, nil }
