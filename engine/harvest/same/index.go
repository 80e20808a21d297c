package same

import (
	"cmp"
	"slices"
)

// Index holds the postings that are open, by what identifies them.
type Index struct {
	members map[string]Member
	keys    map[string][]string // key, with its layer, to ids; most have one, which a set would double the memory for
	splits  map[string]Split
}

// NewIndex makes one of what is remembered.
func NewIndex(members []Member, splits []Split) *Index {
	x := &Index{members: map[string]Member{}, keys: map[string][]string{}, splits: map[string]Split{}}
	for _, m := range members {
		x.put(m)
	}
	for _, s := range splits {
		x.splits[s.ID] = s
	}
	return x
}

// Has says whether a posting is known.
func (x *Index) Has(id string) bool {
	_, ok := x.members[id]
	return ok
}

// Settled says whether a posting is known and was published as it is to be.
func (x *Index) Settled(id string) bool {
	m, ok := x.members[id]
	return ok && (!m.Shown || m.Told != 0)
}

func (x *Index) put(m Member) {
	x.remove(m.ID)
	x.members[m.ID] = m
	for _, k := range keysOf(m) {
		x.keys[k] = append(x.keys[k], m.ID)
	}
}

func (x *Index) remove(id string) {
	for _, k := range keysOf(x.members[id]) {
		x.keys[k] = slices.DeleteFunc(x.keys[k], func(other string) bool { return other == id })
		if len(x.keys[k]) == 0 {
			delete(x.keys, k)
		}
	}
	delete(x.members, id)
}

// keysOf are the keys by which a posting is found, and the company for suggestions.
func keysOf(m Member) (list []string) {
	for _, by := range layers {
		if k := m.key(by); k != "" {
			list = append(list, string(by)+"\x00"+k)
		}
	}
	if m.Company != "" {
		list = append(list, companyKey+m.Company)
	}
	return list
}

const companyKey = "company\x00"

// neighbours are the ids that share a key of a layer with a posting, itself among them.
func (x *Index) neighbours(m Member) []string {
	var found []string
	for _, by := range layers {
		if k := m.key(by); k != "" {
			found = append(found, x.keys[string(by)+"\x00"+k]...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// component is everything that hangs together with a posting by any key, by id.
func (x *Index) component(id string) []Member {
	if !x.Has(id) {
		return nil
	}
	seen, list := map[string]bool{id: true}, []Member{x.members[id]}
	for i := 0; i < len(list); i++ {
		for _, next := range x.neighbours(list[i]) {
			if !seen[next] {
				seen[next] = true
				list = append(list, x.members[next])
			}
		}
	}
	slices.SortFunc(list, byID)
	return list
}

func byID(a, b Member) int { return cmp.Compare(a.ID, b.ID) }

// apart says whether two are not one, also because somebody said so.
func (x *Index) apart(a, b Member) bool {
	return slices.Contains(x.splits[a.ID].From, b.ID) || slices.Contains(x.splits[b.ID].From, a.ID) || apart(a, b)
}
