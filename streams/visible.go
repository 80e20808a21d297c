package streams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// visibleWithin is how long brokers may take to learn of topics that were created.
const visibleWithin = time.Minute

// awaitTopics waits until every broker that answers knows the topics and the
// leaders of their partitions. A controller has created a topic before its
// brokers know: whoever asks one of them too early is told that there is none.
func awaitTopics(ctx context.Context, cl *kgo.Client, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, visibleWithin)
	defer cancel()
	brokers, err := kadm.NewClient(cl).ListBrokers(ctx)
	if err != nil {
		return fmt.Errorf("list the brokers: %w", err)
	}
	for _, id := range brokers.NodeIDs() {
		for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
			err := knows(ctx, cl.Broker(int(id)), names)
			if err == nil || !errors.Is(err, errNotYet) && ctx.Err() == nil {
				break // one that does not answer now will have caught up when it does
			}
			if sleep(ctx, wait) != nil {
				return fmt.Errorf("wait for broker %d to know the topics that were created: %w", id, err)
			}
		}
	}
	return nil
}

var errNotYet = errors.New("not known yet")

// knows asks one broker; the error wraps errNotYet when it answered.
func knows(ctx context.Context, broker *kgo.Broker, names []string) error {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	kresp, err := broker.RetriableRequest(ctx, req)
	if err != nil {
		return err
	}
	for _, t := range kresp.(*kmsg.MetadataResponse).Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("%w: topic %s: %w", errNotYet, *t.Topic, err)
		}
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil || p.Leader < 0 {
				return fmt.Errorf("%w: %s[%d]: %w", errNotYet, *t.Topic, p.Partition, err)
			}
		}
	}
	return nil
}
