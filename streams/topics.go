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
	kept       time.Duration // for topics that are not compacted
}

func topics() []topic {
	return []topic{
		{name: Opportunities, partitions: OpportunityPartitions, compacted: true},
		{name: Profiles, compacted: true},
		{name: Signals, kept: 90 * day},
		{name: StageChanges, kept: 365 * day},
		{name: Fanout, kept: fanoutKept},
		{name: State, compacted: true},
		{name: Notifications, kept: 30 * day},
		{name: Candidates, partitions: OpportunityPartitions, compacted: true},
		{name: Rulesets, partitions: 1, compacted: true},
		{name: DeadLetters, partitions: OpportunityPartitions, kept: 30 * day},
	}
}

func (t topic) configs() map[string]*string {
	millis := func(d time.Duration) *string { return new(strconv.FormatInt(d.Milliseconds(), 10)) }
	if !t.compacted {
		return map[string]*string{"cleanup.policy": new("delete"), "retention.ms": millis(t.kept)}
	}
	configs := map[string]*string{"cleanup.policy": new("compact"), "delete.retention.ms": millis(tombstonesKept)}
	if t.name == Opportunities {
		configs["min.compaction.lag.ms"] = millis(fanoutKept)
	}
	return configs
}

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
		p = fallback
		if have, ok := existing[Profiles]; ok && have.Err == nil {
			p = len(have.Partitions)
		}
	}
	for _, t := range topics() {
		count := t.partitions
		if count == 0 {
			count = p
		}
		if have, ok := existing[t.name]; ok && have.Err == nil {
			if t.partitions == 0 && len(have.Partitions) != p {
				return 0, fmt.Errorf("topic %s has %d partitions and %d are needed: the number of student partitions is fixed at first start; set partitions to %d, or move to new topics",
					t.name, len(have.Partitions), p, len(have.Partitions))
			}
			continue
		}
		_, err := admin.CreateTopic(ctx, int32(count), replication, t.configs(), t.name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return 0, fmt.Errorf("create topic %s with %d partitions: %w", t.name, count, err)
		}
	}
	return p, nil
}
