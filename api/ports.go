package api

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
	"tideline/engine/match"
)

// Errors that the ports wrap; problem.go says how each is answered.
var (
	ErrNoStudent   = errors.New("no such student")
	ErrRebuilding  = errors.New("what this asks for is being loaded")
	ErrUnavailable = errors.New("a store is not available")
)

// Feeds reads what students are shown. Errors wrap ErrNoStudent, ErrRebuilding
// or ErrUnavailable. Safe for concurrent use.
type Feeds interface {
	// Page gives the best entries of a feed, best first, at most limit.
	Page(ctx context.Context, student string, b event.Bucket, limit int) ([]event.Entry, error)
	View(ctx context.Context, student string) (event.View, error)
}

// Catalog knows the opportunities. What it returns is not changed afterwards,
// by either side. Safe for concurrent use.
type Catalog interface {
	Opportunity(id string) (event.Opportunity, bool)
	ByMember(m event.Member) (event.Opportunity, bool)
}

// Publisher writes to the topics and returns when that is durable. Safe for concurrent use.
type Publisher interface {
	PutOpportunity(ctx context.Context, o event.Opportunity) error
	DeleteOpportunity(ctx context.Context, id string) error
	PutProfile(ctx context.Context, p event.Profile) error
	DeleteProfile(ctx context.Context, id string) error
	Signals(ctx context.Context, list []event.Signal) error
}

// Ports is everything the API stands on.
type Ports struct {
	Feeds     Feeds
	Catalog   Catalog
	Publisher Publisher
	Scorer    *match.Scorer
	Ready     func() (bool, string) // whether this process is restored; what is missing
	Gatherer  prometheus.Gatherer   // nil: no /metrics on this address
	Now       func() time.Time

	// CatalogVersion differs after every change of the catalog from what it was
	// before. With it, feeds show opportunities without a look into the catalog
	// while nothing changed; nil: they look at every one, which costs more than
	// reading the feed.
	CatalogVersion func() uint64

	// Notify is what rules and notifications stand on.
	Notify NotifyPorts

	// Hiring is what applications stand on.
	Hiring HiringPorts

	// Sources are those of opportunities from outside; nil: not served.
	Sources Sources

	// Merges are those of what outside sources list; nil: not served.
	Merges Merges

	// Doubles are those of them for which another is shown; nil: what was not
	// published is not known.
	Doubles Doubles
}

// Config says where the API listens and whom it trusts.
type Config struct {
	Addr     string // host:port
	Loopback bool   // no other machine reaches Addr; disbelieved when Addr says otherwise
	Auth     AuthConfig
	CORS     []string // allowed origins such as https://campus.example; empty: none; "*": any
}
