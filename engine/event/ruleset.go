package event

import "time"

// RulesetRecord is one record of the rulesets topic: either an activated
// ruleset, with the ruleset's name as key, or a silence, with "silence/" and its
// id as key. Null takes either back. The router repeats records to every
// student partition through fanout, so all switch at a known point.
type RulesetRecord struct {
	Ruleset *Activation `json:"ruleset,omitempty"`
	Silence *Silence    `json:"silence,omitempty"`
}

// Activation puts a version of a ruleset in force.
type Activation struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Digest  string    `json:"digest"` // SHA-256 of Source, hex
	Source  string    `json:"source"` // YAML
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// Send is how many students or jobs that match already may be told, at
	// most, per rule and student partition; 0: they are adopted silently.
	Send int `json:"send,omitempty"`
	// Before is the version that was in force before; 0: none, or nobody knows.
	Before int `json:"before,omitempty"`
}

// After says what an activation follows, nil for nothing: putting the same
// version in force again changes nothing about it.
func (a Activation) After(old *Activation) Activation {
	switch {
	case old == nil:
		a.Before = 0
	case old.Version == a.Version:
		a.Before = old.Before
	default:
		a.Before = old.Version
	}
	return a
}

// Silence keeps firings from being sent until a time. Empty fields match all.
type Silence struct {
	ID           string    `json:"id"`
	Rule         string    `json:"rule,omitempty"`
	Student      string    `json:"student,omitempty"` // the subject or the recipient
	Organisation string    `json:"organisation,omitempty"`
	Until        time.Time `json:"until"`
	Comment      string    `json:"comment,omitempty"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
}

// Covers says whether a silence holds for a proposal at a time.
func (s Silence) Covers(p Proposal, now time.Time) bool {
	return now.Before(s.Until) && (s.Rule == "" || s.Rule == p.Rule) &&
		(s.Student == "" || s.Student == p.Subject.Student || s.Student == p.Recipient) &&
		(s.Organisation == "" || s.Organisation == p.Subject.Organisation)
}

const maxRuleset = 512 << 10 // bytes of YAML

// DecodeRuleset reads one record. The error is an *Invalid.
func DecodeRuleset(data []byte) (RulesetRecord, error) {
	var r RulesetRecord
	if err := unmarshal("ruleset record", data, &r); err != nil {
		return RulesetRecord{}, err
	}
	c := checker{what: "ruleset record"}
	switch {
	case (r.Ruleset == nil) == (r.Silence == nil):
		c.add("", Missing, "must hold either a ruleset or a silence")
	case r.Ruleset != nil:
		c.id("ruleset.name", r.Ruleset.Name)
		c.text("ruleset.source", r.Ruleset.Source, maxRuleset)
		c.within("ruleset.send", r.Ruleset.Send, 0, 1_000_000)
	default:
		c.id("silence.id", r.Silence.ID)
		if r.Silence.Until.IsZero() {
			c.add("silence.until", Missing, "must be a time")
		}
		if r.Silence.Rule == "" && r.Silence.Student == "" && r.Silence.Organisation == "" {
			c.add("silence", Missing, "must name a rule, a student or an organisation")
		}
	}
	return r, c.err()
}

// Encode gives the record value.
func (r RulesetRecord) Encode() []byte { return encode(r) }
