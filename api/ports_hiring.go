package api

import (
	"context"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/erasure"
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
	// Audit notes that somebody read about candidates. When it returns nil, that
	// is stored.
	Audit(ctx context.Context, read Read) error
	// Trail gives the newest entries of the audit that a filter lets through.
	Trail(ctx context.Context, f TrailFilter, limit int) ([]TrailEntry, error)
}

// Read says who looked at whom.
type Read struct {
	Actor        string    `json:"actor" doc:"who; nobody for what follows from an erasure"`
	Role         string    `json:"role"`
	Action       string    `json:"action"`
	Students     []string  `json:"students,omitempty" doc:"about whom; of one who was erased, a hash"`
	Applications []string  `json:"applications,omitempty" doc:"where there are several, those of the students, one by one"`
	Job          string    `json:"job,omitempty"`
	At           time.Time `json:"at"`
}

// TrailEntry is one entry of the audit: what was read or changed.
type TrailEntry struct {
	ID string `json:"id"`
	Read
}

// TrailFilter says which entries are wanted; empty fields: all.
type TrailFilter struct {
	Student, Application, Actor string
	BeforeAt                    time.Time // the last entry that was seen
	BeforeID                    string
}

// Erasures erases students; see engine/erasure. Errors wrap erasure.ErrNone or
// ErrUnavailable. Safe for concurrent use.
type Erasures interface {
	Begin(ctx context.Context, student, by, role string) (erasure.Erasure, error)
	Last(ctx context.Context, student string) (erasure.Erasure, error)
	// Wait gives the erasure when it is done, or when ctx ends.
	Wait(ctx context.Context, e erasure.Erasure) (erasure.Erasure, error)
}

// HiringPorts is what applications stand on; nil: not served.
type HiringPorts struct {
	Service   Hiring
	Board     *board.Board
	Timelines Timelines
	Loaded    func() bool // the board has what the store had at the start
	Erasures  Erasures
}
