package match

import "slices"

// levels holds a number below 8 for each of 64 neighbouring slots, bit by bit:
// word k has bit k of all of them. One operation on a word is one on 64 slots.
type levels [levelBits]uint64

func (l *levels) set(slot int, level uint8) {
	at := slot & 63
	for k := range l {
		l[k] = l[k]&^(1<<at) | uint64(level>>k&1)<<at
	}
}

func (l *levels) at(slot int) uint8 {
	at := slot & 63
	return uint8(l[0]>>at&1 | l[1]>>at&1<<1 | l[2]>>at&1<<2)
}

// words is how many words of 64 slots a block of a size has.
func words(size int) int { return (size + 63) / 64 }

// posting lists who in a block has one skill, with their levels: by slot in
// ascending order, or, when the list covers much of the block, as one level for
// every slot, 0 where the skill is missing. Such a dense list is smaller from an
// eighth of the block on, and cheaper to add up from far less: between the two,
// some memory is given for speed.
type posting struct {
	slots []uint16
	level []uint8
	dense []levels
	n     int // slots listed
}

// denseShare: a list becomes dense above a sixteenth of the block and sparse
// again below half of that, so that it does not flutter.
const denseShare = 16

// minDense keeps small blocks sparse.
const minDense = 256

// add lists a slot that is not listed yet.
func (p *posting) add(slot uint16, level uint8, size int) {
	p.n++
	if p.dense != nil {
		p.grow(size)
		p.dense[slot>>6].set(int(slot), level)
		return
	}
	if n := len(p.slots); n == 0 || p.slots[n-1] < slot {
		p.slots, p.level = append(p.slots, slot), append(p.level, level)
	} else {
		at, _ := slices.BinarySearch(p.slots, slot)
		p.slots, p.level = slices.Insert(p.slots, at, slot), slices.Insert(p.level, at, level)
	}
	if p.n > minDense && p.n*denseShare > size {
		dense := make([]levels, words(size))
		p.spread(dense)
		p.dense, p.slots, p.level = dense, nil, nil
	}
}

// grow makes a dense list cover a block that has grown since its last addition.
func (p *posting) grow(size int) {
	if short := words(size) - len(p.dense); short > 0 {
		p.dense = append(p.dense, make([]levels, short)...)
	}
}

// remove takes out a slot that is listed.
func (p *posting) remove(slot uint16, size int) {
	p.n--
	if p.dense != nil {
		p.dense[slot>>6].set(int(slot), 0)
		if p.n*denseShare*2 < size {
			p.thin()
		}
		return
	}
	if at, found := slices.BinarySearch(p.slots, slot); found {
		p.slots, p.level = slices.Delete(p.slots, at, at+1), slices.Delete(p.level, at, at+1)
	}
}

func (p *posting) thin() {
	for w := range p.dense {
		for slot := w * 64; slot < w*64+64; slot++ {
			if level := p.dense[w].at(slot); level != 0 {
				p.slots, p.level = append(p.slots, uint16(slot)), append(p.level, level)
			}
		}
	}
	p.dense = nil
}

// spread writes a sparse list into empty words.
func (p *posting) spread(into []levels) {
	level := p.level[:len(p.slots)]
	for i, slot := range p.slots {
		l, n, at := &into[slot>>6], uint64(level[i]), slot&63
		l[0] |= n & 1 << at
		l[1] |= n >> 1 & 1 << at
		l[2] |= n >> 2 << at
	}
}
