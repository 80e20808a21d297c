package streams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// stableOffsets gives the group's committed offsets of some partitions, by
// topic; those without one are left out. It waits, until ctx ends, for
// transactions that are about to commit offsets of these partitions.
//
// The partitions are named in the request: asked for everything, a broker lists
// only what was committed before and says nothing of a first commit under way.
func stableOffsets(ctx context.Context, cl *kgo.Client, group string, partitions map[string][]int32) (map[string]map[int32]int64, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.RequireStable = group, true
	for topic, numbers := range partitions {
		t := kmsg.NewOffsetFetchRequestTopic()
		t.Topic, t.Partitions = topic, numbers
		req.Topics = append(req.Topics, t)
	}
	if len(req.Topics) == 0 { // would mean everything
		return nil, nil
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		resp, err := req.RequestWith(ctx, cl)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if errors.Is(err, kerr.GroupIDNotFound) {
			return nil, nil // nobody has joined yet
		}
		if err != nil {
			return nil, fmt.Errorf("fetch the committed offsets of group %s: %w", group, err)
		}
		offsets, err := committed(resp)
		if !errors.Is(err, kerr.UnstableOffsetCommit) {
			return offsets, err
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("wait for the committed offsets of group %s to be decided: %w", group, err)
		}
	}
}

func committed(resp *kmsg.OffsetFetchResponse) (map[string]map[int32]int64, error) {
	offsets := map[string]map[int32]int64{}
	for _, t := range resp.Topics {
		offsets[t.Topic] = map[int32]int64{}
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, fmt.Errorf("fetch the committed offset of %s[%d]: %w", t.Topic, p.Partition, err)
			}
			if p.Offset >= 0 {
				offsets[t.Topic][p.Partition] = p.Offset
			}
		}
	}
	return offsets, nil
}

// sleep waits, or returns ctx's error when it ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
