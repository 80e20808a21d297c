package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/feeds"
	"tideline/rulesets/campus"
	"tideline/streams"
)

// compareRules compares what the shipped rules have made of the logs with what
// they should have: what stands, the candidates, and all that follows from the
// notifications. Nothing, when these rules are not in force.
func (v verifier) compareRules(ctx context.Context, logs oracle.Logs, config oracle.Config, students int) ([]finding, error) {
	state, acted, err := v.state(ctx)
	if err != nil || !shippedRules(state) {
		return nil, err
	}
	config.Digest, config.Acted, config.Skew = shippedDigest(), func(n int32) time.Time { return acted[n] }, time.Second
	if len(v.config.Kafka.Brokers) == 0 {
		config.Skew = time.Millisecond // everything has the clock of one machine, and Kafka's are whole milliseconds
	}
	want := oracle.Rules(logs, config)
	stands := map[oracle.Firing]bool{}
	for key, value := range state {
		if f, ok := oracle.ParseFact(key, value); ok {
			stands[f] = true
		}
	}
	differences := want.DiffFirings(stands)
	jobs := map[string]bool{}
	for job := range want.Candidates {
		jobs[job] = true
	}
	for _, r := range logs.Opportunities {
		jobs[r.Key] = true
	}
	for job := range jobs {
		got, err := v.candidates(ctx, job)
		if err != nil {
			differences = append(differences, oracle.Difference{Student: job, Bucket: oracle.TopCandidate, Want: "candidates", Got: err.Error()})
			continue
		}
		differences = append(differences, want.DiffCandidates(job, got)...)
	}
	notices, err := v.notices(ctx)
	if err != nil {
		return nil, err
	}
	differences = append(differences, notices.twice...)
	differences = append(differences, notices.undecided(state)...)
	differences = append(differences, v.compareInboxes(ctx, notices)...)
	differences = append(differences, v.compareRecord(ctx, notices)...)
	what := fmt.Sprintf("%d students, %d firings, %d notifications", students, len(stands), notices.sent)
	if n := len(want.Open); n > 0 {
		what += fmt.Sprintf(" (%d firings not compared: they are of when the rules came, and no log says what was read first)", n)
	}
	return []finding{{what, differences}}, nil
}

// rulesetFact is the record of engine-state that says which text of the campus rules is in force.
const rulesetFact = "\x1fruleset\x1fcampus"

// state is what compaction would leave of engine-state, and when each partition
// noted that the shipped rules are in force, having had others or none.
func (v verifier) state(ctx context.Context) (state map[string][]byte, acted map[int32]time.Time, err error) {
	state, acted = map[string][]byte{}, map[int32]time.Time{}
	err = streams.ReadLog(ctx, v.kafka, v.log, streams.State, func(in streams.Input) error {
		state[string(in.Key)] = in.Value
		if string(in.Key) != rulesetFact {
			return nil
		}
		if !shippedRules(state) {
			delete(acted, in.Partition)
		} else if acted[in.Partition].IsZero() {
			acted[in.Partition] = in.Time.Add(v.ahead)
		}
		return nil
	})
	return state, acted, err
}

func shippedDigest() string {
	source, err := campus.FS.ReadFile("campus.yaml")
	if err != nil {
		return "" // of no rules
	}
	return digestOf(string(source))
}

// shippedRules says whether the partition that was heard last has the shipped rules.
func shippedRules(state map[string][]byte) bool {
	var active event.Activation
	return json.Unmarshal(state[rulesetFact], &active) == nil && active.Digest == shippedDigest()
}

// candidates gives what is shown of a job's best candidates.
func (v verifier) candidates(ctx context.Context, job string) ([]oracle.Ranked, error) {
	value, err := v.store.Blob(ctx, event.Partition(job, v.partitions), feeds.Candidates, job)
	if err != nil || value == nil {
		return nil, err
	}
	var lists []struct {
		Rule       string
		Candidates []event.Candidate
	}
	if err := json.Unmarshal(value, &lists); err != nil {
		return nil, err
	}
	var got []oracle.Ranked
	for _, list := range lists {
		if list.Rule != oracle.TopCandidate {
			continue
		}
		for _, c := range list.Candidates {
			got = append(got, oracle.Ranked{Student: c.Student, Score: c.Score})
		}
	}
	return got, nil
}

// fact parts a key of engine-state: whose it is, what it is, and about what.
func fact(key string) (who, what, about string) {
	who, rest, _ := strings.Cut(key, "\x1f")
	what, about, _ = strings.Cut(rest, "\x1f")
	return who, what, about
}
