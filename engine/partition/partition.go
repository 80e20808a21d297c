// Package partition is the core of Tideline: everything that one student
// partition knows, and what each event changes and causes.
//
// A Partition is a value driven from outside: it does no I/O, reads no clock,
// starts nothing and is used by one goroutine at a time. Given the same events
// and the same catalog it produces the same effects. Effects are absolute: to
// carry one out twice does no harm.
//
// What it leaves out: where events come from, how effects are stored, and when
// they are committed. That is the node's business.
package partition

import (
	"maps"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/notify"
	"tideline/engine/skills"
	"tideline/rulesets"
)

// Catalog is what a partition reads of the opportunities. Implementations may
// be ahead of the events the partition has seen, never behind.
type Catalog interface {
	Get(id string) (*catalog.Item, bool)
	ByMember(m event.Member) (event.Opportunity, bool)
	Changed(event.Range) []catalog.Written
	Changing() []*catalog.Item
	Expiring(after, upTo time.Time) []*catalog.Item
	Top(s *match.Student, b event.Bucket, k int, now time.Time, scratch *match.Scratch) ([]event.Entry, bool)
	Above(s *match.Student, buckets [3]bool, overlap float64, scratch *match.Scratch) []*catalog.Item
	Each(yield func(*catalog.Item) bool)
}

// Config says how a partition scores and how much it does at once.
type Config struct {
	Match      match.Config
	MaxEntries int // feed entries one batch may write before the rest of a range is put off; 0: 20,000
	// Compile compiles a ruleset; nil: rulesets.Compile. Partitions of one process
	// share one that remembers what it compiled.
	Compile func(name, source string) (*rulesets.Set, error)
}

const (
	defaultMaxEntries = 20_000
	signalMemory      = 30 // days that the id of a signal is remembered, by the clock of the signals
	// unreadSignals is how many days old, by the partition's clock, a signal may
	// be that has not been read: as many as the topic keeps.
	unreadSignals = 90
)

// Partition is the state of one student partition.
type Partition struct {
	number   int32
	config   Config
	catalog  Catalog
	students *match.Students
	facts    map[string]*facts // students with any; a student without signals has none
	global   *match.Global
	now      time.Time
	meta     Meta
	days     map[int64][]seen // ids of signals by the day they were filed under, for expiry
	scratch  match.Scratch
	dirty    map[feedID]struct{} // feeds to rebuild at the next flush
	views    map[string]struct{} // students whose view is to be written at the next flush

	dict      *match.Dictionary
	book      rulebook
	revision  int // of what is in force
	desk      *notify.Desk
	pending   []*event.Proposal // to students, of the record under way
	signal    *event.Signal     // the record under way, if it is one
	timers    timers
	armed     map[timer]struct{} // all of them
	waiting   map[Waiting]int    // of them
	firstSeen time.Time          // stands for the clock before the first tick

	gaps        map[string][]event.Gap                            // by student
	apps        map[string]map[string]*tracked                    // by student and application
	gone        map[string]time.Time                              // applications that were erased: when that was recorded
	standings   map[string]*standing                              // by student
	aging       map[int64]map[string]struct{}                     // second of the day -> students whose scores age then
	instances   map[string][]*instance                            // by student
	concerned   map[string]map[string]struct{}                    // opportunity -> students about whom something is remembered
	savers      map[string]map[string]struct{}                    // opportunity -> students who saved it
	ranks       map[string]map[string]*ranking                    // rule -> job
	candidacies map[string]map[place]struct{}                     // student -> where they stand
	stale       map[place]struct{}                                // rankings to publish at the next flush
	offers      map[string]map[string]map[int32][]event.Candidate // of jobs of this partition: job -> rule -> partition
	lists       []string                                          // jobs whose candidates are to be written anew at the next flush
	alerts      map[string]*alert                                 // by key
	alertsOf    map[string]map[string]struct{}                    // job -> keys
}

type feedID struct {
	student string
	bucket  event.Bucket
}

