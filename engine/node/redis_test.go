package node

import (
	"maps"

	"github.com/alicebob/miniredis/v2"
)

// snapshot is everything a server holds, as a replica that lags behind has it.
type snapshot struct {
	texts  map[string]string
	hashes map[string]map[string]string
	sorted map[string]map[string]float64
}

func snapshotOf(server *miniredis.Miniredis) *snapshot {
	s := &snapshot{map[string]string{}, map[string]map[string]string{}, map[string]map[string]float64{}}
	for _, key := range server.Keys() {
		switch server.Type(key) {
		case "string":
			s.texts[key], _ = server.Get(key)
		case "hash":
			s.hashes[key] = map[string]string{}
			fields, _ := server.HKeys(key)
			for _, field := range fields {
				s.hashes[key][field] = server.HGet(key, field)
			}
		case "zset":
			set, _ := server.SortedSet(key)
			s.sorted[key] = maps.Clone(set)
		}
	}
	return s
}

// load makes the server what it was.
func (s *snapshot) load(server *miniredis.Miniredis) {
	server.FlushAll()
	for key, text := range s.texts {
		_ = server.Set(key, text) // only a key of another type is refused, and there are none
	}
	for key, fields := range s.hashes {
		for field, value := range fields {
			server.HSet(key, field, value)
		}
	}
	for key, set := range s.sorted {
		for member, score := range set {
			_, _ = server.ZAdd(key, score, member)
		}
	}
}
