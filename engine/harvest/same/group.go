package same

import (
	"cmp"
	"slices"
)

// Group is one opening: its postings, the leader first, then by id.
type Group []Member

// Leader is the posting that is shown for all.
func (g Group) Leader() Member { return g[0] }

// By is the surest layer by which a posting is one with another of the group.
func (g Group) By(id string) Layer {
	i := slices.IndexFunc(g, func(m Member) bool { return m.ID == id })
	best := Layer("")
	for k, m := range g {
		if k == i || i < 0 {
			continue
		}
		if by := common(g[i], m); by != "" && (best == "" || slices.Index(layers[:], by) < slices.Index(layers[:], best)) {
			best = by
		}
	}
	return best
}

// pair is two postings that a layer says are one.
type pair struct {
	layer int
	a, b  int
}

// groups divides postings that hang together, given by id, into openings. The surest
// pairs are joined first, and no join brings together two that are apart. So it
// is a function of the postings and the splits alone. Pairs are tried in the order
// of the ids, and what is listed twice by its first party leads its double by the lower id.
func (x *Index) groups(members []Member) []Group {
	if len(members) == 1 {
		return []Group{{members[0]}}
	}
	of := make([]int, len(members)) // number of the group of each
	joined := make([][]int, len(members))
	for i := range members {
		of[i], joined[i] = i, []int{i}
	}
	for _, p := range pairs(members) {
		a, b := of[p.a], of[p.b]
		if a == b || x.anyApart(members, joined[a], joined[b]) {
			continue
		}
		for _, i := range joined[b] {
			of[i] = a
		}
		joined[a], joined[b] = append(joined[a], joined[b]...), nil
	}
	var list []Group
	for _, ids := range joined {
		if len(ids) == 0 {
			continue
		}
		var g Group
		for _, i := range ids {
			g = append(g, members[i])
		}
		list = append(list, lead(g))
	}
	slices.SortFunc(list, func(a, b Group) int { return cmp.Compare(a[0].ID, b[0].ID) })
	return list
}

// pairs gives what has something in common, the surest first, then by id.
func pairs(members []Member) (list []pair) {
	for a := range members {
		for b := a + 1; b < len(members); b++ {
			if by := common(members[a], members[b]); by != "" {
				list = append(list, pair{slices.Index(layers[:], by), a, b})
			}
		}
	}
	slices.SortFunc(list, func(p, q pair) int {
		return cmp.Or(cmp.Compare(p.layer, q.layer), cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	return list
}

func (x *Index) anyApart(members []Member, left, right []int) bool {
	return slices.ContainsFunc(left, func(a int) bool {
		return slices.ContainsFunc(right, func(b int) bool { return x.apart(members[a], members[b]) })
	})
}

// lead puts the leader first: a first party, else who is shown already, else the
// lowest id. The others stay by id.
func lead(g Group) Group {
	slices.SortFunc(g, byID)
	i := 0
	for k, m := range g {
		if cmp.Or(cmp.Compare(m.Rank, g[i].Rank), compareShown(m, g[i])) < 0 {
			i = k
		}
	}
	leader := g[i]
	return slices.Insert(slices.Delete(g, i, i+1), 0, leader)
}

func compareShown(a, b Member) int {
	switch {
	case a.Shown == b.Shown:
		return 0
	case a.Shown:
		return -1
	}
	return 1
}
