package streams

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// incarnate gives the records of a poll with the incarnations of their topics.
func incarnate(fetches kgo.Fetches) (inputs []Input) {
	fetches.EachTopic(func(t kgo.FetchTopic) {
		incarnation := incarnationOf(t.TopicID)
		t.EachRecord(func(r *kgo.Record) {
			in := input(r)
			in.Incarnation = incarnation
			inputs = append(inputs, in)
		})
	})
	return inputs
}

// incarnationOf is the topic's id as text; empty for brokers before 2.8, which
// have none: all incarnations are the same then.
func incarnationOf(id [16]byte) string {
	if id == [16]byte{} {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// incarnation joins those of several topics: it is another when any of them is.
func incarnation(ctx context.Context, admin *kadm.Client, topics ...string) (string, error) {
	details, err := admin.ListTopics(ctx, topics...)
	if err != nil {
		return "", fmt.Errorf("list the topics %v: %w", topics, err)
	}
	var ids []string
	for _, topic := range topics {
		d, known := details[topic]
		if !known || d.Err != nil {
			return "", fmt.Errorf("find topic %s: %w", topic, cmp.Or(d.Err, error(kerr.UnknownTopicOrPartition)))
		}
		ids = append(ids, incarnationOf(d.ID))
	}
	return strings.Join(ids, "."), nil
}
