package event

import (
	"encoding/json"
	"time"
)

// How many entries a feed stores and shows. The difference is the reserve that
// lets entries leave without a rebuild. 120 entries and the sentinel are the
// most that fit Redis's 2,048-byte allocations: 128 take 2,560.
const (
	FeedStore = 120
	FeedShow  = 100
)

// Entry is one place in a feed. Feeds are ordered by Key, then Member, both descending.
type Entry struct {
	Member Member
	Key    int64
}

// Before says whether e stands above f in a feed.
func (e Entry) Before(f Entry) bool {
	return e.Key > f.Key || e.Key == f.Key && e.Member > f.Member
}

// FeedOp changes one feed. All values are absolute: doing it twice does no harm.
//
// A feed is complete (every eligible opportunity is in it) or truncated (some
// were left out, all of them below its lowest entry). Adding keeps that true:
// an entry that would stand below the lowest of a truncated feed is left out,
// and whatever exceeds FeedStore is cut, which makes the feed truncated.
type FeedOp struct {
	Student   string
	Bucket    Bucket
	Replace   bool     // the feed becomes exactly Add; otherwise it is changed
	Truncated bool     // with Replace: entries were left out
	Remove    []Member // taken out first
	Add       []Entry  // put in or re-keyed
}

// ViewOp replaces what the API shows of a student; a nil View removes the
// student's view and all their feeds.
type ViewOp struct {
	Student string
	View    *View
}

// FeedState is what the store answers about one feed after an operation.
type FeedState struct {
	Student   string
	Bucket    Bucket
	Missing   bool  // no such feed: the operation did nothing, a rebuild is needed
	Truncated bool  // see FeedOp
	Count     int   // entries stored
	Floor     int64 // key of the lowest entry; meaningful when Truncated and Count > 0
}

// Low says whether the feed can no longer fill what is shown.
func (s FeedState) Low() bool { return s.Missing || s.Truncated && s.Count < FeedShow }

// View is a student as the engine sees them; the API reads it to explain and to list what is saved.
type View struct {
	Profile Profile              `json:"profile"`
	Saved   map[string]time.Time `json:"saved,omitempty"`   // opportunity id -> when
	Ignored map[string]time.Time `json:"ignored,omitempty"` // opportunity id -> when
	Weights map[string]float64   `json:"weights,omitempty"` // interest weights by feature, those that are not zero
	Signals int                  `json:"signals,omitempty"` // how many signals trained the weights
	Now     time.Time            `json:"now"`               // the partition's clock when this was written

	Applications map[string]Application `json:"applications,omitempty"` // by id
}

// Encode gives the stored form.
func (v View) Encode() []byte { return encode(v) }

// DecodeView reads a stored view.
func DecodeView(data []byte) (View, error) {
	var v View
	err := json.Unmarshal(data, &v)
	return v, err
}

// BlobOp replaces a value that a partition keeps in the store beside the feeds;
// a nil Value removes it.
type BlobOp struct {
	Kind, ID string
	Value    []byte
}

// Fact is one record of engine-state: Key as ARCHITECTURE.md says, a nil Value ends it.
type Fact struct {
	Key   string
	Value []byte
}
