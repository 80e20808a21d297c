package feeds

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Page gives the best entries of a feed, at most limit. The errors are
// ErrNoStudent, ErrRebuilding and ErrUnavailable.
func (s *Store) Page(ctx context.Context, partition int32, student string, b event.Bucket, limit int) ([]event.Entry, error) {
	entries, _, err := s.rank(ctx, partition, student, b, int64(limit))
	if len(entries) > limit {
		entries = entries[:limit]
	}
	return entries, err
}

// All gives everything a feed stores, best first, and whether the feed leaves
// out entries below its lowest. Errors as Page.
func (s *Store) All(ctx context.Context, partition int32, student string, b event.Bucket) ([]event.Entry, bool, error) {
	return s.rank(ctx, partition, student, b, -1)
}

// rank reads ranks 0..last. The sentinel stands below all entries: where it is
// not among what was read, there are entries enough.
func (s *Store) rank(ctx context.Context, partition int32, student string, b event.Bucket, last int64) ([]event.Entry, bool, error) {
	found, err := s.client.ZRevRangeWithScores(ctx, feedKey(partition, b, student), 0, last).Result()
	if err != nil {
		return nil, false, unavailable("read a feed", err)
	}
	if len(found) == 0 {
		return nil, false, s.absent(ctx, partition, student)
	}
	truncated := false
	entries := make([]event.Entry, 0, len(found))
	for _, z := range found {
		text, _ := z.Member.(string)
		if text == sentinel {
			truncated = z.Score == scoreTruncated
			continue
		}
		member, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, false, fmt.Errorf("feed %s holds a member %q that is not ours: %w", feedKey(partition, b, student), text, err)
		}
		entries = append(entries, event.Entry{Member: event.Member(member), Key: int64(z.Score)})
	}
	return entries, truncated, nil
}

// View gives the student as the engine sees them. Errors as Page.
func (s *Store) View(ctx context.Context, partition int32, student string) (event.View, error) {
	data, err := s.client.Get(ctx, viewKey(partition, student)).Bytes()
	if errors.Is(err, redis.Nil) {
		return event.View{}, s.absent(ctx, partition, student)
	}
	if err != nil {
		return event.View{}, unavailable("read a student", err)
	}
	view, err := event.DecodeView(data)
	if err != nil {
		return event.View{}, fmt.Errorf("decode %s: %w", viewKey(partition, student), err)
	}
	return view, nil
}

// absent says why there is nothing about a student: nobody by that id, or
// Redis lost it and it is on its way.
func (s *Store) absent(ctx context.Context, partition int32, student string) error {
	state, err := s.client.HGet(ctx, fenceKey(partition), "state").Result()
	switch {
	case errors.Is(err, redis.Nil) || err == nil && state != stateLive:
		return fmt.Errorf("%w: %q", ErrRebuilding, student)
	case err != nil:
		return unavailable("read the fence", err)
	}
	return fmt.Errorf("%w: %q", ErrNoStudent, student)
}
