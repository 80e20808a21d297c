package feeds

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Kinds of blobs.
const Candidates = "candidates" // of a job, over all partitions

func blobKey(partition int32, kind, id string) string { return kind + ":" + tag(partition) + ":" + id }

// Blob gives a value that a partition keeps beside the feeds; nil when there is
// none. The errors are ErrRebuilding, while Redis has lost what it knew of the
// partition, and ErrUnavailable.
func (s *Store) Blob(ctx context.Context, partition int32, kind, id string) ([]byte, error) {
	value, err := s.client.Get(ctx, blobKey(partition, kind, id)).Bytes()
	if !errors.Is(err, redis.Nil) {
		return value, unavailable("read "+kind, err)
	}
	if err := s.absent(ctx, partition, id); !errors.Is(err, ErrNoStudent) {
		return nil, err
	}
	return nil, nil
}
