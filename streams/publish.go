package streams

import (
	"context"

	"tideline/engine/event"
)

// PutPreferences publishes what a recipient wants.
func (p *Producer) PutPreferences(ctx context.Context, v event.Preferences) error {
	return p.Send(ctx, PreferencesRecord(v))
}

// DeletePreferences publishes that what a recipient wants is to be erased.
func (p *Producer) DeletePreferences(ctx context.Context, recipient string) error {
	return p.Send(ctx, NoPreferences(recipient))
}

// Marks publishes, in order, what recipients did with items of their inboxes.
func (p *Producer) Marks(ctx context.Context, list []event.Mark) error {
	records := make([]Record, len(list))
	for i, m := range list {
		records[i] = Mark(m)
	}
	return p.Send(ctx, records...)
}

// StageChanges publishes steps of applications, in order.
func (p *Producer) StageChanges(ctx context.Context, list []event.StageChange) error {
	records := make([]Record, len(list))
	for i, s := range list {
		records[i] = StageChange(s)
	}
	return p.Send(ctx, records...)
}

// PutRuleset publishes that a version of a ruleset is in force. A ruleset that
// is too long to be handed on to the partitions is refused with an *event.Invalid.
func (p *Producer) PutRuleset(ctx context.Context, a event.Activation) error {
	return p.putRules(ctx, event.RulesetRecord{Ruleset: &a})
}

// DeleteRuleset publishes that a ruleset is in force no more.
func (p *Producer) DeleteRuleset(ctx context.Context, name string) error {
	return p.Send(ctx, NoRuleset(name))
}

// PutSilence publishes a new or changed silence.
func (p *Producer) PutSilence(ctx context.Context, s event.Silence) error {
	return p.putRules(ctx, event.RulesetRecord{Silence: &s})
}

// DeleteSilence publishes that a silence is over.
func (p *Producer) DeleteSilence(ctx context.Context, id string) error {
	return p.Send(ctx, NoRuleset(SilenceKey(id)))
}

// putRules refuses what the router would refuse, where somebody still listens.
func (p *Producer) putRules(ctx context.Context, r event.RulesetRecord) error {
	record := Ruleset(RulesetKey(r), r)
	if _, err := decodeRules(Input{Key: record.key, Value: record.value}); err != nil {
		return err
	}
	return p.Send(ctx, record)
}

// Evaluation builds the record of feedback about an application.
func Evaluation(e event.Evaluation) Record {
	return published(Evaluations, "tideline.evaluation.v1", e.Student, e.Encode())
}

// Message builds the record of a message or an interview of an application.
func Message(m event.Message) Record {
	return published(Messages, "tideline.message.v1", m.Student, m.Encode())
}
