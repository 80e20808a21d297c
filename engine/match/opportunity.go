package match

import (
	"math"
	"slices"
	"time"

	"tideline/engine/event"
)

// Opportunity is an opportunity ready for matching. It is immutable. What every
// search looks at comes first, to share a cache line.
type Opportunity struct {
	member     event.Member
	years      uint64   // bit y-2000 for each graduation year asked for; 0: any
	deadline   int64    // Unix seconds; MaxInt64: none
	locations  []uint32 // sorted; empty: anywhere
	total      int      // what the skills and needs are worth together: sum of 60 x weight
	known      int      // D of the overlap: the same of the skills alone
	remote     bool
	open       bool
	bucket     event.Bucket
	weights    Weights
	skills     []required // by skill number
	features   []uint32   // in the order of their texts
	difficulty int        // 0..100; -1 unknown
	fresh      int64      // the fresh term
}

// required is one skill an opportunity asks for.
type required struct {
	skill         uint32
	level, weight uint8
	need          bool
}

// scale is the least number that every level divides: with it, overlaps are whole numbers.
const scale = 60

// points is what a student's level earns against this requirement, at most scale x weight.
func (r required) points(level uint8) int {
	return int(r.weight) * int(min(level, r.level)) * (scale / int(r.level))
}

// Compile prepares an opportunity; it must be valid (event.DecodeOpportunity).
func Compile(dict *Dictionary, o event.Opportunity, config Config) *Opportunity {
	w := config.weights(o.Bucket)
	c := &Opportunity{
		member: event.MemberOf(o.ID), bucket: o.Bucket, weights: w,
		difficulty: whole(o.Difficulty), fresh: w.freshTerm(o.PostedAt),
		deadline: math.MaxInt64, remote: o.Remote, open: o.Status == event.Open,
	}
	if o.Deadline != nil {
		c.deadline = o.Deadline.Unix()
	}
	for _, s := range o.Skills {
		c.require(required{skill: dict.skill(s.Name), level: uint8(s.Level), weight: uint8(s.Weight)})
	}
	c.known = c.total
	if o.Bucket == event.Content {
		for _, r := range slices.Clone(c.skills) {
			c.require(required{skill: dict.need(r.skill), level: event.MaxLevel, weight: min(event.MaxWeight, 2*r.weight), need: true})
		}
	}
	for _, y := range o.GraduationYears {
		c.years |= 1 << (y - 2000)
	}
	for _, l := range o.Locations {
		c.locations = append(c.locations, dict.location(l))
	}
	slices.Sort(c.locations)
	for _, f := range Features(o, dict.normalize) {
		c.features = append(c.features, dict.id(f))
	}
	return c
}

// require adds a skill; one named twice counts once, with the highest level and weight.
func (o *Opportunity) require(r required) {
	at, known := slices.BinarySearchFunc(o.skills, r.skill, func(have required, skill uint32) int {
		return int(have.skill) - int(skill)
	})
	if !known {
		o.skills = slices.Insert(o.skills, at, r)
	} else {
		have := &o.skills[at]
		o.total -= scale * int(have.weight)
		have.level, have.weight = max(have.level, r.level), max(have.weight, r.weight)
	}
	o.total += scale * int(o.skills[at].weight)
}

// whole rounds a score of 0..100; -1 stands for unknown.
func whole(v *float64) int {
	if v == nil {
		return -1
	}
	return int(math.Round(*v))
}

// Bucket is the kind of feed the opportunity belongs to.
func (o *Opportunity) Bucket() event.Bucket { return o.bucket }

// Member is the opportunity's name in feeds.
func (o *Opportunity) Member() event.Member { return o.member }

// takeable says whether the opportunity is open and not expired.
func (o *Opportunity) takeable(now time.Time) bool { return o.open && now.Unix() < o.deadline }

// Features are what a student's interest is learnt from: sorted and unique.
func Features(o event.Opportunity, normalize func(string) string) []string {
	var list []string
	for _, s := range o.Skills {
		list = append(list, "skill:"+normalize(s.Name))
	}
	if org := fold(o.Organisation); org != "" {
		list = append(list, "org:"+org)
	}
	if kind := fold(o.Kind); kind != "" {
		list = append(list, "kind:"+kind)
	}
	if o.Remote {
		list = append(list, "remote")
	}
	slices.Sort(list)
	return slices.Compact(list)
}
