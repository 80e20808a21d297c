package same

import "errors"

// Errors of those who ask about merges.
var (
	ErrUnknown  = errors.New("no source lists an open posting of that id")
	ErrAlone    = errors.New("the posting is merged with no other")
	ErrNotSplit = errors.New("the posting was not split")
)

// Merge is what people are told of a posting's merge.
type Merge struct {
	ID      string       `json:"id"`
	Leader  string       `json:"leader" doc:"the opportunity that is shown for all"`
	Members []Listed     `json:"members" doc:"the leader first"`
	Apart   []string     `json:"split_from,omitempty" doc:"what it was split from"`
	Similar []Suggestion `json:"similar,omitempty" doc:"of the same company with a text that is alike; not merged"`
}

// Listed is one posting of a merge.
type Listed struct {
	ID     string `json:"id"`
	Source string `json:"source" doc:"name of the source that lists it"`
	Kind   string `json:"kind" doc:"of the source"`
	URL    string `json:"url,omitempty"`
	By     Layer  `json:"by,omitempty" enum:"ats,url,opening" doc:"the surest that it has in common with another: the number in the applicant tracking system, the canonical address, or company, title and place"`
}

// Merge tells of a posting. The error is ErrUnknown.
func (x *Index) Merge(id string) (Merge, error) {
	g := x.Group(id)
	if g == nil {
		return Merge{}, ErrUnknown
	}
	v := Merge{ID: id, Leader: g.Leader().ID, Apart: x.Apart(id), Similar: x.Suggest(id)}
	for _, m := range g {
		v.Members = append(v.Members, Listed{m.ID, m.Entry, m.Source, m.URL, g.By(m.ID)})
	}
	return v, nil
}
