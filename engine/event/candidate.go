package event

import "time"

// Candidate is one student on the list of a job.
type Candidate struct {
	Student string    `json:"student"`
	Score   float64   `json:"score"` // what the rule ranks by
	Overlap float64   `json:"overlap"`
	Matched []string  `json:"matched,omitempty"`
	Missing []string  `json:"missing,omitempty"`
	Since   time.Time `json:"since,omitzero"` // when they came to match; zero: they already did when the rule was activated
}

// Before says whether c stands above d on a list.
func (c Candidate) Before(d Candidate) bool {
	return c.Score > d.Score || c.Score == d.Score && c.Student < d.Student
}

// CandidateList is what one student partition has to offer to a job under one
// rule, best first: a record of the candidates topic on the partition of the
// job's id, with the key CandidateKey; null when it offers nobody any more.
type CandidateList struct {
	Rule        string      `json:"rule"`
	Opportunity string      `json:"opportunity"`
	Partition   int32       `json:"partition"` // of the students
	Candidates  []Candidate `json:"candidates"`
}

// CandidateKey is the record's key.
func CandidateKey(rule, opportunity string, partition int32) string {
	return string(encode([]any{opportunity, rule, partition}))
}

// DecodeCandidates reads one list; a nil value gives an empty list under the
// key's names. The error is an *Invalid.
func DecodeCandidates(key, data []byte) (CandidateList, error) {
	var l CandidateList
	c := checker{what: "candidates"}
	parts := []any{&l.Opportunity, &l.Rule, &l.Partition}
	if err := unmarshal("candidates key", key, &parts); err != nil {
		return CandidateList{}, err
	}
	if data != nil {
		if err := unmarshal("candidates", data, &l); err != nil {
			return CandidateList{}, err
		}
	}
	c.id("opportunity", l.Opportunity)
	c.id("rule", l.Rule)
	return l, c.err()
}

// Encode gives the record value: nil, a tombstone, for an empty list.
func (l CandidateList) Encode() []byte {
	if len(l.Candidates) == 0 {
		return nil
	}
	return encode(l)
}
