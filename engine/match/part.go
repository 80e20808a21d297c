package match

// part is a part of a sum: by bit of the weights, from the lowest up, the
// skills whose levels count there.
type part [sumBits][]weighed

// weighed is a skill with a bit of its weight.
type weighed struct {
	levels []levels
	most   uint8 // a higher level counts as this one
}

// carrySize is how many bits of a sum are open at a time: enough for the
// skills of most opportunities, and few enough to stay in registers.
const carrySize = 5

// add works out the sums of 64 slots. One adder serves all weights, because a
// weight's bits are taken one by one: once all skills that count at a bit are
// added, that bit of the sums is finished, and what is carried moves down.
func (p *part) add(word int, out *sums) {
	var a0, a1, a2, a3, a4 uint64
	for k := range p {
		column := p[k]
		for i := range column {
			l := &column[i].levels[word]
			x0, x1, x2 := l[0], l[1], l[2]
			switch column[i].most {
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
			a4 ^= c
		}
		out[k] = a0
		a0, a1, a2, a3, a4 = a1, a2, a3, a4, 0
	}
}

// plan splits a sum, in which every level of lists[i] counts factors[i], into
// parts whose sums fit. A skill alone always does.
func plan(parts []part, lists []found, factors []int) []part {
	for len(lists) > 0 {
		n := 1
		for n < len(lists) && fits(lists[:n+1], factors[:n+1]) {
			n++
		}
		parts = append(parts, newPart(lists[:n], factors[:n]))
		lists, factors = lists[n:], factors[n:]
	}
	return parts
}

// fits says whether neither the sum nor the open bits of it grow too large.
func fits(lists []found, factors []int) bool {
	sum, open := 0, 0
	for i, f := range factors {
		sum += f * int(lists[i].level)
	}
	for k := range sumBits {
		open /= 2
		for i, f := range factors {
			open += f >> k & 1 * int(lists[i].level)
		}
		if open >= 1<<carrySize {
			return false
		}
	}
	return sum < 1<<sumBits
}

func newPart(lists []found, factors []int) part {
	var p part
	for k := range p {
		for i, f := range factors {
			if f>>k&1 == 1 {
				p[k] = append(p[k], weighed{lists[i].levels, lists[i].level})
			}
		}
	}
	return p
}
