// Package rulesets is the language in which a campus says who is told what:
// YAML that holds conditions in CEL.
//
// [Compile] reads a ruleset strictly, reports everything that is wrong with it
// at once, each with line, column and rule, and gives a [Set] of rules that can
// be evaluated. A rule's condition is also split into necessary conditions that
// an index can answer ([Narrow]), explained conjunct by conjunct ([Rule.Explain])
// and turned round ([Rule.Flip]).
//
// It guarantees that a compiled condition ends: its cost is bounded for values
// of the largest size, and it has no effects, no clock and no randomness.
//
// It leaves out when a rule fires (engine/partition), what the gates make of a
// firing (engine/notify) and the texts (rulesets/templates).
package rulesets