// facts is what signals left behind about one student.
type facts struct {
	saved   map[string]time.Time
	ignored map[string]time.Time
	signals map[uint64]time.Time // hashes of signal ids -> the signals' clock then; they outlive an erasure
	model   *match.Deviation
	erased  int64 // the last erasure, if the signals topic has not come to it yet; see Erasure
}

func (f *facts) empty() bool {
	return len(f.saved)+len(f.ignored)+len(f.signals) == 0 && f.erased == 0 && f.model == nil
}

// Meta is the partition's own record in engine-state.
type Meta struct {
	Token     int64           `json:"token"`     // of the owner that wrote it
	Sequence  int64           `json:"sequence"`  // last script call of the batch it was committed with
	Now       time.Time       `json:"now"`       // largest tick seen
	Heard     time.Time       `json:"heard"`     // clock of the signals: the largest time of a record of theirs
	Positions map[int32]int64 `json:"positions"` // opportunities partition -> first offset not yet seen in a range
	Open      []event.Range   `json:"open,omitempty"`
}

// New returns an empty partition, ready for Restore or for events.
func New(number int32, config Config, dict *match.Dictionary, cat Catalog) *Partition {
	if config.MaxEntries == 0 {
		config.MaxEntries = defaultMaxEntries
	}
	if config.Compile == nil {
		config.Compile = compile
	}
	return &Partition{
		dict: dict, book: newRulebook(), desk: notify.New(),
		gaps: map[string][]event.Gap{}, apps: map[string]map[string]*tracked{}, gone: map[string]time.Time{}, standings: map[string]*standing{}, aging: map[int64]map[string]struct{}{}, instances: map[string][]*instance{},
		concerned: map[string]map[string]struct{}{}, savers: map[string]map[string]struct{}{},
		ranks: map[string]map[string]*ranking{}, candidacies: map[string]map[place]struct{}{}, stale: map[place]struct{}{}, armed: map[timer]struct{}{}, waiting: map[Waiting]int{},
		offers: map[string]map[string]map[int32][]event.Candidate{}, alerts: map[string]*alert{}, alertsOf: map[string]map[string]struct{}{},
		number: number, config: config, catalog: cat,
		students: match.NewStudents(dict, config.Match),
		facts:    map[string]*facts{},
		global:   match.NewGlobal(),
		meta:     Meta{Positions: map[int32]int64{}},
		days:     map[int64][]seen{},
		dirty:    map[feedID]struct{}{},
		views:    map[string]struct{}{},
	}
}

func compile(name, source string) (*rulesets.Set, error) {
	set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: skills.Normalize})
	if set == nil {
		return nil, problems.Err()
	}
	return set, nil
}

// time is the clock that rules go by: the largest tick, or, before the first,
// the time of the newest record.
func (p *Partition) time() time.Time {
	if p.now.IsZero() {
		return p.firstSeen
	}
	return p.now
}

// early notes the time of a record in case no tick has come yet.
func (p *Partition) early(at time.Time) {
	if at = at.UTC().Truncate(time.Second); at.After(p.firstSeen) {
		p.firstSeen = at
	}
}

// Number is the student partition this is.
func (p *Partition) Number() int32 { return p.number }

// Meta is the partition's own record as of the last event.
func (p *Partition) Meta() Meta { return p.meta }

// Students is how many students have a profile.
func (p *Partition) Students() int { return p.students.Len() }

// Now is the partition's clock: the largest tick seen.
func (p *Partition) Now() time.Time { return p.now }

// Passed gives, per opportunities partition, the first offset that this
// partition may still have to process.
func (p *Partition) Passed() map[int32]int64 {
	passed := map[int32]int64{}
	maps.Copy(passed, p.meta.Positions)
	for _, r := range p.meta.Open {
		passed[r.Partition] = min(passed[r.Partition], r.From)
	}
	return passed
}

func (p *Partition) of(student string) *facts {
	f := p.facts[student]
	if f == nil {
		f = &facts{saved: map[string]time.Time{}, ignored: map[string]time.Time{}, signals: map[uint64]time.Time{}}
		p.facts[student] = f
	}
	return f
}
