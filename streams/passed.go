package streams

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"

	"tideline/engine/event"
)

// Places are offsets of topics, by partition.
type Places map[string]map[int32]int64

func (p Places) put(topic string, partition int32, offset int64) {
	if p[topic] == nil {
		p[topic] = map[int32]int64{}
	}
	p[topic][partition] = offset
}

// Ends gives where topics end now. Who is asked later whether they have passed
// these places has read everything that is in the topics now.
func (r *LagReader) Ends(ctx context.Context, topics ...string) (Places, error) {
	all, err := extents(ctx, r.admin, topics...)
	if err != nil {
		return nil, err
	}
	ends := Places{}
	for topic, partitions := range all {
		for n, s := range partitions {
			ends.put(topic, n, s.to)
		}
	}
	return ends, nil
}

// Passed says whether the engine's group, or that of a projection, has committed
// everything before some places.
func (r *LagReader) Passed(ctx context.Context, projection string, ends Places) (bool, error) {
	group := r.group
	if projection != "" {
		group += "-" + projection
	}
	topics := make([]string, 0, len(ends))
	for topic := range ends {
		topics = append(topics, topic)
	}
	committed, err := r.admin.FetchOffsetsForTopics(ctx, group, topics...)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return false, fmt.Errorf("fetch the committed offsets of group %s: %w", group, err)
	}
	at := Places{}
	for topic, partitions := range ends {
		for n := range partitions {
			if o, ok := committed.Lookup(topic, n); ok {
				at.put(topic, n, o.At)
			}
		}
	}
	return r.between(ctx, at, ends)
}

// InboxPassed is Passed of the inboxes, of which the store says where they stand.
func (r *LagReader) InboxPassed(ctx context.Context, store InboxStore, ends Places) (bool, error) {
	incarnation, err := incarnation(ctx, r.admin, inboxTopics...)
	if err != nil {
		return false, err
	}
	at := Places{}
	for n := range ends[Notifications] {
		o, known, err := store.Positions(ctx, n, incarnation)
		if err != nil || !known {
			return false, err
		}
		for topic, offset := range inboxPlaces(o) {
			at.put(topic, n, offset)
		}
	}
	return r.between(ctx, at, ends)
}

func inboxPlaces(o event.InboxOffsets) map[string]int64 {
	return map[string]int64{Notifications: o.Notifications, InboxMarks: o.Marks, Preferences: o.Preferences}
}

// between says whether no record lies between two places: a topic that
// transactions write ends in markers, which nobody consumes.
func (r *LagReader) between(ctx context.Context, at, ends Places) (bool, error) {
	topics := make([]string, 0, len(ends))
	for topic := range ends {
		topics = append(topics, topic)
	}
	all, err := extents(ctx, r.admin, topics...)
	if err != nil {
		return false, err
	}
	left := spans{}
	for topic, partitions := range ends {
		left[topic] = map[int32]span{}
		for n, end := range partitions {
			s := span{from: max(all[topic][n].from, at[topic][n]), to: end}
			if s.from < s.to {
				left[topic][n] = s
			}
		}
	}
	counts, err := r.count(ctx, left)
	if err != nil {
		return false, err
	}
	for _, n := range counts {
		if n > 0 {
			return false, nil
		}
	}
	return true, nil
}
