package event

import (
	"fmt"
	"strings"
	"testing"
)

// rejected is an input, and what is said about it after "invalid <what>: ".
type rejected struct{ name, value, want string }

func rejects(t *testing.T, what string, decode func(string) error, cases []rejected) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, want := fmt.Sprint(decode(c.value)), "invalid "+what+": "+c.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// quoted is a JSON string of n letters.
func quoted(n int) string { return `"` + strings.Repeat("x", n) + `"` }

const (
	stageNames = "[applied shortlisted interview_scheduled interview_completed offer_extended offer_accepted offer_rejected rejected withdrawn]"
	kindNames  = "[advance skip regress reject withdraw reopen correction late erased]"
	badTime    = `"soon"; must be an RFC 3339 time or YYYY-MM-DD (bad_date)`
)

func TestRejectedStageChangesSayWhereAndWhatToDo(t *testing.T) {
	const ok = `{"event_id":"e","student":"s","opportunity":"o","to":"applied","at":"2026-05-01T10:00:00Z"}`
	decode := func(v string) error { _, err := DecodeStageChange([]byte(v)); return err }
	if err := decode(ok); err != nil {
		t.Fatal(err)
	}
	rejects(t, "stage change", decode, []rejected{
		{"not JSON", `{`, "not JSON at byte 1: unexpected end of JSON input (malformed_json)"},
		{"wrong type", with(ok, `"seq":"1"`), "seq: is a JSON string (at byte 100); a whole number is needed (wrong_type)"},
		{"nothing", `{}`, "at: must be an RFC 3339 time or YYYY-MM-DD (missing); event_id: must be a non-empty id (missing); student: must be a non-empty id (missing); opportunity: must be a non-empty id (missing); to: is \"\"; must be one of " + stageNames + " (unknown_value)"},
		{"long id", with(ok, `"event_id":`+quoted(129)), "event_id: is 129 bytes; at most 128 are allowed (too_long)"},
		{"control characters", with(ok, `"student":"a\u0000"`), "student: must be printable UTF-8 (unknown_value)"},
		{"unknown stage", with(ok, `"to":"hired"`), `to: is "hired"; must be one of ` + stageNames + " (unknown_value)"},
		{"unknown stage before", with(ok, `"from":"hired"`), `from: is "hired"; must be one of ` + stageNames + " (unknown_value)"},
		{"unknown kind", with(ok, `"kind":"jump"`), `kind: is "jump"; must be one of ` + kindNames + " (unknown_value)"},
		{"bad time", with(ok, `"at":"soon"`), "at: is " + badTime},
		{"bad time of recording", with(ok, `"recorded_at":"soon"`), "recorded_at: is " + badTime},
		{"bad time of the interview", with(ok, `"interview_at":"soon"`), "interview_at: is " + badTime},
		{"bad end of the offer", with(ok, `"offer_ends":"soon"`), "offer_ends: is " + badTime},
		{"bad time in the stage", with(ok, `"since":"soon"`), "since: is " + badTime},
		{"bad time of applying", with(ok, `"applied_at":"soon"`), "applied_at: is " + badTime},
		{"negative seq", with(ok, `"seq":-1`), "seq: is -1; must be from 0 to 1000000 (out_of_range)"},
		{"huge seq", with(ok, `"application":"a","seq":1000001`), "seq: is 1000001; must be from 0 to 1000000 (out_of_range)"},
		{"position", with(ok, `"position":10001`), "position: is 10001; must be from 0 to 10000 (out_of_range)"},
		{"match", with(ok, `"match":1001`), "match: is 1001; must be from 0 to 1000 (out_of_range)"},
		{"long reason", with(ok, `"reason":`+quoted(201)), "reason: is 201 bytes; at most 200 are allowed (too_long)"},
		{"long actor", with(ok, `"actor":`+quoted(129)), "actor: is 129 bytes; at most 128 are allowed (too_long)"},
		{"long step", with(ok, `"to_step":`+quoted(129)), "to_step: is 129 bytes; at most 128 are allowed (too_long)"},
		{"another application", with(ok, `"application":"a"`), "application: is not the application of this student for this opportunity; leave it out (unknown_value)"},
		{"a step of no application", with(ok, `"seq":1`), "application: must be a non-empty id (missing)"},
	})
}

