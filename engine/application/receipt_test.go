package application

import (
	"errors"
	"testing"

	"tideline/engine/event"
)

// said is a record with messages: 2 and 3 of the recruiter, 3 among recruiters,
// 4 of the student.
func said(t *testing.T) *Record {
	t.Helper()
	r, err := Begin("s1", job, Origin{}, Move{EventID: "e0"}, student, Pipeline{}, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		by  Actor
		who event.Visibility
	}{{recruiter, event.ForStudent}, {recruiter, event.ForRecruiters}, {student, event.ForStudent}} {
		i, err := r.Say(Said{Body: "x"}, m.who, "", "", m.by, start, start)
		if err != nil {
			t.Fatal(err)
		}
		r.Append(i)
	}
	return r
}

func TestAReceiptIsOfTheLastMessageOfOthersThatTheReaderMayRead(t *testing.T) {
	other := Actor{ID: "r2", Role: Recruiter}
	for _, c := range []struct {
		by         Actor
		upTo, want int // 0: nothing is new
	}{
		{student, 0, 2},
		{student, 1, 0},
		{student, 3, 2},
		{recruiter, 0, 4},
		{recruiter, 3, 0},
		{other, 0, 4},
		{other, 3, 3},
		{other, 2, 2},
		{Actor{ID: student.ID, Role: Recruiter}, 3, 3}, // another person of the same id
	} {
		r := said(t)
		i, err := r.Receive(c.upTo, "e", "digest", c.by, hours(1))
		switch {
		case err != nil:
			t.Errorf("%v up to %d: %v", c.by, c.upTo, err)
		case i == nil:
			if c.want != 0 {
				t.Errorf("%v up to %d: nothing, want %d", c.by, c.upTo, c.want)
			}
		default:
			before := r.Receipts
			r.Append(*i)
			again, err := r.Receive(c.upTo, "e2", "", c.by, hours(2))
			if i.Read != c.want || r.ReadBy(c.by) != c.want || again != nil || err != nil || len(before) != 0 || i.Request != "digest" {
				t.Errorf("%v up to %d: %+v, again %v", c.by, c.upTo, i, again)
			}
			told := r.Unpublished()
			if m := told[len(told)-1].Message; m == nil || m.ReadUpTo != c.want || m.Body != "" {
				t.Errorf("the topic is told %+v", m)
			} else if _, err := event.DecodeMessage(m.Encode()); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAReceiptOfWhatIsNotThereIsRefused(t *testing.T) {
	r := said(t)
	_, err := r.Receive(5, "e", "", student, start)
	if refusal, ok := errors.AsType[*Refusal](err); !ok || refusal.Rule != UnknownMessage {
		t.Error(err)
	}
}
