package command

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// The naive side of a replay shares no code with the sources: it picks raw fields.

// rawList decodes the list under a name into raw objects.
func rawList(document []byte, name string) ([]map[string]any, error) {
	var d map[string]json.RawMessage
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	var list []map[string]any
	return list, json.Unmarshal(d[name], &list)
}

// pick gives, by id, the named fields of every entry.
func pick(list []map[string]any, fields ...string) map[string]string {
	meaning := map[string]string{}
	for _, entry := range list {
		var parts []any
		for _, f := range fields {
			parts = append(parts, entry[f])
		}
		text, err := json.Marshal(parts)
		if err != nil { // it was decoded a moment ago
			panic(err)
		}
		meaning[fmt.Sprintf("%.0f", entry["id"])] = string(text)
	}
	return meaning
}

func greenhouseMeaning(document []byte) (map[string]string, error) {
	list, err := rawList(document, "jobs")
	return pick(list, "title", "location", "absolute_url", "company_name", "content", "language", "first_published", "application_deadline"), err
}

// greenhouseAnswer is the answer of the Job Board API to a recording of it.
func greenhouseAnswer(document []byte, _ *http.Request) any {
	list, err := rawList(document, "jobs")
	if err != nil {
		return nil
	}
	return map[string]any{"jobs": list, "meta": map[string]any{"total": len(list)}}
}

func devpostMeaning(document []byte) (map[string]string, error) {
	list, err := rawList(document, "hackathons")
	for _, entry := range list { // what is to come may be prepared for: it is as open as what is open
		entry["open_state"] = entry["open_state"] == "open" || entry["open_state"] == "upcoming"
	}
	return pick(list, "title", "displayed_location", "open_state", "url", "submission_period_dates", "themes", "prize_amount", "organization_name",
		"winners_announced", "invite_only", "eligibility_requirement_invite_only_description"), err
}

// devpostAnswer has the one page that was recorded.
func devpostAnswer(document []byte, r *http.Request) any {
	if page := r.URL.Query().Get("page"); page != "1" {
		return map[string]any{"hackathons": []any{}, "meta": map[string]any{"total_count": 1 << 20}}
	}
	return json.RawMessage(document)
}
