// Package funnel works out from the steps of applications how many got how far,
// how long each stage takes, where those who got far came from, and why the
// others ended.
//
// Everything is worked out anew from the paths, so that it equals a recount at
// any time: nothing is incremented. It has no I/O and no clock; the order of the
// applications does not matter. It leaves out who the applicants are.
//
// A step that was taken back never happened. A late step is put where its time
// says: it counts as reached, and cuts the visit of the stage that held then.
package funnel
