package match

import (
	"iter"

	"tideline/engine/event"
)

// Students is the index of one student partition. Students have dense numbers,
// reused after removal, in blocks of blockSize. It is for one goroutine at a time.
type Students struct {
	dict   *Dictionary
	config Config
	byID   map[string]int32
	blocks []*block
	free   []int32
	homes  homes
	spread spread // scratch of Match
}

const blockSize = 1 << 16

// block is up to blockSize students: rows to score from, posting lists to find
// them by, and columns that matching scans.
type block struct {
	ids      []string // "" where the slot is free
	rows     []Student
	postings map[uint32]*posting
	gates    []gate
	weighted int       // rows with interest weights
	floors   [3]floors // by bucket
}

func newBlock() *block {
	b := &block{postings: map[uint32]*posting{}}
	for i := range b.floors {
		b.floors[i] = newFloors()
	}
	return b
}

// NewStudents returns an empty index.
func NewStudents(dict *Dictionary, config Config) *Students {
	return &Students{dict: dict, config: config, byID: map[string]int32{}}
}

// Len is the number of students.
func (x *Students) Len() int { return len(x.byID) }

// Put adds a student or replaces their profile. What is known of ignored
// opportunities and interest stays; the floors are forgotten, because the
// student's feeds are about to change.
func (x *Students) Put(id string, p event.Profile) {
	row := compileStudent(x.dict, p)
	ord, known := x.byID[id]
	if known {
		b, slot := x.at(ord)
		row.extras = b.rows[slot].extras
		b.unlist(slot)
	} else {
		ord = x.allot(id)
	}
	b, slot := x.at(ord)
	b.rows[slot] = row
	b.gates[slot] = x.homes.gate(&row)
	for _, s := range row.skills {
		b.list(s>>levelBits).add(uint16(slot), uint8(s&(1<<levelBits-1)), len(b.ids))
	}
	for i := range b.floors {
		b.floors[i].set(slot, noFloor)
	}
}

// allot finds a place for a new student.
func (x *Students) allot(id string) int32 {
	var ord int32
	if n := len(x.free); n > 0 {
		ord = x.free[n-1]
		x.free = x.free[:n-1]
		b, slot := x.at(ord)
		b.ids[slot] = id
	} else {
		if n := len(x.blocks); n == 0 || len(x.blocks[n-1].ids) == blockSize {
			x.blocks = append(x.blocks, newBlock())
		}
		b := x.blocks[len(x.blocks)-1]
		ord = int32((len(x.blocks)-1)*blockSize + len(b.ids))
		b.ids, b.rows, b.gates = append(b.ids, id), append(b.rows, Student{}), append(b.gates, gate{})
		for i := range b.floors {
			b.floors[i].append()
		}
	}
	x.byID[id] = ord
	return ord
}

// Remove takes a student out; unknown ids are ignored.
func (x *Students) Remove(id string) {
	ord, known := x.byID[id]
	if !known {
		return
	}
	b, slot := x.at(ord)
	b.unlist(slot)
	if b.rows[slot].weighted() {
		b.weighted--
	}
	b.ids[slot], b.rows[slot] = "", Student{}
	delete(x.byID, id)
	x.free = append(x.free, ord)
}

func (x *Students) at(ord int32) (*block, int) {
	return x.blocks[ord/blockSize], int(ord % blockSize)
}

func (b *block) list(skill uint32) *posting {
	p := b.postings[skill]
	if p == nil {
		p = &posting{}
		b.postings[skill] = p
	}
	return p
}

func (b *block) unlist(slot int) {
	for _, s := range b.rows[slot].skills {
		p := b.postings[s>>levelBits]
		p.remove(uint16(slot), len(b.ids))
		if p.n == 0 {
			delete(b.postings, s>>levelBits)
		}
	}
}

