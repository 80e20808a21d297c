package match

import "math/bits"

// sums are the overlap points of 64 slots in a unit of their own, bit by bit.
// What does not fit is kept as the largest that does.
type sums [sumBits]uint64

const sumBits = 8

func (s *sums) at(slot int) int {
	at := slot & 63
	return int(s[0]>>at&1 | s[1]>>at&1<<1 | s[2]>>at&1<<2 | s[3]>>at&1<<3 |
		s[4]>>at&1<<4 | s[5]>>at&1<<5 | s[6]>>at&1<<6 | s[7]>>at&1<<7)
}

// step is a part of a sum: it doubles what there is and adds the levels of a skill.
type step struct {
	levels   []levels
	most     uint8 // a higher level counts as this one
	doubling int
}

// add works out the sums of 64 slots. One adder serves all weights, because a
// weight's bits are taken one by one, from the highest down (Horner's rule).
func add(steps []step, word int, out *sums) {
	var a0, a1, a2, a3, a4, a5, a6, a7, over uint64
	for i := range steps {
		s := &steps[i]
		for range s.doubling {
			over |= a7
			a7, a6, a5, a4, a3, a2, a1, a0 = a6, a5, a4, a3, a2, a1, a0, 0
		}
		l := &s.levels[word]
		x0, x1, x2 := l[0], l[1], l[2]
		switch s.most {
		case 1:
			x0, x1, x2 = x0|x1|x2, 0, 0
		case 2:
			x1 |= x2
			x0, x2 = x0&^x1, 0
		case 3:
			x0, x1, x2 = x0|x2, x1|x2, 0
		case 4:
			x0 &^= x2
		}
		c := a0 & x0
		a0 ^= x0
		t := a1 ^ x1
		a1, c = t^c, a1&x1|t&c
		t = a2 ^ x2
		a2, c = t^c, a2&x2|t&c
		a3, c = a3^c, a3&c
		a4, c = a4^c, a4&c
		a5, c = a5^c, a5&c
		a6, c = a6^c, a6&c
		a7, c = a7^c, a7&c
		over |= c
	}
	*out = sums{a0 | over, a1 | over, a2 | over, a3 | over, a4 | over, a5 | over, a6 | over, a7 | over}
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

// plan writes the steps of a sum: every level of lists[i] counts factors[i]. At
// least one factor is odd.
func plan(steps []step, lists []found, factors []int) []step {
	widest := 0
	for _, f := range factors {
		widest = max(widest, bits.Len(uint(f)))
	}
	doubling := 0
	for k := widest - 1; k >= 0; k-- {
		for i, f := range factors {
			if f>>k&1 == 1 {
				steps = append(steps, step{lists[i].levels, lists[i].level, doubling})
				doubling = 0
			}
		}
		doubling++
	}
	return steps
}
