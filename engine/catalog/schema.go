package catalog

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/hashicorp/go-memdb"

	"tideline/engine/event"
)

const table = "opportunities"

// The indexes, by name. Each is written by hand over *Item: go-memdb's own
// field indexes reflect on every insert, which shows when a campus is loaded.
const (
	byID       = "id" // go-memdb requires this name for the primary index
	byMember   = "member"
	byPosition = "position"
	byDeadline = "deadline"
	byChange   = "change"
)

func schema() *memdb.DBSchema {
	indexes := map[string]*memdb.IndexSchema{}
	add := func(name string, unique bool, keys func(*Item) [][]byte) {
		indexes[name] = &memdb.IndexSchema{Name: name, Unique: unique, AllowMissing: true, Indexer: indexer(keys)}
	}
	add(byID, true, func(i *Item) [][]byte { return [][]byte{text(i.ID)} })
	indexes[byID].AllowMissing = false
	indexes[byID].Indexer = primary{}
	add(byMember, true, func(i *Item) [][]byte { return [][]byte{number(uint64(i.Member))} })
	add(byPosition, true, func(i *Item) [][]byte {
		keys := make([][]byte, len(i.Past)+len(i.Versions))
		for n := range keys {
			keys[n] = position(i.version(n).Position)
		}
		return keys
	})
	add(byChange, true, func(i *Item) [][]byte {
		if len(i.Versions) == 1 {
			return nil
		}
		return [][]byte{text(i.ID)}
	})
	add(byDeadline, false, live(func(o *event.Opportunity) [][]byte {
		if o.Deadline == nil || o.Status != event.Open {
			return nil
		}
		return [][]byte{moment(o.Deadline.Unix())}
	}))
	return &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{table: {Name: table, Indexes: indexes}}}
}

// live indexes only items that are not deleted.
func live(keys func(*event.Opportunity) [][]byte) func(*Item) [][]byte {
	return func(i *Item) [][]byte {
		if o := i.Latest().Opportunity; o != nil {
			return keys(o)
		}
		return nil
	}
}

// indexer turns an item into its keys; look-ups pass the encoded key itself.
type indexer func(*Item) [][]byte

func (keys indexer) FromObject(raw any) (bool, [][]byte, error) {
	k := keys(raw.(*Item))
	return len(k) > 0, k, nil
}

func (indexer) FromArgs(args ...any) ([]byte, error) { return encodedKey(args) }

type primary struct{}

func (primary) FromObject(raw any) (bool, []byte, error) { return true, text(raw.(*Item).ID), nil }
func (primary) FromArgs(args ...any) ([]byte, error)     { return encodedKey(args) }

func encodedKey(args []any) ([]byte, error) {
	if len(args) == 1 {
		if key, ok := args[0].([]byte); ok {
			return key, nil
		}
	}
	return nil, fmt.Errorf("catalog: an index takes one encoded key, not %v", args)
}

// text ends in a zero byte, so that no key is a prefix of another.
func text(s string) []byte { return append([]byte(s), 0) }

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// moment keeps the order of times before 1970.
func moment(unix int64) []byte { return number(uint64(unix) ^ (math.MaxUint64>>1 + 1)) }

func position(p Position) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(p.Partition)), uint64(p.Offset))
}
