package match

import "slices"

// posting lists who in a block has one skill: slots in ascending order, and
// beside each a payload, the level of a student or the requirement of an
// opportunity. A list that covers much of the block becomes dense: the payload
// of every slot, 0 where there is none. It is then cheaper to scan and to probe.
type posting struct {
	slots   []uint16
	payload []uint8
	dense   []uint8 // nil, or one payload per slot of the block
	n       int     // slots listed
}

// denseShare: a list becomes dense above a quarter of the block and sparse
// again below an eighth, so that it does not flutter.
const denseShare = 4

// add lists a slot that is not listed yet.
func (p *posting) add(slot uint16, payload uint8, size int) {
	p.n++
	if p.dense != nil {
		p.dense = grown(p.dense, size)
		p.dense[slot] = payload
		return
	}
	if n := len(p.slots); n == 0 || p.slots[n-1] < slot {
		p.slots, p.payload = append(p.slots, slot), append(p.payload, payload)
	} else {
		at, _ := slices.BinarySearch(p.slots, slot)
		p.slots, p.payload = slices.Insert(p.slots, at, slot), slices.Insert(p.payload, at, payload)
	}
	if p.n > minDense && p.n*denseShare > size {
		p.thicken(size)
	}
}

// minDense keeps small blocks sparse.
const minDense = 256

func (p *posting) thicken(size int) {
	dense := make([]uint8, size)
	for i, slot := range p.slots {
		dense[slot] = p.payload[i]
	}
	p.dense, p.slots, p.payload = dense, nil, nil
}

func (p *posting) thin() {
	for slot, payload := range p.dense {
		if payload != 0 {
			p.slots, p.payload = append(p.slots, uint16(slot)), append(p.payload, payload)
		}
	}
	p.dense = nil
}

// remove takes out a slot that is listed.
func (p *posting) remove(slot uint16, size int) {
	p.n--
	if p.dense != nil {
		p.dense[slot] = 0
		if p.n*denseShare*2 < size {
			p.thin()
		}
		return
	}
	if at, found := slices.BinarySearch(p.slots, slot); found {
		p.slots, p.payload = slices.Delete(p.slots, at, at+1), slices.Delete(p.payload, at, at+1)
	}
}

// accumulate adds to every listed slot what its payload is worth.
func (p *posting) accumulate(sums []uint16, worth *[256]uint16) {
	if p.dense != nil {
		sums = sums[:len(p.dense)]
		for i, payload := range p.dense {
			sums[i] += worth[payload]
		}
		return
	}
	payload := p.payload[:len(p.slots)]
	for i, slot := range p.slots {
		sums[slot] += worth[payload[i]]
	}
}

// probe gives what one slot is worth; only for dense lists.
func (p *posting) probe(slot int, worth *[256]uint16) uint16 {
	if slot >= len(p.dense) {
		return 0
	}
	return worth[p.dense[slot]]
}

func grown(s []uint8, size int) []uint8 {
	if len(s) >= size {
		return s
	}
	return append(s, make([]uint8, size-len(s))...)
}
