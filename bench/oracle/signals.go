package oracle

import (
	"math"
	"sort"
)

// coordinate is one feature of a learnt model; g is used for students only.
type coordinate struct{ z, n, g float64 }

func weight(z, n float64) float64 { return -z / ((1+math.Sqrt(n))/0.1 + 1) }

// facts is what a student's signals left behind.
type facts struct {
	saved, ignored map[string]bool
	model          map[string]*coordinate
}

func newFacts() *facts {
	return &facts{saved: map[string]bool{}, ignored: map[string]bool{}, model: map[string]*coordinate{}}
}

// readSignals replays all signals, partition by partition.
func (w *world) readSignals(signals []Record) {
	w.facts = map[string]*facts{}
	for id := range w.students {
		w.facts[id] = newFacts()
	}
	partitions := map[int32][]Record{}
	for _, r := range signals {
		partitions[r.Partition] = append(partitions[r.Partition], r)
	}
	for _, records := range partitions {
		sort.SliceStable(records, func(i, j int) bool { return records[i].Offset < records[j].Offset })
		w.replay(records)
	}
}

// replay reads the signals of one partition. A null takes with it what its
// student said before, but neither what the global model learnt from it nor
// which ids have been seen. An id is known for 30 days by the largest time of a
// signal so far.
func (w *world) replay(records []Record) {
	global := map[string]*coordinate{}
	seen := map[[2]string]int64{} // student and id -> day
	today := int64(0)
	for _, r := range records {
		if r.Value == nil && r.Key != "" {
			w.facts[r.Key] = newFacts()
			continue
		}
		s, ok := parseSignal(r)
		if !ok {
			continue
		}
		today = max(today, r.Time.Unix()/86400)
		day, again := seen[[2]string{s.Student, s.ID}]
		if s.Kind == "impression" || s.Kind == "click" || again && today-day <= 30 {
			continue
		}
		seen[[2]string{s.Student, s.ID}] = today
		f := w.facts[s.Student]
		if f == nil { // no profile
			f = newFacts()
			w.facts[s.Student] = f
		}
		switch s.Kind {
		case "save":
			f.saved[s.Opportunity] = true
			learn(global, f.model, s.Features, 1, 1)
		case "unsave":
			delete(f.saved, s.Opportunity)
		case "ignore":
			f.ignored[s.Opportunity] = true
			learn(global, f.model, s.Features, 0, 1)
		case "unignore":
			delete(f.ignored, s.Opportunity)
		case "apply_click":
			learn(global, f.model, s.Features, 1, 2)
		}
	}
}

// learn is one step of FTRL-proximal, for the student and for everybody.
func learn(global, own map[string]*coordinate, features []string, y, m float64) {
	if len(features) == 0 {
		return
	}
	for _, f := range features {
		if global[f] == nil {
			global[f] = &coordinate{}
		}
		if own[f] == nil {
			own[f] = &coordinate{}
		}
	}
	sum, sumGlobal := 0.0, 0.0
	for _, f := range features {
		sum += weight(global[f].z, global[f].n) + weight(own[f].z, own[f].n)
	}
	for _, f := range features {
		sumGlobal += weight(global[f].z, global[f].n)
	}
	move := func(c *coordinate, gradient float64) {
		sigma := (math.Sqrt(c.n+gradient*gradient) - math.Sqrt(c.n)) / 0.1
		c.z += gradient - sigma*weight(c.z, c.n)
		c.n += gradient * gradient
	}
	for _, f := range features {
		own[f].g = weight(global[f].z, global[f].n)
		move(own[f], m*(1/(1+math.Exp(-sum))-y))
	}
	for _, f := range features {
		move(global[f], m*(1/(1+math.Exp(-sumGlobal))-y))
	}
}
