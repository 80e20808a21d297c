// Package hiring carries out what is decided about applications: it loads the
// record, lets engine/application decide, stores the result by compare-and-set,
// shows it on the board and tells the topics.
//
// A change is done when the store has it. The log inside the record is the
// outbox: what the topics were not told stays marked there, and is told by
// whichever process finds it, at least once and in order. Steps that others
// publish go the same way, so either way each happens once.
package hiring
