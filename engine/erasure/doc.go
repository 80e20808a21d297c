// Package erasure erases a student everywhere. An erasure is written down before
// anything happens, and only then carried out; every step may be repeated. So a
// process that starts finishes what another began, and who asks again while one
// is under way is told how far it has come.
//
// What the topics keep for a time goes by their retention; see ARCHITECTURE.md.
package erasure

import (
	"context"
	"errors"
	"time"
)

// Erasure is the last erasure of a student.
type Erasure struct {
	Hash    string         // stands for the student where something must stay
	Student string         // empty: it is done
	By      string         // who asked for it; the hash, if it was the student
	Role    string         // theirs
	At      time.Time      // when
	Void    time.Time      // what happened or was recorded before counts no more
	Done    time.Time      // zero: under way
	Counts  map[string]int // what was erased or made nameless, by store
}

// Running says whether there is something left to do.
func (e Erasure) Running() bool { return e.Student != "" }

// What the counts count.
const (
	CountApplications  = "applications"      // MongoDB: what is counted stays, under an id that leads nowhere
	CountNotifications = "notifications"     // MongoDB: records to the student or about them
	CountInbox         = "inbox"             // Redis: items and decisions of the student
	CountInboxes       = "inboxes_of_others" // Redis: mentions in digests to recruiters
	CountAudit         = "audit"             // MongoDB: entries in which the hash took the student's place
	CountSilences      = "silences"          // of the student, ended
)

// ErrNone says that a student was never erased.
var ErrNone = errors.New("the student was never erased")

// Store keeps erasures, and what is to be made nameless beside them. Errors wrap
// ErrNone where it applies. Safe for concurrent use.
type Store interface {
	// Begin stores a new erasure and gives it with its hash, or the one of this
	// student that is under way.
	Begin(ctx context.Context, e Erasure) (Erasure, error)
	Put(ctx context.Context, e Erasure) error
	Last(ctx context.Context, student string) (Erasure, error)
	Running(ctx context.Context) ([]Erasure, error)
	ApplicationsOf(ctx context.Context, student string) ([]string, error)
	// ForgetNotifications first has told forget, of who else was sent something
	// about the student.
	ForgetNotifications(ctx context.Context, student string, told func(recipient string) error) (int, error)
	ForgetAudit(ctx context.Context, student string) (int, error)
	// Note writes into the audit that an erasure began or ended.
	Note(ctx context.Context, e Erasure) error
}

// Applications erases applications; see engine/hiring.
type Applications interface {
	Erase(ctx context.Context, id string, void time.Time) (time.Time, error)
	Bury(ctx context.Context, id string) (bool, error)
}

// Topics tells the topics.
type Topics interface {
	// Erase publishes that a student's profile, preferences and silences are gone;
	// it gives how many silences there were.
	Erase(ctx context.Context, student string) (int, error)
	// Await returns when everything that follows from what is in the topics now
	// has reached the stores.
	Await(ctx context.Context) error
}

// Inboxes are those in Redis.
type Inboxes interface {
	ForgetInbox(ctx context.Context, student string, before time.Time) (int, error)
	ForgetInInbox(ctx context.Context, recipient, student string) (int, error)
}