// Lookup returns the compiled student, valid until the next change of the index.
func (x *Students) Lookup(id string) (*Student, bool) {
	ord, known := x.byID[id]
	if !known {
		return nil, false
	}
	b, slot := x.at(ord)
	return &b.rows[slot], true
}

// ID is the id of the student with a number given out by Match or From.
func (x *Students) ID(ord int) string { return x.blocks[ord/blockSize].ids[ord%blockSize] }

// Profile gives a student's profile as the index sees it: skills under their
// canonical names, places folded, what matching does not use left out.
func (x *Students) Profile(id string) (event.Profile, bool) {
	s, known := x.Lookup(id)
	if !known {
		return event.Profile{}, false
	}
	return s.profile(x.dict, id), true
}

// ProfileOf is Profile for a row, which may be a clone of how it was.
func (x *Students) ProfileOf(id string, s *Student) event.Profile { return s.profile(x.dict, id) }

// All gives every student's id, by number.
func (x *Students) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		x.From(0, func(_ int, id string) bool { return yield(id) })
	}
}

// From lists students by number, from a number on, until yield returns false.
func (x *Students) From(ord int, yield func(ord int, id string) bool) {
	for ; ord < len(x.blocks)*blockSize; ord++ {
		b, slot := x.at(int32(ord))
		if slot >= len(b.ids) {
			return // the last block is not full
		}
		if b.ids[slot] != "" && !yield(ord, b.ids[slot]) {
			return
		}
	}
}

// SetIgnored replaces what a student has hidden, in ascending order. Unknown
// students are ignored.
func (x *Students) SetIgnored(id string, members []event.Member) {
	if ord, known := x.byID[id]; known {
		b, slot := x.at(ord)
		b.more(slot).ignored = members
	}
}

// Scores gives a student's scores of activity and interviews; -1: unknown.
func (x *Students) Scores(id string) (activity, interview int) {
	ord, known := x.byID[id]
	if !known {
		return -1, -1
	}
	b, slot := x.at(ord)
	return int(b.rows[slot].activity), int(b.rows[slot].interview)
}

// SetScores replaces them, and reports whether the student's ability changed:
// then all their floors are forgotten. Unknown students are ignored.
func (x *Students) SetScores(id string, activity, interview int) bool {
	ord, known := x.byID[id]
	if !known {
		return false
	}
	b, slot := x.at(ord)
	s := &b.rows[slot]
	was := s.ability
	s.activity, s.interview = int8(activity), int8(interview)
	s.ability = ability(s.career, s.interview)
	if s.ability == was {
		return false
	}
	b.gates[slot].ability = s.ability
	for i := range b.floors {
		b.floors[i].set(slot, noFloor)
	}
	return true
}

// SetWeights replaces a student's interest. Unknown students are ignored.
func (x *Students) SetWeights(id string, weights map[string]float64) {
	ord, known := x.byID[id]
	if !known {
		return
	}
	b, slot := x.at(ord)
	s := &b.rows[slot]
	before := s.weighted()
	numbered := make(map[uint32]float64, len(weights))
	for name, w := range weights {
		numbered[x.dict.id(name)] = w
	}
	b.more(slot).weights = numbered
	switch after := s.weighted(); {
	case after && !before:
		b.weighted++
	case before && !after:
		b.weighted--
	}
}

func (b *block) more(slot int) *extras {
	s := &b.rows[slot]
	if s.extras == nil {
		s.extras = &extras{}
		b.gates[slot].year |= extraBit
	}
	return s.extras
}

// SetFloor says that nothing below key belongs into a student's feed, because
// the feed is full of better. Unknown students are ignored.
func (x *Students) SetFloor(id string, b event.Bucket, key int64) {
	if ord, known := x.byID[id]; known {
		block, slot := x.at(ord)
		block.floors[b.Index()].set(slot, key)
	}
}

// ClearFloor says that everything eligible belongs into a student's feed.
func (x *Students) ClearFloor(id string, b event.Bucket) { x.SetFloor(id, b, noFloor) }
