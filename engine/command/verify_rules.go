package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
	state, err := v.state(ctx)
	if err != nil || !shippedRules(state) {
		return nil, err
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
	return []finding{{what, differences}}, nil
}

// state is what compaction would leave of engine-state.
func (v verifier) state(ctx context.Context) (map[string][]byte, error) {
	state := map[string][]byte{}
	err := streams.ReadLog(ctx, v.kafka, v.log, streams.State, func(in streams.Input) error {
		state[string(in.Key)] = in.Value
		return nil
	})
	return state, err
}

// shippedRules says whether every partition that has rules has the shipped ones.
func shippedRules(state map[string][]byte) bool {
	source, err := campus.FS.ReadFile("campus.yaml")
	if err != nil {
		return false
	}
	var active event.Activation
	return json.Unmarshal(state["\x1fruleset\x1fcampus"], &active) == nil && active.Digest == digestOf(string(source))
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
