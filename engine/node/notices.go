package node

import (
	"tideline/engine/event"
	"tideline/engine/partition"
	"tideline/streams"
)

// notice decodes and applies a record of the topics that rules and
// notifications travel on; an *event.Invalid is a dead letter.
func (a *actor) notice(in streams.Input, out *partition.Effects) (outcome string, err error) {
	switch in.Topic {
	case streams.Preferences:
		return "applied", a.preferences(in)
	case streams.StageChanges:
		change, err := event.DecodeStageChange(in.Value)
		if err == nil {
			err = sameKey("stage change", in.Key, "student", change.Student)
		}
		if err != nil {
			return "", err
		}
		if change.Seq == 0 {
			return "unaccepted", nil // what others say happened; once it is accepted it comes again, with its place
		}
		return applied(a.partition.StageChange(change, out)), nil
	case streams.Evaluations:
		e, err := event.DecodeEvaluation(in.Value)
		if err == nil {
			err = sameKey("evaluation", in.Key, "student", e.Student)
		}
		if err != nil {
			return "", err
		}
		return applied(a.partition.Evaluation(e, out)), nil
	case streams.Messages:
		m, err := event.DecodeMessage(in.Value)
		if err == nil {
			err = sameKey("message", in.Key, "student", m.Student)
		}
		if err != nil {
			return "", err
		}
		if m.N == 0 {
			return "unaccepted", nil
		}
		return applied(a.partition.Message(m, out)), nil
	case streams.Candidates:
		list, err := event.DecodeCandidates(in.Key, in.Value)
		if err != nil {
			return "", err
		}
		a.partition.Candidates(list, out)
		return "applied", nil
	case streams.Proposals:
		proposal, err := event.DecodeProposal(in.Value)
		if err == nil {
			err = sameKey("proposal", in.Key, "recipient", proposal.Recipient)
		}
		if err != nil {
			return "", err
		}
		a.partition.Propose(proposal, out)
		return "applied", nil
	}
	return "ignored", nil
}

// applied is the outcome of a record that changed something, or did not.
func applied(changed bool) string {
	if changed {
		return "applied"
	}
	return "duplicate"
}

func (a *actor) preferences(in streams.Input) error {
	p, err := decodePreferences(in)
	if err != nil {
		return err
	}
	if p == nil {
		a.partition.ErasePreferences(string(in.Key))
	} else {
		a.partition.Preferences(*p)
	}
	return nil
}

// decodePreferences gives nil for a tombstone.
func decodePreferences(in streams.Input) (*event.Preferences, error) {
	if in.Value == nil {
		if len(in.Key) == 0 {
			return nil, sameKey("preferences", in.Key, "recipient", "a recipient's id")
		}
		return nil, nil
	}
	p, err := event.DecodePreferences(in.Value)
	if err != nil {
		return nil, err
	}
	return &p, sameKey("preferences", in.Key, "recipient", p.Recipient)
}

// restorePreferences loads what was processed before; what was a dead letter
// then is passed over now.
func restorePreferences(p *partition.Partition, in streams.Input) error {
	switch wanted, err := decodePreferences(in); {
	case err != nil:
	case wanted == nil:
		p.RestoreNoPreferences(string(in.Key))
	default:
		p.RestorePreferences(*wanted)
	}
	return nil
}

// restoreCandidates is restorePreferences for what partitions offer to jobs.
func restoreCandidates(p *partition.Partition, in streams.Input) error {
	if list, err := event.DecodeCandidates(in.Key, in.Value); err == nil {
		p.RestoreCandidates(list)
	}
	return nil
}

// notices turns what rules and gates decided into records of the transaction.
func notices(number int32, out *partition.Effects) []streams.Record {
	var records []streams.Record
	for _, n := range out.Notifications {
		records = append(records, streams.Notification(number, n))
	}
	for _, p := range out.Proposals {
		records = append(records, streams.Proposal(p))
	}
	for _, s := range out.Scores {
		records = append(records, streams.Scores(number, s))
	}
	for _, l := range out.Offers {
		records = append(records, streams.CandidateList(l))
	}
	return records
}
