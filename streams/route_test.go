package streams

import (
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

func TestRoutingRepeatsOffsetsAndKeepsPoison(t *testing.T) {
	good := event.Opportunity{ID: "a", Bucket: event.Jobs, Title: "t", PostedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	batch := Batch{Router: map[int32][]Input{2: {
		{Topic: Opportunities, Partition: 2, Offset: 10, Key: []byte("x"), Value: []byte("{"), Time: at},
		{Topic: Opportunities, Partition: 2, Offset: 11, Key: []byte("a"), Value: good.Encode(), Time: at},
		{Topic: Opportunities, Partition: 2, Offset: 12, Key: []byte("b"), Value: good.Encode(), Time: at},
		{Topic: Opportunities, Partition: 2, Offset: 14, Key: []byte("a"), Time: at},
	}}}
	records, outcomes := Route(batch, 4)
	if outcomes["applied"] != 2 || outcomes["dead_letter"] != 2 {
		t.Errorf("outcomes %v", outcomes)
	}
	var ranges, letters int
	for _, r := range records {
		switch r.topic {
		case Fanout:
			ranges++
			f, err := event.DecodeFanout(r.value)
			if err != nil || *f.Range != (event.Range{Partition: 2, From: 11, To: 14, At: at.UnixMilli()}) {
				t.Errorf("range %s, %v", r.value, err)
			}
		case DeadLetters:
			letters++
			headers := map[string]string{}
			for _, h := range r.headers {
				headers[h.Key] = string(h.Value)
			}
			if headers["origin_topic"] != Opportunities || headers["origin_partition"] != "2" || headers["reason"] == "" || headers["ce_type"] == "" {
				t.Errorf("headers %v", headers)
			}
			if headers["origin_offset"] == "10" && (string(r.value) != "{" || string(r.key) != "x" || headers["reason"] != "malformed_json") {
				t.Errorf("the poison changed: %s %s %v", r.key, r.value, headers)
			}
			if headers["origin_offset"] == "12" && !strings.Contains(headers["message"], `is "a" but the record's key is "b"`) {
				t.Errorf("message %s", headers["message"])
			}
		}
	}
	if ranges != 4 || letters != 2 {
		t.Errorf("%d ranges, %d dead letters", ranges, letters)
	}
}

func TestABatchOfNothingButPoisonFansNothingOut(t *testing.T) {
	records, _ := Route(Batch{Router: map[int32][]Input{0: {{Key: []byte("x"), Value: []byte("?")}}}}, 4)
	if len(records) != 1 || records[0].topic != DeadLetters {
		t.Errorf("records %+v", records)
	}
}
