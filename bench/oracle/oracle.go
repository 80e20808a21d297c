// Package oracle recomputes every feed from the full logs, as naively as it
// can be done: read everything, score every pair, sort. It shares no code with
// the engine, so that agreement means something. ARCHITECTURE.md is its
// specification; it changes only when that does.
package oracle

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Record is one record of a topic.
type Record struct {
	Partition int32
	Offset    int64
	Key       string
	Value     []byte // nil: a tombstone
	Time      time.Time
}

// Logs are all records of the topics, in offset order per partition.
type Logs struct {
	Opportunities, Profiles, Signals, StageChanges, Evaluations []Record
	Rulesets                                                    []Record // only Rules looks at them
}

// Weights of one bucket.
type Weights struct {
	Overlap, Fit, Interest, Sigma float64
	HalfLife                      time.Duration
}

// Config is what the feeds depend on besides the logs.
type Config struct {
	AliasTable string // canonical TAB alias,alias TAB flags
	Weights    map[string]Weights
	Now        func(partition int32) time.Time // each student partition's last tick
	// Acted is when a student partition noted that the rules are in force; nil:
	// they were before the first record. Digest is of the text that Rules knows.
	Acted  func(partition int32) time.Time
	Digest string
	Skew   time.Duration // how far the clocks of producers may be from the engine's
}

// Entry is one place in a feed.
type Entry struct {
	ID     string
	Member uint64
	Key    int64
}

// Result is what should be.
type Result struct {
	Feeds   map[string]map[string][]Entry // student -> bucket -> at most 100, best first
	Saved   map[string][]string           // student -> opportunity ids, sorted
	Ignored map[string][]string
	Weights map[string]map[string]float64 // student -> feature -> interest
	Scores  map[string]Score              // of everybody with applications
}

// Compute recomputes everything.
func Compute(logs Logs, config Config) Result {
	w := world{config: config, aliases: parseAliases(config.AliasTable)}
	w.readOpportunities(logs.Opportunities)
	w.readProfiles(logs.Profiles)
	w.readSignals(logs.Signals)
	scores := w.readScores(logs)
	r := Result{
		Scores: scores, Feeds: map[string]map[string][]Entry{}, Saved: map[string][]string{}, Ignored: map[string][]string{},
		Weights: map[string]map[string]float64{},
	}
	for id, s := range w.students {
		r.Feeds[id] = map[string][]Entry{}
		for _, bucket := range []string{"jobs", "hackathons", "content"} {
			r.Feeds[id][bucket] = w.feed(s, bucket)
		}
		r.Saved[id] = sortedKeys(w.facts[id].saved)
		r.Ignored[id] = sortedKeys(w.facts[id].ignored)
		r.Weights[id] = map[string]float64{}
		for feature, c := range w.facts[id].model {
			r.Weights[id][feature] = c.g + weight(c.z, c.n)
		}
	}
	return r
}

// world is everything the logs say.
type world struct {
	config        Config
	aliases       map[string]string
	opportunities map[string]*opportunity
	students      map[string]*student
	facts         map[string]*facts

	// Of the rules only.
	force            func(partition int32) force
	opportunityTimes map[string]*timeline[opportunity]
	studentTimes     map[string]*timeline[student]
}

func parseAliases(table string) map[string]string {
	aliases := map[string]string{}
	for line := range strings.SplitSeq(table, "\n") {
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) > 1 {
			for alias := range strings.SplitSeq(columns[1], ",") {
				if alias = strings.TrimSpace(alias); alias != "" {
					aliases[alias] = columns[0]
				}
			}
		}
	}
	return aliases
}

func (w *world) skill(name string) string {
	name = folded(name)
	if canonical, ok := w.aliases[name]; ok {
		return canonical
	}
	return name
}

func folded(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

func member(id string) uint64 {
	return 1000000000000000000 + xxhash.Sum64String(id)%8000000000000000000
}

// feed scores every opportunity of a bucket for one student.
func (w *world) feed(s *student, bucket string) []Entry {
	var all []Entry
	now := w.config.Now(s.partition)
	for _, o := range w.opportunities {
		if o.bucket != bucket || !w.eligible(s, o, now) {
			continue
		}
		if key, ok := w.key(s, o); ok {
			all = append(all, Entry{ID: o.id, Member: member(o.id), Key: key})
		}
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Key != all[j].Key {
			return all[i].Key > all[j].Key
		}
		return all[i].Member > all[j].Member
	})
	if len(all) > 100 {
		all = all[:100]
	}
	return all
}

func (w *world) eligible(s *student, o *opportunity, now time.Time) bool {
	if o.status != "open" {
		return false
	}
	if o.deadline != nil && !now.Before(*o.deadline) {
		return false
	}
	if _, hidden := w.facts[s.id].ignored[o.id]; hidden {
		return false
	}
	if len(o.years) > 0 && s.year != 0 && !slices.Contains(o.years, s.year) {
		return false
	}
	if len(o.locations) == 0 || len(s.locations) == 0 || o.remote && s.remote {
		return true
	}
	for _, place := range o.locations {
		if slices.Contains(s.locations, place) {
			return true
		}
	}
	return false
}

// key is the sum of the four terms; false when there is no overlap.
func (w *world) key(s *student, o *opportunity) (int64, bool) {
	weights := w.config.Weights[o.bucket]
	n, d := points(s, o)
	m, e := needs(s, o)
	if n, d = n+m, d+e; n == 0 {
		return 0, false
	}
	key := int64(math.Round(65536 * weights.Overlap * math.Log2(float64(n)/float64(d))))
	if o.difficulty != nil && s.ability != nil {
		delta := math.Round(*o.difficulty) - math.Round(*s.ability)
		key += int64(math.Round(-65536 * weights.Fit * (delta / weights.Sigma) * (delta / weights.Sigma) * math.Log2E))
	}
	if model := w.facts[s.id].model; len(model) > 0 {
		z := 0.0
		for _, f := range o.features {
			if c, ok := model[f]; ok {
				z += c.g + weight(c.z, c.n)
			}
		}
		key += int64(math.Round(65536 * weights.Interest * math.Log2(2/(1+math.Exp(-z)))))
	}
	key += int64(math.Round(65536 * float64(o.posted.Unix()-1577836800) / weights.HalfLife.Seconds()))
	return key, true
}

// points are what a student brings of what the skills of an opportunity are worth.
func points(s *student, o *opportunity) (n, d int) {
	for name, need := range o.skills {
		d += need.weight * 60
		if level, has := s.skills[name]; has {
			n += need.weight * min(level, need.level) * 60 / need.level
		}
	}
	return n, d
}

// needs are the same of what the student lacks: content is worth twice as much
// to those who need its skills as to those who have them.
func needs(s *student, o *opportunity) (n, d int) {
	if o.bucket != "content" {
		return 0, 0
	}
	for name, need := range o.skills {
		twice := min(10, 2*need.weight)
		d += twice * 60
		n += twice * int(math.Ceil(5*s.gaps[name].severity)) * 12
	}
	return n, d
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
