package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

const (
	day = 24 * time.Hour
	// OpportunityPartitions is the partition count of the opportunities topic,
	// and of the other topics that are not split by student.
	OpportunityPartitions = 4
	// A partition that lags up to fanoutKept still finds every version it needs.
	fanoutKept     = 7 * day
	tombstonesKept = 14 * day
)

// topic describes one topic. Partitions 0 stands for P, the number of student partitions.
type topic struct {
	name       string
	partitions int
	compacted  bool
	kept       time.Duration // 0: for ever; with compacted too, the newest of a key goes as well
	students   bool          // partitions is P
}

func topics() []topic {
	return []topic{
		{name: Opportunities, partitions: OpportunityPartitions, compacted: true},
		{name: Profiles, compacted: true},
		{name: Signals, kept: 90 * day},
		{name: StageChanges, kept: 365 * day},
		{name: Evaluations, kept: 365 * day},
		{name: Messages, kept: 365 * day},
		{name: ProfileScores, compacted: true},
		{name: Fanout, kept: fanoutKept},
		{name: State, compacted: true},
		{name: Notifications, kept: 30 * day},
		{name: Candidates, compacted: true},
		{name: Proposals, kept: 7 * day},
		{name: Preferences, compacted: true},
		{name: InboxMarks, kept: 30 * day},
		{name: Rulesets, partitions: 1, compacted: true},
		{name: Deliveries, compacted: true, kept: 30 * day},
		{name: DeadLetters, partitions: OpportunityPartitions, kept: 30 * day},
	}
}

func (t topic) configs() map[string]*string {
	millis := func(d time.Duration) *string { return new(strconv.FormatInt(d.Milliseconds(), 10)) }
	if !t.compacted {
		return map[string]*string{policy: new("delete"), "retention.ms": millis(t.kept)}
	}
	if t.kept > 0 { // a queue: short, rewritten all the time, and read whole at each start
		return map[string]*string{
			policy: new("compact,delete"), "retention.ms": millis(t.kept), "delete.retention.ms": millis(day),
			"segment.bytes": new("67108864"), "segment.ms": millis(time.Hour), "min.cleanable.dirty.ratio": new("0.1"),
		}
	}
	configs := map[string]*string{
		policy: new("compact"), "delete.retention.ms": millis(tombstonesKept),
		"segment.bytes": new("67108864"), // only closed segments are compacted
	}
	switch t.name {
	case Opportunities:
		// The version before the newest is needed; of profiles and state it is not.
		configs["min.compaction.lag.ms"] = millis(fanoutKept)
	case State:
		// Every batch rewrites the partition's meta record, and every restart reads it all.
		configs["segment.ms"] = millis(time.Hour)
		configs["min.cleanable.dirty.ratio"] = new("0.1")
	}
	return configs
}

const policy = "cleanup.policy"

// EnsureTopics creates the topics that are missing and checks those that are
// there. It returns P, the number of student partitions in force: wanted, or
// what the topics have when wanted is 0 and they exist, else fallback.
func EnsureTopics(ctx context.Context, config Config, wanted, fallback int, replication int16, log *slog.Logger) (int, error) {
	cl, err := config.client(log)
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	existing, err := admin.ListTopics(ctx)
	if err != nil {
		return 0, fmt.Errorf("list the topics: %w", err)
	}
	p := wanted
	if p == 0 {
		p = inForce(existing, fallback)
	}
	if p < 1 || p&(p-1) != 0 {
		return 0, fmt.Errorf("%d student partitions: must be a power of two", p)
	}
	var found []topic
	var created []string
	for _, t := range topics() {
		if t.partitions == 0 {
			t.partitions, t.students = p, true
		}
		if have, ok := existing[t.name]; ok && have.Err == nil {
			n, err := t.grow(ctx, admin, len(have.Partitions))
			if err == nil {
				err = t.check(n)
			}
			if err != nil {
				return 0, err
			}
			found = append(found, t)
			continue
		}
		_, err := admin.CreateTopic(ctx, int32(t.partitions), replication, t.configs(), t.name)
		if errors.Is(err, kerr.TopicAlreadyExists) { // another process was faster: check what it made
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return 0, err
			}
			return EnsureTopics(ctx, config, wanted, fallback, replication, log)
		}
		if err != nil {
			return 0, fmt.Errorf("create topic %s with %d partitions: %w", t.name, t.partitions, err)
		}
		created = append(created, t.name)
	}
	if err := awaitTopics(ctx, cl, created); err != nil {
		return 0, err
	}
	return p, checkPolicies(ctx, admin, found, log)
}

// inForce is the partition count of the first topic that has one for every student partition.
func inForce(existing kadm.TopicDetails, fallback int) int {
	for _, t := range topics() {
		if have, ok := existing[t.name]; ok && have.Err == nil && t.partitions == 0 {
			return len(have.Partitions)
		}
	}
	return fallback
}

func (t topic) check(found int) error {
	switch {
	case found == t.partitions:
		return nil
	case t.students:
		return fmt.Errorf("topic %s has %d partitions and %d are needed: the number of student partitions is fixed at first start; set partitions to %d, or move to new topics",
			t.name, found, t.partitions, found)
	default:
		return fmt.Errorf("topic %s has %d partitions and must have %d: delete it while it is empty, and it is made anew", t.name, found, t.partitions)
	}
}

// checkPolicies refuses a topic that would lose what must be kept, or keep
// forever what must go.
func checkPolicies(ctx context.Context, admin *kadm.Client, found []topic, log *slog.Logger) error {
	if len(found) == 0 {
		return nil
	}
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = t.name
	}
	described, err := admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		log.Warn("topic settings could not be checked", "error", err) // it needs a right of its own
		return nil
	}
	for _, t := range found {
		have, err := described.On(t.name, nil)
		if err == nil {
			err = have.Err
		}
		if err != nil {
			log.Warn("topic settings could not be checked", "topic", t.name, "error", err)
			continue
		}
		for _, c := range have.Configs {
			if want := *t.configs()[policy]; c.Key == policy && c.MaybeValue() != want {
				return fmt.Errorf("topic %s has %s=%s and needs %s: change it with kafka-configs.sh --alter --add-config %s=%s",
					t.name, policy, c.MaybeValue(), want, policy, want)
			}
		}
	}
	return nil
}
