package delivery

import "hash/maphash"

// shard is what a queue knows of one partition.
type shard struct {
	partition int32
	items     map[string]*item // by key
	recent    recent
	flying    int
	released  bool
	idle      chan struct{} // closed when released and nothing is under way
}

func newShard(partition int32) *shard {
	return &shard{partition: partition, items: map[string]*item{}, idle: make(chan struct{}), recent: recent{set: map[uint64]bool{}}}
}

// settle closes idle when there is nothing more to wait for.
func (s *shard) settle() {
	if s.released && s.flying == 0 {
		select {
		case <-s.idle:
		default:
			close(s.idle)
		}
	}
}

// recent remembers the keys that were finished last: after a crash the
// notifications that were read but not committed come again, and what they led
// to may be done and gone from the topic.
type recent struct {
	set  map[uint64]bool
	ring []uint64
	next int
}

// maxRecent exceeds what one poll's notifications can lead to.
const maxRecent = 16_384

var seed = maphash.MakeSeed()

func (r *recent) add(key string) {
	h := maphash.String(seed, key)
	if r.set[h] {
		return
	}
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, h)
	} else {
		delete(r.set, r.ring[r.next])
		r.ring[r.next] = h
		r.next = (r.next + 1) % maxRecent
	}
	r.set[h] = true
}

func (r *recent) has(key string) bool { return r.set[maphash.String(seed, key)] }
