package match

import "slices"

// gate is what of a student an arrival looks at before the row: a column of
// them stays in the cache where the rows do not.
type gate struct {
	ability int8  // as in Student
	year    uint8 // as in Student, and extraBit
	home    uint8 // number of the student's set of locations, and remoteBit
}

const (
	extraBit  = 1 << 7 // the row has ignored opportunities or weights
	remoteBit = 1 << 7 // accepts remote work
)

// homes numbers the sets of locations that students have, first come first
// served: set 0 is empty, and all that come after the last number share it.
type homes struct {
	sets [][]uint32
}

const lastHome = 1<<7 - 1

func (h *homes) number(locations []uint32) uint8 {
	if len(locations) == 0 {
		return 0
	}
	at := slices.IndexFunc(h.sets, func(set []uint32) bool { return slices.Equal(set, locations) })
	if at < 0 && len(h.sets) < lastHome-1 {
		at = len(h.sets)
		h.sets = append(h.sets, locations)
	}
	if at < 0 {
		return lastHome
	}
	return uint8(at + 1)
}

func (h *homes) gate(s *Student) gate {
	g := gate{ability: s.ability, year: s.year, home: h.number(s.locations)}
	if s.extras != nil {
		g.year |= extraBit
	}
	if s.remote {
		g.home |= remoteBit
	}
	return g
}

// pass says what each part of a gate adds to the key of one opportunity, at
// most: shut, where it keeps the opportunity out.
type pass struct {
	ability, year, home [256]int64
	unsure              [256]bool // homes of which only the row tells whether they fit
}

// shut takes a key below every floor, even below none (see full).
const shut = -1 << 50

func (h *homes) pass(o *Opportunity) pass {
	p := pass{}
	for ability := range 101 { // unknown: 0
		p.ability[ability] = o.weights.fitTerm(o.difficulty, ability)
	}
	for year := range uint8(extraBit) {
		if !yearFits(o.years, year) {
			p.year[year] = shut
		}
		p.year[year|extraBit] = p.year[year] + o.weights.interestBound()
	}
	for i, set := range h.sets {
		for _, remote := range []bool{false, true} {
			at := i + 1
			if remote {
				at |= remoteBit
			}
			if !placeFits(&Student{locations: set, remote: remote}, o) {
				p.home[at] = shut
			}
		}
	}
	p.unsure[lastHome], p.unsure[lastHome|remoteBit] = true, true
	return p
}

func (p *pass) most(g gate) int64 {
	return p.ability[uint8(g.ability)] + p.year[g.year] + p.home[g.home]
}
