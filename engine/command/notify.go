package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tideline/api"
	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/rehearsal"
	"tideline/engine/skills"
	"tideline/feeds"
	"tideline/streams"
	"tideline/timelines"
)

// notifyPorts gives the API what rules and notifications stand on.
func (a *app) notifyPorts() api.NotifyPorts {
	key := a.unsubscribeKey()
	return api.NotifyPorts{
		Inbox: inboxPort{a.store, a.partitions}, Live: livePort{a.board, a.tail, a.partitions},
		Candidates: candidatesPort{a.store, a.partitions}, Rulesets: rulesetsPort{a},
		Rehearsal: rehearsalPort{a}, Publisher: a.engine.Producer(), Compile: compileOptions(a.texts),
		Active: func() map[string]event.RulesetRecord {
			active, _ := a.engine.Rules()
			return active
		},
		Unsubscribe: key.Verify, RuleCounts: a.ruleCounts,
		Opportunities: func(yield func(event.Opportunity) bool) {
			a.engine.Catalog().Each(func(item *catalog.Item) bool { return yield(*item.Latest().Opportunity) })
		},
	}
}

func (a *app) ruleCounts() map[string]api.RuleCounts {
	counts := map[string]api.RuleCounts{}
	for rule, s := range a.engine.RuleStats() {
		counts[rule] = api.RuleCounts{
			Evaluated: s.Evaluations, Matched: s.Matches, Unknown: s.Unknown, Fired: s.Fired, Late: s.Late, Unaddressed: s.Unaddressed,
		}
	}
	return counts
}

// openTail follows the notifications for the streams of this process.
func (a *app) openTail(ctx context.Context, kafka streams.Config) error {
	store := inboxStore{a.store, a.texts}
	var err error
	a.board = api.NewSwitchboard()
	a.tail, err = streams.NewTail(ctx, kafka, streams.Notifications, func(in streams.Input) error {
		n, err := event.DecodeNotification(in.Value)
		if err != nil || !a.board.Wanted(n.Recipient) {
			return err
		}
		offset := in.Offset
		for _, change := range store.changes(streams.InboxRecord{Notification: &n, Offset: offset}) {
			switch {
			case change.Put != nil:
				a.board.Publish(n.Recipient, api.Told{Sequence: offset, Item: change.Put})
			case change.Retract != nil:
				a.board.Publish(n.Recipient, api.Told{Sequence: offset, Retract: n.ID})
			}
		}
		return nil
	}, a.registry, a.log)
	if err == nil {
		a.defers("tail of notifications", a.tail.Close)
	}
	return err
}

// livePort joins the switchboard with how far the tail has come.
type livePort struct {
	*api.Switchboard
	tail       *streams.Tail
	partitions int
}

func (l livePort) Position(recipient string) int64 {
	return l.tail.Position(event.Partition(recipient, l.partitions))
}

// inboxPort gives the API inboxes by recipient and translates errors into the API's.
type inboxPort struct {
	store      *feeds.Store
	partitions int
}

func (p inboxPort) of(recipient string) int32 { return event.Partition(recipient, p.partitions) }

func (p inboxPort) List(ctx context.Context, recipient string, before int64, limit int) ([]event.InboxItem, error) {
	items, err := p.store.Inbox(ctx, p.of(recipient), recipient, before, limit)
	return items, apiError(err)
}

func (p inboxPort) Unread(ctx context.Context, recipient string) (int, error) {
	n, err := p.store.Unread(ctx, p.of(recipient), recipient)
	return n, apiError(err)
}

func (p inboxPort) After(ctx context.Context, recipient string, seq int64, limit int) (api.Since, error) {
	since, err := p.store.After(ctx, p.of(recipient), recipient, seq, limit)
	told := make([]api.Told, len(since.Changes))
	for i, c := range since.Changes {
		told[i] = api.Told{Sequence: c.Seq, Item: c.Item, Retract: c.Retract}
	}
	return api.Since{Told: told, Lost: since.Lost, Next: since.Next}, apiError(err)
}

func (p inboxPort) Mark(ctx context.Context, m event.Mark) error {
	return apiError(p.store.Mark(ctx, p.of(m.Recipient), m))
}

func (p inboxPort) Preferences(ctx context.Context, recipient string) (event.Preferences, error) {
	v, err := p.store.Preferences(ctx, p.of(recipient), recipient)
	return v, apiError(err)
}

func (p inboxPort) Decision(ctx context.Context, recipient, key string) (event.Decision, bool, error) {
	d, err := p.store.Decision(ctx, p.of(recipient), recipient, key)
	if errors.Is(err, feeds.ErrNoDecision) {
		return event.Decision{}, false, nil
	}
	return d, err == nil, apiError(err)
}

// candidatesPort reads the lists that the partition of a job keeps.
type candidatesPort struct {
	store      *feeds.Store
	partitions int
}

func (p candidatesPort) Candidates(ctx context.Context, opportunity string) ([]api.Shortlist, error) {
	value, err := p.store.Blob(ctx, event.Partition(opportunity, p.partitions), feeds.Candidates, opportunity)
	if err != nil || value == nil {
		return nil, apiError(err)
	}
	var lists []api.Shortlist
	if err := json.Unmarshal(value, &lists); err != nil {
		return nil, fmt.Errorf("decode the candidates of %q: %w", opportunity, err)
	}
	return lists, nil
}

// rulesetsPort gives the API the stored versions.
type rulesetsPort struct{ app *app }

func rulesetError(err error) error {
	switch {
	case errors.Is(err, timelines.ErrNotFound):
		return fmt.Errorf("%w: %w", api.ErrNoRuleset, err)
	case errors.Is(err, timelines.ErrConflict):
		return fmt.Errorf("%w: %w", api.ErrVersionConflict, err)
	case err != nil && !errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", api.ErrUnavailable, err)
	}
	return err
}

