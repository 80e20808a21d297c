// Package evidence works out what a student's applications say about them: how
// active they are, and how their interviews go.
//
// Scores are computed from the whole history each time, never added to, and in
// whole numbers, so that they are the same whatever order things were heard in.
// Evidence loses weight with age. ARCHITECTURE.md, Scores, has the formulas.
//
// What it leaves out: when scores are worked out anew, and whom they are told.
package evidence
