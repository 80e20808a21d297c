package same

import (
	"cmp"
	"slices"

	"tideline/engine/event"
)

// Index holds the postings that are open, by what identifies them.
type Index struct {
	members map[string]Member
	keys    map[string][]string // key, with its layer, to ids; most have one, which a set would double the memory for
	splits  map[string]Split
	crowd   int // a key that more have than this identifies nothing
}

// Crowd is as many as may list one opening. A company may well have more openings of
// one name in one city. Besides, who hangs together is compared in pairs.
const Crowd = event.MaxAlso

// NewIndex makes one of what is remembered.
func NewIndex(members []Member, splits []Split) *Index {
	x := &Index{members: map[string]Member{}, keys: map[string][]string{}, splits: map[string]Split{}, crowd: Crowd}
	for _, m := range members {
		x.Put(m)
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

// Member gives what is known of a posting; the zero value: nothing.
func (x *Index) Member(id string) Member { return x.members[id] }

// Settled says whether a posting is known and was published as it is to be.
func (x *Index) Settled(id string) bool {
	m, ok := x.members[id]
	return ok && (!m.Shown || m.Told != 0)
}

// Put takes in a posting, in place of one of its id.
func (x *Index) Put(m Member) {
	x.Remove(m.ID)
	x.members[m.ID] = m
	for _, k := range m.Keys() {
		x.keys[k] = append(x.keys[k], m.ID)
	}
}

// Remove forgets a posting.
func (x *Index) Remove(id string) {
	for _, k := range x.members[id].Keys() {
		x.keys[k] = slices.DeleteFunc(x.keys[k], func(other string) bool { return other == id })
		if len(x.keys[k]) == 0 {
			delete(x.keys, k)
		}
	}
	delete(x.members, id)
}

// By gives the postings that have one of some keys, by id.
func (x *Index) By(keys []string) (list []Member) {
	var ids []string
	for _, k := range keys {
		ids = append(ids, x.keys[k]...)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		list = append(list, x.members[id])
	}
	return list
}

// neighbours are the ids that share a key of a layer with a posting, itself among
// them; also where the key identified until one more came, or will when one goes.
func (x *Index) neighbours(m Member) []string {
	var found []string
	for _, by := range layers {
		if list := x.keys[m.key(by)]; len(list) <= x.crowd+1 {
			found = append(found, list...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// component is everything that hangs together with a posting by any key, by id,
// each without the keys that identify nothing.
func (x *Index) component(id string) []Member {
	if !x.Has(id) {
		return nil
	}
	seen, list := map[string]bool{id: true}, []Member{x.plain(id)}
	for i := 0; i < len(list); i++ {
		for _, next := range x.neighbours(list[i]) {
			if !seen[next] {
				seen[next] = true
				list = append(list, x.plain(next))
			}
		}
	}
	slices.SortFunc(list, byID)
	return list
}

// plain is a posting without the keys that identify nothing.
func (x *Index) plain(id string) Member {
	m := x.members[id]
	for _, by := range layers {
		if len(x.keys[m.key(by)]) <= x.crowd {
			continue
		}
		switch by {
		case ByATS:
			m.ATS = ""
		case ByAddress:
			m.Address = ""
		default:
			m.Opening = ""
		}
	}
	return m
}

func byID(a, b Member) int { return cmp.Compare(a.ID, b.ID) }

// apart says whether two are not one, also because somebody said so.
func (x *Index) apart(a, b Member) bool {
	return slices.Contains(x.splits[a.ID].From, b.ID) || slices.Contains(x.splits[b.ID].From, a.ID) || apart(a, b)
}
