package streams

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// pastGap gives the first offset, from at on, that may hold a record. Offsets
// at the end of a partition can be empty for good: the last record was
// compacted away, or was the marker of a transaction of which nothing is left.
// The client reports records only, so such an end would be waited for in vain.
func pastGap(ctx context.Context, cl *kgo.Client, topic string, n int32, at int64) (int64, error) {
	metadata, err := kadm.NewClient(cl).Metadata(ctx, topic)
	if err != nil {
		return at, fmt.Errorf("find the leader of %s[%d]: %w", topic, n, err)
	}
	detail := metadata.Topics[topic]
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.IsolationLevel, req.SessionEpoch = 1<<20, 1, -1
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID = topic, detail.ID
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = n, at, 1<<20
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	kresp, err := cl.Broker(int(detail.Partitions[n].Leader)).RetriableRequest(ctx, req)
	if err != nil {
		return at, fmt.Errorf("fetch %s[%d] from offset %d: %w", topic, n, at, err)
	}
	resp := kresp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return at, fmt.Errorf("fetch %s[%d] from offset %d: %w", topic, n, at, err)
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return at, fmt.Errorf("fetch %s[%d] from offset %d: the broker answered for %d topics", topic, n, at, len(resp.Topics))
	}
	answer := resp.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
		return at, fmt.Errorf("fetch %s[%d] from offset %d: %w", topic, n, at, err)
	}
	if len(answer.RecordBatches) == 0 {
		return max(at, answer.LastStableOffset), nil
	}
	return max(at, pastEmpty(answer.RecordBatches)), nil
}

// pastEmpty gives the offset after the leading batches that hold no records:
// compaction keeps them to remember a producer's sequence. It is 0 without any.
func pastEmpty(batches []byte) (next int64) {
	const length, lastDelta, records, header = 8, 23, 57, 61 // of a batch, magic 2
	for len(batches) >= header && binary.BigEndian.Uint32(batches[records:]) == 0 {
		next = int64(binary.BigEndian.Uint64(batches)) + int64(binary.BigEndian.Uint32(batches[lastDelta:])) + 1
		size := 12 + int(binary.BigEndian.Uint32(batches[length:]))
		batches = batches[min(size, len(batches)):]
	}
	return next
}
