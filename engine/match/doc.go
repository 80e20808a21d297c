// Package match decides which opportunity stands where in whose feed: it
// compiles students and opportunities, scores pairs of them, and keeps the two
// indexes that find the pairs worth scoring.
//
// Scores follow ARCHITECTURE.md, "Scoring, exactly": a key is a sum of four
// whole numbers, so every way of computing it gives the same one. Indexes may
// look at too many pairs, never at too few.
//
// The package does no I/O, reads no clock and starts no goroutine. Indexes are
// not safe for concurrent writers; see each type.
package match