func TestRejectedMessagesSayWhereAndWhatToDo(t *testing.T) {
	const ok = `{"event_id":"e","student":"s","opportunity":"o","author":"s","author_role":"student","at":"2026-05-01T10:00:00Z","body":"hi"}`
	const meeting = `{"event_id":"e","student":"s","opportunity":"o","author":"r","author_role":"recruiter","at":"2026-05-01T10:00:00Z"}`
	decode := func(v string) error { _, err := DecodeMessage([]byte(v)); return err }
	planned := func(extra string) string {
		return with(meeting, `"interview":`+with(`{"id":"i","starts":"2026-05-02T10:00:00Z"}`, extra))
	}
	for _, v := range []string{ok, planned(`"mode":"video"`), with(meeting, `"read_up_to":3`)} {
		if err := decode(v); err != nil {
			t.Fatal(v, err)
		}
	}
	rejects(t, "message", decode, []rejected{
		{"not an object", `"hi"`, "is a JSON string (at byte 4); a JSON object is needed (wrong_type)"},
		{"nothing", `{}`, "at: must be an RFC 3339 time or YYYY-MM-DD (missing); event_id: must be a non-empty id (missing); student: must be a non-empty id (missing); opportunity: must be a non-empty id (missing); author: must be a non-empty id (missing); author_role: must be one of [student recruiter ops service] (missing); body: must say something (missing)"},
		{"bad time", with(ok, `"at":"soon"`), "at: is " + badTime},
		{"unknown role", with(ok, `"author_role":"dean"`), `author_role: is "dean"; must be one of [student recruiter ops service] (unknown_value)`},
		{"unknown visibility", with(ok, `"visibility":"all"`), `visibility: is "all"; must be one of [recruiters student] (unknown_value)`},
		{"place", with(ok, `"n":-1`), "n: is -1; must be from 0 to 1000000 (out_of_range)"},
		{"blank body", with(ok, `"body":" "`), "body: must say something (missing)"},
		{"long body", with(ok, `"body":`+quoted(8193)), "body: is 8193 bytes; at most 8192 are allowed (too_long)"},
		{"long interview", with(ok, `"interview_id":`+quoted(129)), "interview_id: is 129 bytes; at most 128 are allowed (too_long)"},
		{"another application", with(ok, `"application":"a"`), "application: is not the application of this student for this opportunity; leave it out (unknown_value)"},
		{"a place in no application", with(ok, `"n":3`), "application: must be a non-empty id (missing)"},
		{"receipt of nothing", with(meeting, `"read_up_to":-1`), "read_up_to: is -1; must be from 0 to 1000000 (out_of_range); body: must say something (missing)"},
		{"receipt that says more", with(ok, `"read_up_to":2`), "read_up_to: is a receipt, which says nothing else; send body and interview by themselves (unknown_value)"},
		{"receipt with an interview", strings.Replace(planned(`"title":"x"`), `"event_id"`, `"read_up_to":2,"event_id"`, 1), "read_up_to: is a receipt, which says nothing else; send body and interview by themselves (unknown_value)"},
		{"interview without a time", with(meeting, `"interview":{}`), "interview.starts: must be an RFC 3339 time or YYYY-MM-DD (missing)"},
		{"interview at a bad time", planned(`"starts":"soon"`), "interview.starts: is " + badTime},
		{"interview that ends before it starts", planned(`"ends":"2026-05-02T09:00:00Z"`), "interview.ends: is not after starts (out_of_range)"},
		{"unknown state", planned(`"state":"maybe"`), `interview.state: is "maybe"; must be one of [scheduled completed cancelled] (unknown_value)`},
		{"unknown mode", planned(`"mode":"telepathy"`), `interview.mode: is "telepathy"; must be one of [onsite phone video] (unknown_value)`},
		{"long id of the interview", planned(`"id":` + quoted(129)), "interview.id: is 129 bytes; at most 128 are allowed (too_long)"},
		{"long title", planned(`"title":` + quoted(501)), "interview.title: is 501 bytes; at most 500 are allowed (too_long)"},
		{"long place", planned(`"place":` + quoted(2049)), "interview.place: is 2049 bytes; at most 2048 are allowed (too_long)"},
		{"nameless interviewer", planned(`"interviewers":["r",""]`), "interview.interviewers[1]: must be a non-empty id (missing)"},
		{"17 interviewers", planned(`"interviewers":` + repeated(`"r"`, 17)), "interview.interviewers: has 17 items; at most 16 are allowed (too_many)"},
	})
}

