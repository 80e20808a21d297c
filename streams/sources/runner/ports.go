package runner

import (
	"context"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
)

// Leases decides who runs a source, and keeps its state. Safe for concurrent use,
// also by other processes. Errors wrap harvest.ErrTaken where somebody else has it.
type Leases interface {
	SourceStates(ctx context.Context) ([]harvest.State, error)
	RequestSource(ctx context.Context, name string, at time.Time) error
	// AcquireSource gives the source to a holder, INSTANCE/RUN, unless one of another
	// instance has it; the state is that before.
	AcquireSource(ctx context.Context, name, holder string, now, until time.Time) (harvest.State, error)
	// KeepSource keeps it, and notes what the holder is about to publish.
	KeepSource(ctx context.Context, name, holder string, until time.Time, progress harvest.Run, pending []string) error
	FinishSource(ctx context.Context, state harvest.State, holder string) error
}

// Memory keeps what a source had. Only who holds the source writes.
type Memory interface {
	SourceItems(ctx context.Context, source string) ([]harvest.Item, error) // without values
	SourceValue(ctx context.Context, source, id string) ([]byte, error)     // nil: not remembered
	// PutSourceItems remembers items; where one has no value the stored one stays.
	PutSourceItems(ctx context.Context, source string, items []harvest.Item) error
}

// Sameness keeps what identifies the postings that are open, of all sources. Only
// who holds the lease of merging writes.
type Sameness interface {
	// TakeMerging takes the lease; the error wraps harvest.ErrTaken while another has
	// it. Each taking has a number, one more than that before.
	TakeMerging(ctx context.Context, holder string, now, until time.Time) (number int64, err error)
	LeaveMerging(ctx context.Context, holder string, number int64) error
	SameMembers(ctx context.Context) ([]same.Member, error)
	PutSameMembers(ctx context.Context, members []same.Member) error
	DropSameMembers(ctx context.Context, ids []string) error
	SameSplits(ctx context.Context) ([]same.Split, error)
	PutSplit(ctx context.Context, split same.Split) error
	DropSplit(ctx context.Context, id string) error
}

// Neighbours finds the postings that are open by what identifies them. Nobody needs
// a lease to read.
type Neighbours interface {
	SameMember(ctx context.Context, id string) (same.Member, bool, error)
	// SameBy gives what has one of some keys.
	SameBy(ctx context.Context, keys []string) ([]same.Member, error)
}

// Journal keeps the records of runs.
type Journal interface {
	AddSourceRun(ctx context.Context, run harvest.Run) error // in place of one of the same id
	SourceRuns(ctx context.Context, source string, limit int) ([]harvest.Run, error)
}

// Ends forgets sources that nobody reads any more.
type Ends interface {
	CountSourceItems(ctx context.Context, source string) (int, error) // that are not closed
	// ListedBy gives, of some opportunities, those that some sources remember and have
	// not closed as gone, each with these sources by name.
	ListedBy(ctx context.Context, sources, ids []string) (map[string][]string, error)
	DropSourceItems(ctx context.Context, source string, ids []string) error
	// DropSource forgets the state; the error wraps harvest.ErrTaken when the holder has lost it.
	DropSource(ctx context.Context, name, holder string) error
}

// Store is all of them.
type Store interface {
	Ends
	Leases
	Memory
	Sameness
	Neighbours
	Journal
}

// Change is an opportunity as it is to be published; nil: it is to be deleted.
type Change struct {
	ID          string
	Opportunity *event.Opportunity
}

// Publisher writes to the topic and returns when that is durable.
type Publisher interface {
	Publish(ctx context.Context, changes []Change) error
}
