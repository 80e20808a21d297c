package api

import "sync"

// cache keeps what was used lately, at most limit entries. It has two
// generations: when the young one is full it becomes the old one, and what is
// asked for again moves over. So reading takes no exclusive lock, and what is
// forgotten was not used for at least limit/2 others. Safe for concurrent use.
type cache[K comparable, V any] struct {
	limit      int
	mu         sync.RWMutex
	young, old map[K]V
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit, young: map[K]V{}}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.RLock()
	v, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return v, true
	}
	v, ok = c.old[key]
	c.mu.RUnlock()
	if ok {
		c.put(key, v)
	}
	return v, ok
}

func (c *cache[K, V]) put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.young[key]; !again && len(c.young) >= c.limit/2 {
		c.old, c.young = c.young, make(map[K]V, c.limit/2)
	}
	c.young[key] = v
}

func (c *cache[K, V]) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young) + len(c.old)
}