// opinions are what any feedback is rejected for, with the path that it is under.
func opinions(below string) []rejected {
	const note = `{"kind":"shortlisting","summary":"good"}`
	const card = `{"kind":"scorecard","interview":"i","recommendation":"yes"}`
	const offer = `{"kind":"offer","offer":{"amount":1,"currency":"EUR","period":"year"}}`
	const kinds, advice = "[shortlisting scorecard rejection offer]", "[definitely_no no yes strong_yes]"
	const whose = "[we_declined they_declined other]"
	list := []rejected{
		{"no kind", `{}`, "kind: must be one of " + kinds + " (missing)"},
		{"unknown kind", with(note, `"kind":"praise"`), `kind: is "praise"; must be one of ` + kinds + " (unknown_value)"},
		{"unknown visibility", with(note, `"visibility":"all"`), `visibility: is "all"; must be one of [recruiters student] (unknown_value)`},
		{"unknown recommendation", with(note, `"recommendation":"maybe"`), `recommendation: is "maybe"; must be one of ` + advice + " (unknown_value)"},
		{"bad time", with(card, `"interviewed_at":"soon"`), "interviewed_at: is " + badTime},
		{"33 attributes", with(card, `"attributes":`+repeated(`{"name":"x","rating":1}`, 33)), "attributes: has 33 items; at most 32 are allowed (too_many)"},
		{"nameless attribute", with(card, `"attributes":[{"rating":1}]`), "attributes[0].name: must name what is rated (missing)"},
		{"long name of an attribute", with(card, `"attributes":[{"rating":1,"name":`+quoted(201)+`}]`), "attributes[0].name: is 201 bytes; at most 200 are allowed (too_long)"},
		{"long note", with(card, `"attributes":[{"rating":1,"name":"x","note":`+quoted(8193)+`}]`), "attributes[0].note: is 8193 bytes; at most 8192 are allowed (too_long)"},
		{"rating", with(card, `"attributes":[{"rating":1,"name":"x"},{"rating":6,"name":"y"}]`), "attributes[1].rating: is 6; must be from 1 to 5 (out_of_range)"},
		{"no rating", with(card, `"attributes":[{"name":"x"}]`), "attributes[0].rating: is 0; must be from 1 to 5 (out_of_range)"},
		{"rated twice", with(card, `"attributes":[{"rating":1,"name":"x"},{"rating":2,"name":"x"}]`), `attributes[1].name: is rated twice; rate "x" once (unknown_value)`},
		{"long summary", with(note, `"summary":`+quoted(8193)), "summary: is 8193 bytes; at most 8192 are allowed (too_long)"},
		{"long reason", with(note, `"reason":`+quoted(201)), "reason: is 201 bytes; at most 200 are allowed (too_long)"},
		{"long interviewer", with(note, `"interviewer":`+quoted(129)), "interviewer: is 129 bytes; at most 128 are allowed (too_long)"},
		{"long interview", with(card, `"interview":`+quoted(129)), "interview: is 129 bytes; at most 128 are allowed (too_long)"},
		{"scorecard without advice", `{"kind":"scorecard","interview":"i"}`, "recommendation: a scorecard needs one of " + advice + " (missing)"},
		{"scorecard of no interview", `{"kind":"scorecard","recommendation":"no"}`, "interview: a scorecard names the interview it is about (missing)"},
		{"rejection by nobody", `{"kind":"rejection","reason":"skills"}`, "side: must be one of " + whose + " (missing)"},
		{"rejection by somebody else", `{"kind":"rejection","reason":"skills","side":"dean"}`, `side: is "dean"; must be one of ` + whose + " (unknown_value)"},
		{"rejection without a reason", `{"kind":"rejection","side":"other"}`, "reason: a rejection names a reason of the organisation's list (missing)"},
		{"offer of nothing", `{"kind":"offer"}`, "offer: an offer note says what was offered (missing)"},
		{"shortlisting that says nothing", `{"kind":"shortlisting"}`, "summary: say something: a recommendation, attributes or a summary (missing)"},
		{"negative amount", strings.Replace(offer, `"amount":1`, `"amount":-1`, 1), "offer.amount: is -1; must be from 0 to 1e12 (out_of_range)"},
		{"amount for no time", strings.Replace(offer, `,"period":"year"`, ``, 1), "offer.period: must be one of [hour day week month year once] (missing)"},
		{"amount for an unknown time", strings.Replace(offer, `"year"`, `"decade"`, 1), `offer.period: is "decade"; must be one of [hour day week month year once] (unknown_value)`},
		{"amount of no currency", strings.Replace(offer, `"EUR"`, `"Euro"`, 1), `offer.currency: is "Euro"; must be an ISO 4217 code, such as EUR (unknown_value)`},
		{"offer that starts at a bad time", strings.Replace(offer, `"amount"`, `"starts":"soon","amount"`, 1), "offer.starts: is " + badTime},
		{"offer that ends at a bad time", strings.Replace(offer, `"amount"`, `"expires":"soon","amount"`, 1), "offer.expires: is " + badTime},
	}
	for i := range list {
		list[i].want = below + list[i].want
	}
	return list
}

