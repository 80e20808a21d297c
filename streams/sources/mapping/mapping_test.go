package mapping

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tideline/engine/event"
)

func mapped(t *testing.T, fields map[string]string, document string) (event.Opportunity, error) {
	t.Helper()
	m := Mapping{Source: "x", Fields: fields, TimeZone: "Asia/Kolkata", URLPrefix: "https://x.example/", Country: "India", SplitPlaces: ",", Open: []string{"Live"}}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	entries, err := each(&m, document)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	r, err := m.Record(entries[0])
	if err != nil {
		return event.Opportunity{ID: r.ID}, err
	}
	return *r.Opportunity, nil
}

func each(m *Mapping, document string) (entries []any, err error) {
	err = m.Each([]byte(document), func(number int, entry any) error {
		if number != len(entries) {
			return fmt.Errorf("entry %d has number %d", len(entries), number)
		}
		entries = append(entries, entry)
		return nil
	})
	return entries, err
}

func TestTheListStandsAnywhere(t *testing.T) {
	m := Mapping{Items: "data.items"}
	entries, err := each(&m, `{"items":[9],"data":{"before":{"items":[8]},"items":[{"n":12345678901234567890},2],"after":[]},"more":1}`)
	if err != nil || fmt.Sprint(entries) != "[map[n:12345678901234567890] 2]" {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestPathsLeadIntoEntries(t *testing.T) {
	fields := map[string]string{
		"id": "missing|meta.id", "title": "title", "url": "path", "skills": "tags.*.name", "locations": "where", "pay_min": "pay.low", "pay_max": "pay.high",
		"pay_currency": "pay.unit", "pay_period": "pay.per", "deadline": "until", "status": "state", "remote": "wfh", "posted": "since",
	}
	o, err := mapped(t, fields, `[{"meta":{"id":12345678901234567890},"title":"Data Intern","path":"/jobs/1","tags":[{"name":"Python"},{"name":"SQL"},{}],
		"where":["Pune, Delhi","Work from home"],"pay":{"low":5000,"high":8000.5,"unit":"INR","per":"MONTHLY"},"until":"2026-06-30","state":"Live","wfh":true,"since":1777600000}]`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range o.Skills {
		names = append(names, s.Name)
	}
	if o.ID != "x:12345678901234567890" || o.URL != "https://x.example/jobs/1" || !slices.Equal(names, []string{"python", "sql"}) || !o.Remote ||
		!slices.Equal(o.Locations, []string{"Pune", "India", "Delhi"}) || *o.Compensation != (event.Compensation{Min: 5000, Max: 8000.5, Currency: "INR", Period: "month"}) ||
		o.Deadline.Format("2006-01-02T15:04Z07:00") != "2026-06-30T18:30Z" || o.Status != event.Open {
		t.Errorf("%s", o.Encode())
	}
	if o, err := mapped(t, fields, `[{"meta":{"id":1},"title":"x","state":"Draft"}]`); err != nil || o.Status != event.Closed {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAnEntryThatCannotBeUsedKeepsItsID(t *testing.T) {
	o, err := mapped(t, map[string]string{"id": "id", "title": "title", "deadline": "until"}, `[{"id":"7","title":"x","until":"when we like"}]`)
	if err == nil || o.ID != "x:7" {
		t.Errorf("%q, %v", o.ID, err)
	}
	if o, err := mapped(t, map[string]string{"id": "id", "title": "title"}, `[{"title":"x"}]`); err == nil || o.ID != "" {
		t.Errorf("%q, %v", o.ID, err)
	}
	// Without an id the address tells it from others, however long.
	if o, err := mapped(t, map[string]string{"url": "url", "title": "title"}, `[{"title":"x","url":"https://y.example/a b"}]`); err != nil || len(o.ID) != len("x:")+16 {
		t.Errorf("%q, %v", o.ID, err)
	}
}

func TestMistakesOfAMappingAreAllTold(t *testing.T) {
	m := Mapping{Source: "X Y", Bucket: "gigs", TimeZone: "Moon", Fields: map[string]string{"name": "n"}}
	err := m.Check()
	for _, want := range []string{"source is", "bucket is", "time_zone is", `field "name"`, "fields must have title"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

func TestWhatIsNotAListIsRefused(t *testing.T) {
	m := Mapping{Items: "data.items"}
	for _, document := range []string{`{"data":{"items":{}}}`, `{"data":[]}`, `{}`, `[`, `{"data":{"items":[]}} {}`, `{"data":{"items":[{},{`, `{"data":{"items":[1]}}]`} {
		if entries, err := each(&m, document); err == nil || len(entries) > 0 {
			t.Errorf("%s is a list: %v", document, entries)
		}
	}
}
