package event

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const okOpportunity = `{"id":"o1","bucket":"jobs","title":"Intern","posted_at":"2026-05-01"}`

func with(base, extra string) string {
	return strings.TrimSuffix(base, "}") + "," + extra + "}"
}

func repeated(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func TestRejectedOpportunitiesSayWhereAndWhatToDo(t *testing.T) {
	recorded := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, value, want string }{
		{"not JSON", `{"id":`, "invalid opportunity: not JSON at byte 6: unexpected end of JSON input (malformed_json)"},
		{"not an object", `[]`, "invalid opportunity: is a JSON array (at byte 1); a JSON object is needed (wrong_type)"},
		{"wrong type", with(okOpportunity, `"skills":[{"name":"go","level":"high"}]`), "invalid opportunity: skills[0].level: is a JSON string (at byte 106); a whole number is needed (wrong_type)"},
		{"wrong type deep in a list", with(okOpportunity, `"extra":{"skills":[1,{"level":[2]}]},"skills":[{"name":"go"},{"name":"c"},{"name":"sql"},{"name":"x","level":"high"}]`), "invalid opportunity: skills[3].level: is a JSON string (at byte 184); a whole number is needed (wrong_type)"},
		{"object in a list of texts", with(okOpportunity, `"locations":["x",{"city":"y"}]`), "invalid opportunity: locations[1]: is a JSON object (at byte 87); a string is needed (wrong_type)"},
		{"broken number", with(okOpportunity, `"graduation_years":[2027, 2027.5 ]`), "invalid opportunity: graduation_years[1]: is a JSON number 2027.5 (at byte 101); a whole number is needed (wrong_type)"},
		{"wrong type of text", `{"id":7}`, "invalid opportunity: id: is a JSON number (at byte 7); a string is needed (wrong_type)"},
		{"empty id", `{"id":" ","bucket":"jobs","title":"x","posted_at":"2026-05-01"}`, "invalid opportunity: id: must be a non-empty id (missing)"},
		{"long id", `{"id":"` + strings.Repeat("i", 129) + `","bucket":"jobs","title":"x","posted_at":"2026-05-01"}`, "invalid opportunity: id: is 129 bytes; at most 128 are allowed (too_long)"},
		{"control characters in the id", `{"id":"a\u0000b","bucket":"jobs","title":"x","posted_at":"2026-05-01"}`, "invalid opportunity: id: must be printable UTF-8 (unknown_value)"},
		{"no bucket, title, date", `{"id":"o1"}`, "invalid opportunity: posted_at: must be an RFC 3339 time or YYYY-MM-DD (missing); bucket: must be jobs, hackathons or content (missing); title: must not be empty (missing)"},
		{"unknown bucket", with(okOpportunity, `"bucket":"gigs"`), `invalid opportunity: bucket: is "gigs"; must be jobs, hackathons or content (unknown_value)`},
		{"unknown workplace", with(okOpportunity, `"workplace":"moon"`), `invalid opportunity: workplace: is "moon"; must be onsite, hybrid or remote (unknown_value)`},
		{"listed elsewhere without an id", with(okOpportunity, `"also":[{"id":"a","source":"x","by":"url"},{"source":"x","by":"url"}]`), "invalid opportunity: also[1].id: must be a non-empty id (missing)"},
		{"listed everywhere", with(okOpportunity, `"also":[`+strings.Repeat(`{"id":"a"},`, MaxAlso)+`{"id":"a"}]`), "invalid opportunity: also: has 65 items; at most 64 are allowed (too_many)"},
		{"merged into a long id", with(okOpportunity, `"merged_into":"`+strings.Repeat("i", 129)+`"`), "invalid opportunity: merged_into: is 129 bytes; at most 128 are allowed (too_long)"},
		{"pay upside down", with(okOpportunity, `"compensation":{"min":2,"max":1}`), "invalid opportunity: compensation: is from 2 to 1; must be amounts up to 10^12, the smaller first (out_of_range)"},
		{"unknown period", with(okOpportunity, `"compensation":{"min":2,"period":"moon"}`), `invalid opportunity: compensation.period: is "moon"; must be hour, day, week, month, year or once (unknown_value)`},
		{"unknown status", with(okOpportunity, `"status":"maybe"`), `invalid opportunity: status: is "maybe"; must be open or closed (unknown_value)`},
		{"level out of range", with(okOpportunity, `"skills":[{"name":"go"},{"name":"sql","level":6}]`), "invalid opportunity: skills[1].level: is 6; must be from 1 to 5 (out_of_range)"},
		{"weight out of range", with(okOpportunity, `"skills":[{"name":"go","weight":-1}]`), "invalid opportunity: skills[0].weight: is -1; must be from 1 to 10 (out_of_range)"},
		{"nameless skill", with(okOpportunity, `"skills":[{"level":2}]`), "invalid opportunity: skills[0].name: must name a skill (missing)"},
		{"blank skill", with(okOpportunity, `"skills":[{"name":" \t "}]`), "invalid opportunity: skills[0].name: must name a skill (missing)"},
		{"level 0", with(okOpportunity, `"skills":[{"name":"go"},{"name":"sql","level":0}]`), "invalid opportunity: skills[1].level: is 0; must be from 1 to 5 (out_of_range)"},
		{"weight 0", with(okOpportunity, `"skills":[{"name":"go","level":2,"weight":0}]`), "invalid opportunity: skills[0].weight: is 0; must be from 1 to 10 (out_of_range)"},
		{"51 skills of content", with(strings.Replace(okOpportunity, `"jobs"`, `"content"`, 1), `"skills":`+repeated(`{"name":"go"}`, 51)), "invalid opportunity: skills: has 51 items; at most 50 are allowed (too_many)"},
		{"65 skills", with(okOpportunity, `"skills":`+repeated(`{"name":"go"}`, 65)), "invalid opportunity: skills: has 65 items; at most 64 are allowed (too_many)"},
		{"bad date", with(okOpportunity, `"deadline":"next week"`), `invalid opportunity: deadline: is "next week"; must be an RFC 3339 time or YYYY-MM-DD (bad_date)`},
		{"absurd year", with(okOpportunity, `"posted_at":"1970-01-01"`), "invalid opportunity: posted_at: is in the year 1970; must be from 2000 to 2100 (bad_date)"},
		{"posted in the future", with(okOpportunity, `"posted_at":"2026-06-01"`), "invalid opportunity: posted_at: lies more than a day in the future of the record (2026-05-02T00:00:00Z) (bad_date)"},
		{"blank title", with(okOpportunity, `"title":"  "`), "invalid opportunity: title: must not be empty (missing)"},
		{"long title", with(okOpportunity, `"title":"`+strings.Repeat("x", 501)+`"`), "invalid opportunity: title: is 501 bytes; at most 500 are allowed (too_long)"},
		{"long description", with(okOpportunity, `"description":"`+strings.Repeat("x", 8193)+`"`), "invalid opportunity: description: is 8193 bytes; at most 8192 are allowed (too_long)"},
		{"difficulty", with(okOpportunity, `"difficulty":101`), "invalid opportunity: difficulty: is 101; must be from 0 to 100 (out_of_range)"},
		{"graduation year", with(okOpportunity, `"graduation_years":[26]`), "invalid opportunity: graduation_years[0]: is 26; must be from 2000 to 2063 (out_of_range)"},
		{"too many years", with(okOpportunity, `"graduation_years":`+repeated("2027", 17)), "invalid opportunity: graduation_years: has 17 items; at most 16 are allowed (too_many)"},
		{"too many locations", with(okOpportunity, `"locations":`+repeated(`"x"`, 33)), "invalid opportunity: locations: has 33 items; at most 32 are allowed (too_many)"},
		{"empty location", with(okOpportunity, `"locations":["x",""]`), "invalid opportunity: locations[1]: must not be empty (missing)"},
		{"blank location", with(okOpportunity, `"locations":["\u00a0"]`), "invalid opportunity: locations[0]: must not be empty (missing)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeOpportunity([]byte(c.value), recorded)
			if fmt.Sprint(err) != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestRejectedProfilesSayWhereAndWhatToDo(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"empty id", `{"skills":[]}`, "invalid profile: id: must be a non-empty id (missing)"},
		{"wrong type", `{"id":"s1","skills":"go"}`, "invalid profile: skills: is a JSON string (at byte 24); a JSON array is needed (wrong_type)"},
		{"level", `{"id":"s1","skills":[{"name":"go","level":-2}]}`, "invalid profile: skills[0].level: is -2; must be from 1 to 5 (out_of_range)"},
		{"level 0", `{"id":"s1","skills":[{"name":"go"},{"name":"c","level":0,"weight":0}]}`, "invalid profile: skills[1].level: is 0; must be from 1 to 5 (out_of_range)"},
		{"blank skill", `{"id":"s1","skills":[{"name":" "}]}`, "invalid profile: skills[0].name: must name a skill (missing)"},
		{"blank location", `{"id":"s1","locations":["Oslo"," "]}`, "invalid profile: locations[1]: must not be empty (missing)"},
		{"wrong type in a list", `{"id":"s1","skills":[{"name":"go"},"sql"]}`, "invalid profile: skills[1]: is a JSON string (at byte 40); a JSON object is needed (wrong_type)"},
		{"wrong type of a score", `{"id":"s1","ai_profile":{"career_score":"7"}}`, "invalid profile: ai_profile.career_score: is a JSON string (at byte 43); a number is needed (wrong_type)"},
		{"65 skills", `{"id":"s1","skills":` + repeated(`{"name":"go"}`, 65) + `}`, "invalid profile: skills: has 65 items; at most 64 are allowed (too_many)"},
		{"year", `{"id":"s1","graduation_year":1999}`, "invalid profile: graduation_year: is 1999; must be from 2000 to 2063 (out_of_range)"},
		{"score", `{"id":"s1","ai_profile":{"career_score":-0.5}}`, "invalid profile: ai_profile.career_score: is -0.5; must be from 0 to 100 (out_of_range)"},
		{"long skill", `{"id":"s1","skills":[{"name":"` + strings.Repeat("x", 201) + `"}]}`, "invalid profile: skills[0].name: is 201 bytes; at most 200 are allowed (too_long)"},
		{"everything at once", `{"skills":[{"name":"","level":9}],"graduation_year":1}`, "invalid profile: id: must be a non-empty id (missing); skills[0].name: must name a skill (missing); skills[0].level: is 9; must be from 1 to 5 (out_of_range); graduation_year: is 1; must be from 2000 to 2063 (out_of_range)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeProfile([]byte(c.value))
			if fmt.Sprint(err) != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestRejectedSignalsSayWhereAndWhatToDo(t *testing.T) {
	const ok = `{"id":"1","student":"s","kind":"save","opportunity":"o","at":"2026-05-01T10:00:00Z"}`
	for _, c := range []struct{ name, value, want string }{
		{"empty ids", `{"kind":"save","at":"2026-05-01"}`, "invalid signal: id: must be a non-empty id (missing); student: must be a non-empty id (missing); opportunity: must be a non-empty id (missing)"},
		{"unknown kind", with(ok, `"kind":"like"`), `invalid signal: kind: is "like"; must be one of [impression click save unsave ignore unignore apply_click] (unknown_value)`},
		{"no time", with(ok, `"at":""`), "invalid signal: at: must be an RFC 3339 time or YYYY-MM-DD (missing)"},
		{"position", with(ok, `"position":-1`), "invalid signal: position: is -1; must be from 0 to 10000 (out_of_range)"},
		{"propensity", with(ok, `"propensity":1.5`), "invalid signal: propensity: is 1.5; must be from 0 to 1 (out_of_range)"},
		{"unsorted features", with(ok, `"features":["b","a"]`), `invalid signal: features[1]: does not follow "b"; features must be sorted and unique (unknown_value)`},
		{"too many features", with(ok, `"features":`+repeated(`"remote"`, 97)), "invalid signal: features: has 97 items; at most 96 are allowed (too_many)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := DecodeSignal([]byte(c.value))
			if fmt.Sprint(err) != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestRejectedFanoutRecords(t *testing.T) {
	for _, value := range []string{`{}`, `{"range":{"partition":0,"from":5,"to":4}}`, `{"range":{"from":0,"to":1},"tick":"2026-01-01T00:00:00Z"}`, `{"tick":3}`} {
		if _, err := DecodeFanout([]byte(value)); err == nil {
			t.Errorf("%s was accepted", value)
		}
	}
}

func TestUnknownFieldsAreIgnoredAndDefaultsApplied(t *testing.T) {
	o, err := DecodeOpportunity([]byte(with(okOpportunity, `"colour":"red","skills":[{"name":"Go","years":3,"level":null}],"deadline":"2026-07-01T12:00:00+02:00"`)), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != Open || o.Skills[0] != (RequiredSkill{Name: "Go", Level: 3, Weight: 1}) {
		t.Errorf("defaults: %+v", o)
	}
	if got := o.Deadline.Format(time.RFC3339); got != "2026-07-01T10:00:00Z" {
		t.Errorf("deadline %s is not in UTC", got)
	}
}

func TestEncodedValuesDecodeToThemselves(t *testing.T) {
	o, err := DecodeOpportunity([]byte(with(okOpportunity, `"deadline":"2026-07-01","difficulty":40,"skills":[{"name":"go","level":2,"weight":5}]`)), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeOpportunity(o.Encode(), time.Time{})
	if err != nil || string(again.Encode()) != string(o.Encode()) {
		t.Errorf("%s became %s (%v)", o.Encode(), again.Encode(), err)
	}
}

func FuzzDecoders(f *testing.F) {
	f.Add([]byte(okOpportunity))
	f.Add([]byte(`{"id":"s1","skills":[{"name":"go","level":3}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := DecodeOpportunity(data, time.Time{}); err == nil {
			if _, err := DecodeOpportunity(o.Encode(), time.Time{}); err != nil {
				t.Errorf("accepted %q, refused its own encoding: %v", data, err)
			}
		}
		if p, err := DecodeProfile(data); err == nil {
			if _, err := DecodeProfile(p.Encode()); err != nil {
				t.Errorf("accepted %q, refused its own encoding: %v", data, err)
			}
		}
	})
}

func TestMembersHaveNineteenDigits(t *testing.T) {
	for i := range 10_000 {
		m := MemberOf(fmt.Sprint("o", i))
		if m < 1_000_000_000_000_000_000 || m >= 9_000_000_000_000_000_000 {
			t.Fatalf("member %d of o%d", m, i)
		}
	}
}

func TestPartitionIsKafkasDefault(t *testing.T) {
	// From the vectors of Kafka's own UtilsTest.testMurmur2, sign bit cleared.
	for key, hash := range map[string]int32{"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "abc": 479470107} {
		if got := murmur2(key); int32(got) != hash {
			t.Errorf("murmur2(%q) = %d, want %d", key, int32(got), hash)
		}
		if got, want := Partition(key, 64), (hash&0x7fffffff)%64; got != want {
			t.Errorf("Partition(%q) = %d, want %d", key, got, want)
		}
	}
}