func TestRejectedFeedbackSaysWhereAndWhatToDo(t *testing.T) {
	decode := func(v string) error { _, err := DecodeFeedback([]byte(v)); return err }
	rejects(t, "feedback", decode, append(opinions(""), rejected{"not JSON", `{"kind"}`, "not JSON at byte 8: invalid character '}' after object key (malformed_json)"}))
}

func TestRejectedEvaluationsSayWhereAndWhatToDo(t *testing.T) {
	const ok = `{"event_id":"e","application":"a","student":"s","opportunity":"o","n":2,"stage":"applied","submitted_at":"2026-05-01T10:00:00Z","feedback":{"kind":"shortlisting","summary":"good"}}`
	decode := func(v string) error { _, err := DecodeEvaluation([]byte(v)); return err }
	if err := decode(ok); err != nil {
		t.Fatal(err)
	}
	rejects(t, "evaluation", decode, []rejected{
		{"not JSON", ``, "not JSON at byte 0: unexpected end of JSON input (malformed_json)"},
		{"wrong type", with(ok, `"feedback":[]`), "feedback: is a JSON array (at byte 192); a JSON object is needed (wrong_type)"},
		{"nothing", `{"feedback":{"kind":"shortlisting","summary":"good"}}`, "submitted_at: must be an RFC 3339 time or YYYY-MM-DD (missing); event_id: must be a non-empty id (missing); application: must be a non-empty id (missing); student: must be a non-empty id (missing); opportunity: must be a non-empty id (missing); n: is 0; must be from 1 to 1000000 (out_of_range); stage: is \"\"; must be one of " + stageNames + " (unknown_value)"},
		{"bad time", with(ok, `"submitted_at":"soon"`), "submitted_at: is " + badTime},
		{"place", with(ok, `"n":0`), "n: is 0; must be from 1 to 1000000 (out_of_range)"},
		{"unknown stage", with(ok, `"stage":"hired"`), `stage: is "hired"; must be one of ` + stageNames + " (unknown_value)"},
		{"long id", with(ok, `"application":`+quoted(129)), "application: is 129 bytes; at most 128 are allowed (too_long)"},
	})
	inside := func(v string) error {
		return decode(strings.Replace(ok, `{"kind":"shortlisting","summary":"good"}`, v, 1))
	}
	rejects(t, "evaluation", inside, opinions("feedback."))
}
