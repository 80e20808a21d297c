package feeds

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Scan is a walk through the students about whom the store keeps anything. The
// zero value stands at its beginning.
type Scan struct {
	node   string // whose cursor it is
	cursor uint64
	done   bool
}

// Done says whether the walk has come to its end.
func (s *Scan) Done() bool { return s.done }

// scanCount is how many keys the server looks at in one call, about a third of
// a millisecond of its time.
const scanCount = 1000

// Students takes the next step of a walk through one partition and gives the
// students it met: who has a view or a feed from the beginning of the walk to
// its end is met at least once. The error is ErrUnavailable; the walk can go on.
func (s *Store) Students(ctx context.Context, partition int32, walk *Scan) ([]string, error) {
	client, err := s.serving(ctx, partition)
	if err != nil {
		return nil, unavailable("find the server of a partition", err)
	}
	if at := client.Options().Addr; walk.node != at { // the slot has moved, and a cursor means nothing elsewhere
		*walk = Scan{node: at}
	}
	keys, cursor, err := client.Scan(ctx, walk.cursor, "*"+tag(partition)+":*", scanCount).Result()
	if err != nil {
		return nil, unavailable(fmt.Sprintf("list the students of partition %d", partition), err)
	}
	walk.cursor, walk.done = cursor, cursor == 0
	var students []string
	for _, key := range keys {
		if student, ours := studentOf(partition, key); ours {
			students = append(students, student)
		}
	}
	return students, nil
}

// serving gives the client of the one server that has a partition's keys.
func (s *Store) serving(ctx context.Context, partition int32) (*redis.Client, error) {
	switch c := s.writer.(type) {
	case *redis.ClusterClient:
		return c.MasterForKey(ctx, fenceKey(partition))
	case *redis.Client:
		return c, nil
	}
	return nil, fmt.Errorf("no way to walk through the keys of a %T", s.writer)
}

// studentOf is the student a key is about; false for keys that are not ours.
func studentOf(partition int32, key string) (student string, ours bool) {
	if student, ours = strings.CutPrefix(key, viewKey(partition, "")); ours {
		return student, true
	}
	for _, b := range event.Buckets {
		if student, ours = strings.CutPrefix(key, feedKey(partition, b, "")); ours {
			return student, true
		}
	}
	return "", false
}
