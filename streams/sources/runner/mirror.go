package runner

import (
	"context"
	"slices"
	"sync"

	"tideline/engine/harvest/same"
)

// mirror keeps in memory what identifies the postings that are open.
type mirror struct {
	Store

	mu      sync.Mutex
	members map[string]same.Member // nil: to be read
	keys    map[string][]string    // to ids
}

// Mirrored finds neighbours in memory. It is for a store that no other process writes
// and that finds nothing but ids without reading everything: the embedded one, which
// takes seconds for some thousand postings.
func Mirrored(store Store) Store { return &mirror{Store: store} }

// SameMembers is what the mirror is made of.
func (m *mirror) SameMembers(ctx context.Context) ([]same.Member, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.read(ctx)
}

func (m *mirror) read(ctx context.Context) ([]same.Member, error) {
	list, err := m.Store.SameMembers(ctx)
	if err != nil {
		return nil, err
	}
	m.members, m.keys = make(map[string]same.Member, len(list)), map[string][]string{}
	for _, member := range list {
		m.put(member)
	}
	return list, nil
}

// PutSameMembers writes to both. After an error nobody knows what is stored.
func (m *mirror) PutSameMembers(ctx context.Context, members []same.Member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Store.PutSameMembers(ctx, members); err != nil {
		m.members = nil
		return err
	}
	if m.members != nil {
		for _, member := range members {
			m.put(member)
		}
	}
	return nil
}

// DropSameMembers drops from both.
func (m *mirror) DropSameMembers(ctx context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Store.DropSameMembers(ctx, ids); err != nil {
		m.members = nil
		return err
	}
	if m.members != nil {
		for _, id := range ids {
			m.drop(id)
		}
	}
	return nil
}

func (m *mirror) put(member same.Member) {
	m.drop(member.ID)
	m.members[member.ID] = member
	for _, k := range member.Keys() {
		m.keys[k] = append(m.keys[k], member.ID)
	}
}

func (m *mirror) drop(id string) {
	old, ok := m.members[id]
	if !ok {
		return
	}
	for _, k := range old.Keys() {
		if m.keys[k] = slices.DeleteFunc(m.keys[k], func(other string) bool { return other == id }); len(m.keys[k]) == 0 {
			delete(m.keys, k)
		}
	}
	delete(m.members, id)
}

// SameMember gives a posting that is open.
func (m *mirror) SameMember(ctx context.Context, id string) (same.Member, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return same.Member{}, false, err
	}
	member, ok := m.members[id]
	return member, ok, nil
}

// SameBy gives what has one of some keys.
func (m *mirror) SameBy(ctx context.Context, keys []string) (list []same.Member, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	var ids []string
	for _, k := range keys {
		ids = append(ids, m.keys[k]...)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		list = append(list, m.members[id])
	}
	return list, nil
}

// ready reads what is stored, unless that is known.
func (m *mirror) ready(ctx context.Context) error {
	if m.members != nil {
		return nil
	}
	_, err := m.read(ctx)
	return err
}
