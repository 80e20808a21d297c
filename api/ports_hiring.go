package api

import (
	"context"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/hiring"
)

// Hiring changes applications; see engine/hiring. Errors wrap
// hiring.ErrNoApplication, ErrNoJob, ErrVersion, ErrBusy or ErrUnavailable, or
// are an *application.Refusal. Safe for concurrent use.
type Hiring interface {
	Get(ctx context.Context, id string) (*application.Record, error)
	Change(ctx context.Context, id string, version int, decide hiring.Decision) (*application.Record, *application.Item, error)
	Apply(ctx context.Context, student, job string, origin application.Origin, m application.Move, by application.Actor) (*application.Record, bool, error)
	Pipeline(ctx context.Context, job, organisation string) (application.Pipeline, error)
}

// Timelines keeps what belongs to applications beside their records. Errors wrap
// ErrUnavailable. Safe for concurrent use.
type Timelines interface {
	// Log is the whole log of an application, oldest first.
	Log(ctx context.Context, application string) ([]application.Item, error)
	PutPipeline(ctx context.Context, p application.Pipeline) error
	PutReasons(ctx context.Context, organisation string, reasons application.Reasons) error
	// Audit notes that somebody read about a candidate.
	Audit(ctx context.Context, read Read) error
}

// Read says who looked at what.
type Read struct {
	Actor, Role, Action, Application, Job string
	At                                    time.Time
}

// HiringPorts is what applications stand on; nil: not served.
type HiringPorts struct {
	Service   Hiring
	Board     *board.Board
	Timelines Timelines
	Loaded    func() bool // the board has what the store had at the start
}