func apiVersion(v timelines.RulesetVersion) api.RulesetVersion {
	return api.RulesetVersion{
		Name: v.Name, Version: v.Version, Digest: v.Digest, Source: v.Source, Tests: v.Tests, By: v.By, At: v.At.UTC(), Comment: v.Comment,
	}
}

func (p rulesetsPort) Latest(ctx context.Context) ([]api.RulesetVersion, error) {
	if err := p.app.prepare(ctx); err != nil {
		return nil, rulesetError(err)
	}
	sets, err := p.app.timelines.Rulesets(ctx)
	if err != nil {
		return nil, rulesetError(err)
	}
	list := make([]api.RulesetVersion, 0, len(sets))
	for _, set := range sets {
		v, err := p.app.timelines.Version(ctx, set.Name, set.Latest)
		if err != nil {
			return nil, rulesetError(err)
		}
		list = append(list, apiVersion(v))
	}
	return list, nil
}

func (p rulesetsPort) Version(ctx context.Context, name string, version int) (api.RulesetVersion, error) {
	if version == 0 {
		set, err := p.app.timelines.Ruleset(ctx, name)
		if err != nil {
			return api.RulesetVersion{}, rulesetError(err)
		}
		version = set.Latest
	}
	v, err := p.app.timelines.Version(ctx, name, version)
	return apiVersion(v), rulesetError(err)
}

func (p rulesetsPort) Versions(ctx context.Context, name string, before, limit int) ([]api.RulesetVersion, error) {
	set, err := p.app.timelines.Ruleset(ctx, name)
	if err != nil {
		return nil, rulesetError(err)
	}
	var list []api.RulesetVersion
	for n := set.Latest; n > 0 && len(list) < limit; n-- { // by _id each: see timelines
		if before > 0 && n >= before {
			continue
		}
		v, err := p.app.timelines.Version(ctx, name, n)
		if err != nil {
			return nil, rulesetError(err)
		}
		list = append(list, apiVersion(v))
	}
	return list, nil
}

func (p rulesetsPort) Put(ctx context.Context, v api.RulesetVersion, latest int) (api.RulesetVersion, error) {
	if err := p.app.prepare(ctx); err != nil {
		return api.RulesetVersion{}, rulesetError(err)
	}
	number, err := p.app.timelines.PutVersion(ctx, timelines.RulesetVersion{
		Name: v.Name, Source: v.Source, Tests: v.Tests, Digest: v.Digest, By: v.By, At: v.At, Comment: v.Comment,
	}, latest)
	v.Version = number
	return v, rulesetError(err)
}

// rehearsalPort tries rulesets on the recorded past.
type rehearsalPort struct{ app *app }

func (p rehearsalPort) Test(_ context.Context, name, source, tests string) (api.TestReport, error) {
	report := api.TestReport{Tests: []api.TestResult{}}
	if tests == "" {
		return report, nil
	}
	suite, err := rehearsal.ParseSuite([]byte(tests))
	if err != nil {
		return report, &api.Problem{Title: "Unprocessable Entity", Status: 422, Detail: err.Error()}
	}
	for _, r := range suite.Run(matchConfig(p.app.config.Scoring), skills.Normalize, rehearsal.Ruleset{Name: name, Source: source}) {
		report.Tests = append(report.Tests, api.TestResult{Name: r.Name, Passed: len(r.Failures) == 0, Failures: r.Failures})
		if len(r.Failures) > 0 {
			report.Failed++
		} else {
			report.Passed++
		}
	}
	return report, nil
}

// Plan replays what the topics still hold; before the days asked for, the rules
// only watch.
func (p rehearsalPort) Plan(ctx context.Context, name, source string, days int) (any, error) {
	past, err := p.app.past(ctx, time.Now().Add(-time.Duration(days)*24*time.Hour), time.Now())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", api.ErrUnavailable, err)
	}
	present, proposed := []rehearsal.Ruleset{}, []rehearsal.Ruleset{{Name: name, Source: source}}
	active, _ := p.app.engine.Rules()
	for _, r := range active {
		if r.Ruleset == nil {
			continue
		}
		present = append(present, rehearsal.Ruleset{Name: r.Ruleset.Name, Source: r.Ruleset.Source})
		if r.Ruleset.Name != name {
			proposed = append(proposed, present[len(present)-1])
		}
	}
	return rehearsal.Plan(matchConfig(p.app.config.Scoring), skills.Normalize, past, present, proposed)
}

// past reads what rules look at from the topics.
func (a *app) past(ctx context.Context, from, until time.Time) (rehearsal.Past, error) {
	past := rehearsal.Past{From: from.UTC().Truncate(time.Second), Until: until.UTC().Truncate(time.Second), Tick: time.Minute}
	kafka := a.backend.kafka(a.config)
	for topic, kind := range map[string]rehearsal.Kind{
		streams.Opportunities: rehearsal.Opportunities, streams.Profiles: rehearsal.Profiles, streams.Signals: rehearsal.Signals,
		streams.StageChanges: rehearsal.StageChanges, streams.Evaluations: rehearsal.Evaluations, streams.Messages: rehearsal.Messages,
		streams.Preferences: rehearsal.Preferences,
	} {
		err := streams.ReadLog(ctx, kafka, a.log, topic, func(in streams.Input) error {
			past.Records = append(past.Records, rehearsal.Record{
				Kind: kind, Partition: in.Partition, Offset: in.Offset, Key: string(in.Key), Value: in.Value, Time: in.Time,
			})
			return nil
		})
		if err != nil {
			return past, err
		}
	}
	return past, nil
}
