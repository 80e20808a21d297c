package streams

import (
	"time"

	"tideline/engine/event"
)

// Notification is what the gates of a partition decided about one of its recipients.
func Notification(partition int32, n event.Notification) Record {
	value := n.Encode()
	for len(value) > maxRecord && len(n.Items) > 0 { // a digest that names too much names less
		keep := len(n.Items) / 2
		n.More, n.Items = n.More+len(n.Items)-keep, n.Items[:keep]
		value = n.Encode()
	}
	return Record{
		topic: Notifications, partition: partition, key: []byte(n.Recipient), value: value,
		headers: cloudEvent("tideline.notification.v1", time.Now()),
	}
}

// Proposal is a firing on its way to the partition of its recipient.
func Proposal(p event.Proposal) Record {
	return published(Proposals, "tideline.proposal.v1", p.Recipient, p.Encode())
}

// CandidateList is what one partition offers to a job. It goes to the partition
// of the job's id, though the key says more than that.
func CandidateList(l event.CandidateList) Record {
	kind, value := "tideline.candidates.v1", l.Encode()
	if value == nil {
		kind = "tideline.candidates.withdrawn.v1"
	}
	if len(value) > maxRecord { // who and how good matters more than why
		slim := make([]event.Candidate, len(l.Candidates))
		for i, c := range l.Candidates {
			c.Matched, c.Missing = nil, nil
			slim[i] = c
		}
		l.Candidates = slim
		value = l.Encode()
	}
	r := published(Candidates, kind, event.CandidateKey(l.Rule, l.Opportunity, l.Partition), value)
	r.near = l.Opportunity
	return r
}

// PreferencesRecord builds the record of what a recipient wants.
func PreferencesRecord(p event.Preferences) Record {
	return published(Preferences, "tideline.preferences.v1", p.Recipient, p.Encode())
}

// NoPreferences builds the record that erases what a recipient wants.
func NoPreferences(recipient string) Record {
	return published(Preferences, "tideline.preferences.erased.v1", recipient, nil)
}

// Mark builds the record of what a recipient did with an item of the inbox.
func Mark(m event.Mark) Record {
	return published(InboxMarks, "tideline.mark.v1", m.Recipient, m.Encode())
}

// Ruleset builds a record of the rulesets topic; see RulesetKey.
func Ruleset(key string, r event.RulesetRecord) Record {
	return published(Rulesets, "tideline.ruleset.v1", key, r.Encode())
}

// NoRuleset builds the record that takes a ruleset or a silence back.
func NoRuleset(key string) Record {
	return published(Rulesets, "tideline.ruleset.deleted.v1", key, nil)
}

// StageChange builds the record of one step of an application.
func StageChange(s event.StageChange) Record {
	return published(StageChanges, "tideline.stage-change.v1", s.Student, s.Encode())
}

// Scores is what a student's applications say about them.
func Scores(partition int32, s event.ProfileScores) Record {
	kind, value := "tideline.profile-scores.v1", s.Encode()
	if value == nil {
		kind = "tideline.profile-scores.erased.v1"
	}
	return Record{topic: ProfileScores, partition: partition, key: []byte(s.Student), value: value, headers: cloudEvent(kind, time.Now())}
}
