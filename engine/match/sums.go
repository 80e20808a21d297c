package match

// sums are the overlap points of 64 slots in a unit of their own, bit by bit.
// What does not fit is kept as the largest that does.
type sums [sumBits]uint64

const sumBits = 8

// bySlot turns the sums around, so that each can be read at once: sum i is byte
// i/8 of word i%8. It transposes eight squares of 8 x 8 bits beside one another,
// swapping ever smaller quarters.
func (s *sums) bySlot() listed {
	const nibbles, pairs, singles = 0x0f0f0f0f0f0f0f0f, 0x3333333333333333, 0x5555555555555555
	a, e := swap(s[0], s[4], 4, nibbles)
	b, f := swap(s[1], s[5], 4, nibbles)
	c, g := swap(s[2], s[6], 4, nibbles)
	d, h := swap(s[3], s[7], 4, nibbles)
	a, c = swap(a, c, 2, pairs)
	b, d = swap(b, d, 2, pairs)
	e, g = swap(e, g, 2, pairs)
	f, h = swap(f, h, 2, pairs)
	a, b = swap(a, b, 1, singles)
	c, d = swap(c, d, 1, singles)
	e, f = swap(e, f, 1, singles)
	g, h = swap(g, h, 1, singles)
	return listed{a, b, c, d, e, f, g, h}
}

// swap exchanges the bits of low that lie n above those of mask with the bits
// of high under mask.
func swap(low, high uint64, n int, mask uint64) (uint64, uint64) {
	differ := (low>>n ^ high) & mask
	return low ^ differ<<n, high ^ differ
}

// listed are the sums of 64 slots, slot by slot.
type listed [8]uint64

func (l *listed) at(slot int) int { return int(l[slot&7] >> (slot & 0x38) & 0xff) }

// plus adds other sums of the same slots.
func (s *sums) plus(other *sums) {
	c := uint64(0)
	for k, y := range other {
		t := s[k] ^ y
		s[k], c = t^c, s[k]&y|t&c
	}
	for k := range s {
		s[k] |= c
	}
}

// any tells which slots have points at all.
func (s *sums) any() uint64 {
	return s[0] | s[1] | s[2] | s[3] | s[4] | s[5] | s[6] | s[7]
}

// needs is what each class of floors asks for, a bit of it in each row: all
// ones or all zeros by class.
type needs [sumBits][classes]uint64

func (n *needs) set(class, need int) {
	for k := range n {
		n[k][class] = -uint64(need >> k & 1)
	}
}

// reach tells which slots have what their class asks for.
func (s *sums) reach(n *needs, class *levels) uint64 {
	c0, c1, c2 := class[0], class[1], class[2]
	low, one, two, three := ^c2&^c1, ^c2&c1, c2&^c1, c2&c1
	e0, e1, e2, e3, e4, e5, e6, e7 := low&^c0, low&c0, one&^c0, one&c0, two&^c0, two&c0, three&^c0, three&c0
	enough := ^uint64(0)
	for k := range n {
		row := &n[k]
		need := e0&row[0] | e1&row[1] | e2&row[2] | e3&row[3] | e4&row[4] | e5&row[5] | e6&row[6] | e7&row[7]
		differ := s[k] ^ need
		enough = s[k]&differ | enough&^differ
	}
	return enough
}
