package rulesets

import (
	"regexp"
	"time"
)

// APIVersion is what a ruleset's apiVersion must be.
const APIVersion = "tideline/v1"

// Limits of one ruleset.
const (
	maxRules      = 500
	maxExpression = 4096 // bytes of one expression
	maxLets       = 64
	maxListItems  = 1000
	maxText       = 400 // characters of a conjunct shown to people
)

var (
	idForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	wordForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$`)
)

const (
	idMeans   = "small letters, digits and hyphens, at most 64"
	nameMeans = "a small letter, then small letters, digits and underscores, at most 64"
)

func idShape(doc string, examples ...string) *shape {
	return &shape{kind: text, doc: doc, pattern: idForm, means: idMeans, examples: examples}
}

func expressionShape(doc string, examples ...string) *shape {
	return &shape{kind: text, doc: doc, means: "an expression in CEL", most: maxExpression, examples: examples}
}

func durationShape(doc, preset string, low, high time.Duration) *shape {
	return &shape{kind: text, doc: doc, means: "a duration such as 30m, 6h30m, 14d or 2w", check: between(low, high), preset: preset, examples: []string{"6h", "14d"}}
}

func letsShape(doc string) *shape {
	return &shape{kind: mapping, doc: doc, pattern: nameForm, means: nameMeans, most: maxLets, open: expressionShape("An expression that others may name.")}
}

// setShape is the whole format.
var setShape = &shape{
	kind: mapping,
	doc:  "A ruleset of Tideline: who is told what.",
	fields: []member{
		{"apiVersion", true, &shape{kind: text, doc: "The version of this format.", words: []string{APIVersion}}},
		{"ruleset", true, idShape("The name of the set.", "campus")},
		{"description", false, &shape{kind: text, doc: "What the set is for.", most: 2000}},
		{"lets", false, letsShape("Expressions by name, for all rules of the set.")},
		{"lists", false, &shape{
			kind: mapping, doc: "Lists of constants by name, for use with `in`.", pattern: nameForm, means: nameMeans, most: maxLets,
			open: &shape{kind: sequence, doc: "Constants of one kind.", least: 1, most: maxListItems, items: &shape{kind: text, doc: "A text, a number, true or false.", most: 200}},
		}},
		{"rules", true, &shape{kind: sequence, doc: "The rules.", most: maxRules, items: ruleShape}},
	},
}

var ruleShape = &shape{
	kind: mapping,
	doc:  "One rule: what is told to whom, and when.",
	fields: []member{
		{"id", true, idShape("The rule's name, unique in the set. Notifications keep it, so renaming a rule makes it a new one.", "job-match")},
		{"title", false, &shape{kind: text, doc: "What the rule is called, for people.", most: 200}},
		{"description", false, &shape{kind: text, doc: "What the rule is for, for people.", most: 2000}},
		{"audience", true, &shape{kind: text, doc: "Whom the rule speaks to: the student, or the recruiter of the opportunity.", words: []string{"student", "recruiter"}}},
		{"mode", false, &shape{kind: text, doc: "live; shadow: fires, but nothing is sent; off.", words: []string{"live", "shadow", "off"}, preset: "live"}},
		{"on", false, &shape{kind: sequence, doc: "The kinds of records that may make the rule fire; default: all that touch its subjects.", least: 1, most: 4, items: &shape{kind: text, doc: "A kind of record.", words: touchNames}}},
		{"among", false, &shape{kind: text, doc: "Which pairs of student and opportunity the rule is about.", words: []string{"eligible", "saved"}, preset: "eligible"}},
		{"each", false, &shape{kind: text, doc: "Makes every gap of the student a subject of its own.", words: []string{"student.gaps"}}},
		{"as", false, &shape{kind: text, doc: "The variable that stands for one item of `each`.", pattern: nameForm, means: nameMeans, preset: "gap"}},
		{"lets", false, letsShape("Expressions by name, for this rule.")},
		{"when", true, expressionShape("The condition, in CEL: true or false.", `opp.bucket == "jobs" && match.overlap >= 0.75`)},
		{"rearm", false, expressionShape("The condition after which the rule may speak of the same subject again.", "match.overlap < 0.70")},
		{"at", false, expressionShape("The time at which the rule fires, if `when` is true then.", `opp.deadline - duration("48h")`)},
		{"late", false, durationShape("How late after `at` the rule may still fire.", "1h", 0, 31*day)},
		{"held_for", false, durationShape("How long `when` has to have been true.", "", time.Second, year)},
		{"repeat", false, &shape{kind: mapping, doc: "Speaks again while `when` stays true.", fields: []member{
			{"every", true, durationShape("How long after the last time.", "", time.Minute, year)},
			{"max", true, &shape{kind: number, doc: "How many times in all, the first included.", whole: true, low: 2, high: 100}},
		}}},
		{"once_per", false, &shape{kind: sequence, doc: "What the rule speaks of once: expressions that identify it.", least: 1, most: 8, items: expressionShape("An expression.", "student.id")}},
		{"rank", false, &shape{kind: mapping, doc: "Speaks only of the best students of an opportunity.", fields: []member{
			{"by", true, expressionShape("A number; more is better.", "match.relevance")},
			{"per", false, &shape{kind: text, doc: "What the list belongs to.", words: []string{"opp.id"}, preset: "opp.id"}},
			{"top", true, &shape{kind: number, doc: "How many are on the list.", whole: true, low: 1, high: 100}},
			{"margin", false, &shape{kind: number, doc: "By how much `by` must exceed that of the first below the line.", high: 1e9, preset: "0"}},
			{"settle", false, durationShape("How long somebody must have been on the list.", "0s", 0, 31*day)},
		}}},
		{"allow_scan", false, &shape{kind: boolean, doc: "Allows a condition that no index can narrow.", preset: "false"}},
		{"notify", true, noticeShape},
		{"budget", false, &shape{kind: text, doc: "How many notifications of the rule a recipient may get in a time.", means: "a budget such as 3/d, 10/w or 2/6h", check: checkBudget, examples: []string{"3/d", "10/w", "2/6h"}}},
	},
}

var noticeShape = &shape{
	kind: mapping,
	doc:  "How a firing is delivered.",
	fields: []member{
		{"category", true, &shape{kind: text, doc: "What recipients choose by in their preferences.", pattern: wordForm, means: "small letters, digits, hyphens and underscores, at most 64", examples: []string{"jobs"}}},
		{"priority", false, &shape{kind: text, doc: "high ignores quiet hours and digests.", words: []string{"low", "normal", "high"}, preset: "normal"}},
		{"template", true, idShape("The text, by its name.", "job-match")},
		{"channels", false, &shape{kind: sequence, doc: "The ways to reach the recipient; default: inapp.", least: 1, most: 3, items: &shape{kind: text, doc: "A channel.", words: []string{"inapp", "email", "webhook"}}}},
		{"digest", false, &shape{kind: mapping, doc: "Gathers firings of the rule to one recipient.", fields: []member{
			{"window", true, durationShape("How long after a notification what follows is gathered.", "", time.Minute, 31*day)},
			{"max", false, &shape{kind: number, doc: "How many are named; the rest are counted.", whole: true, low: 1, high: 50, preset: "5"}},
			{"wait", false, &shape{kind: boolean, doc: "Also the first waits for the end of the window.", preset: "false"}},
		}}},
	},
}
