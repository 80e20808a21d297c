// Package application is one student's application for one job: what may
// happen to it, what did, and how that reads.
//
// A Record holds the whole: an append-only log of items (steps, feedback,
// messages, interviews), of which the steps are also kept as a Path, and the
// stage that follows from it. Move, Correct, Fact, Submit, Say and Meet decide;
// they give the item to append, or a Refusal that names the rule. Append is the
// only change, and never fails, so that whoever replays the items gets the record.
//
// It is pure: no I/O, no clock. It knows nothing of stores, topics or HTTP.
package application
