package runner

import (
	"context"
	"sync"

	"tideline/engine/harvest/same"
)

// mirror keeps in memory what identifies the postings that are open.
type mirror struct {
	Store

	mu    sync.Mutex
	index *same.Index // nil: to be read
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
	m.index = same.NewIndex(list, nil)
	return list, nil
}

// PutSameMembers writes to both. After an error nobody knows what is stored.
func (m *mirror) PutSameMembers(ctx context.Context, members []same.Member) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Store.PutSameMembers(ctx, members); err != nil {
		m.index = nil
		return err
	}
	if m.index != nil {
		for _, member := range members {
			m.index.Put(member)
		}
	}
	return nil
}

// DropSameMembers drops from both.
func (m *mirror) DropSameMembers(ctx context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Store.DropSameMembers(ctx, ids); err != nil {
		m.index = nil
		return err
	}
	if m.index != nil {
		for _, id := range ids {
			m.index.Remove(id)
		}
	}
	return nil
}

// SameMember gives a posting that is open.
func (m *mirror) SameMember(ctx context.Context, id string) (same.Member, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return same.Member{}, false, err
	}
	return m.index.Member(id), m.index.Has(id), nil
}

// SameBy gives what has one of some keys.
func (m *mirror) SameBy(ctx context.Context, keys []string) ([]same.Member, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	return m.index.By(keys), nil
}

// ready reads what is stored, unless that is known.
func (m *mirror) ready(ctx context.Context) error {
	if m.index != nil {
		return nil
	}
	_, err := m.read(ctx)
	return err
}
