package event

import "github.com/cespare/xxhash/v2"

// Partition gives the student partition of a key among p partitions: Kafka's
// default partitioner (murmur2, sign bit cleared, modulo), so that any standard
// producer puts a student's records where we look for them.
func Partition(key string, p int) int32 {
	return int32(murmur2(key) & 0x7fffffff % uint32(p))
}

// murmur2 is Kafka's variant (org.apache.kafka.common.utils.Utils.murmur2).
func murmur2(key string) uint32 {
	const m, r = 0x5bd1e995, 24
	h := uint32(0x9747b28c) ^ uint32(len(key))
	b := key
	for ; len(b) >= 4; b = b[4:] {
		k := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		k *= m
		k ^= k >> r
		h = h*m ^ k*m
	}
	switch len(b) {
	case 3:
		h ^= uint32(b[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(b[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(b[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}

// Member is an opportunity's name inside a Redis sorted set:
// 10^18 + xxhash64(id) mod 8x10^18. Every member has 19 digits, so that Redis's
// lexical order of ties is numeric order, and fits an int64, so that Redis
// stores it in 8 bytes.
type Member uint64

// MemberOf gives the member of an opportunity id.
func MemberOf(id string) Member {
	return Member(1_000_000_000_000_000_000 + xxhash.Sum64String(id)%8_000_000_000_000_000_000)
}
