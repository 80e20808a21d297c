package streams

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestTopicsAreCreatedOnceAndTheirPartitionsStay(t *testing.T) {
	config, _ := brokers(t)
	ctx := t.Context()
	if p, err := EnsureTopics(ctx, config, 0, students, 1, quietly); p != students || err != nil {
		t.Fatalf("first start: %d, %v", p, err)
	}
	if p, err := EnsureTopics(ctx, config, 0, 64, 1, quietly); p != students || err != nil {
		t.Errorf("second start: %d, %v; what is there must be taken", p, err)
	}
	_, err := EnsureTopics(ctx, config, 8, 0, 1, quietly)
	if err == nil || !strings.Contains(err.Error(), "topic profiles has 4 partitions and 8 are needed") {
		t.Errorf("another partition count: %v", err)
	}
	if _, err := EnsureTopics(ctx, config, 6, 0, 1, quietly); err == nil || !strings.Contains(err.Error(), "power of two") {
		t.Errorf("6 partitions: %v", err)
	}
	configs, err := kadm.NewClient(client(t, config)).DescribeTopicConfigs(ctx, Opportunities, Profiles, State, Fanout, Signals, DeadLetters,
		Proposals, Preferences, InboxMarks, Candidates)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ topic, key, value string }{
		{Opportunities, "cleanup.policy", "compact"},
		{Opportunities, "delete.retention.ms", "1209600000"},
		{Opportunities, "min.compaction.lag.ms", "604800000"},
		{Profiles, "cleanup.policy", "compact"},
		{Profiles, "delete.retention.ms", "1209600000"},
		{State, "cleanup.policy", "compact"},
		{State, "segment.ms", "3600000"},
		{Fanout, "retention.ms", "604800000"},
		{Signals, "retention.ms", "7776000000"},
		{DeadLetters, "retention.ms", "2592000000"},
		{Proposals, "retention.ms", "604800000"},
		{Preferences, "cleanup.policy", "compact"},
		{InboxMarks, "retention.ms", "2592000000"},
		{Candidates, "cleanup.policy", "compact"},
	} {
		have, _ := configs.On(want.topic, nil)
		value := ""
		for _, c := range have.Configs {
			if c.Key == want.key {
				value = c.MaybeValue()
			}
		}
		if value != want.value {
			t.Errorf("%s has %s=%q, want %s", want.topic, want.key, value, want.value)
		}
	}
}

func TestTopicsThatWouldLoseDataAreRefused(t *testing.T) {
	for _, c := range []struct {
		topic      string
		partitions int32
		policy     string
		want       string
	}{
		{Signals, 2, "delete", "topic signals has 2 partitions and 4 are needed"},
		{Opportunities, 12, "compact", "topic opportunities has 12 partitions and must have 4"},
		{Profiles, students, "delete", "topic profiles has cleanup.policy=delete and needs compact"},
		{Fanout, students, "compact", "topic fanout has cleanup.policy=compact and needs delete"},
	} {
		t.Run(c.topic, func(t *testing.T) {
			config, _ := brokers(t)
			admin := kadm.NewClient(client(t, config))
			if _, err := admin.CreateTopic(t.Context(), c.partitions, 1, map[string]*string{"cleanup.policy": &c.policy}, c.topic); err != nil {
				t.Fatal(err)
			}
			if _, err := EnsureTopics(t.Context(), config, students, 0, 1, quietly); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestTopicsAreAwaitedUntilTheBrokerKnowsThem(t *testing.T) {
	config, cluster := breakable(t)
	created := false
	late := cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Metadata, kmsg.CreateTopics}, Topic: State, Err: kerr.UnknownTopicOrPartition, Count: 3,
		When: func(req kmsg.Request) bool {
			_, creates := req.(*kmsg.CreateTopicsRequest)
			created = created || creates
			return created && !creates
		},
	})
	ensure(t, config)
	if late.Hits() != 3 {
		t.Errorf("it did not wait: %d times it was told that there is no such topic", late.Hits())
	}
}
