package funnel_test

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/application"
	"tideline/engine/event"
	"tideline/engine/funnel"
)

// drawn makes an application by moves, corrections and facts, whichever are allowed.
func drawn(t *rapid.T, n int) funnel.Case {
	student, recruiter := application.Actor{ID: "s", Role: application.Student}, application.Actor{ID: "r", Role: application.Recruiter}
	ops := application.Actor{ID: "o", Role: application.Ops}
	begin := rapid.IntRange(0, 20).Draw(t, "applied")
	position := rapid.IntRange(0, 12).Draw(t, "position")
	via := rapid.SampledFrom([]string{"", "feed", "search"}).Draw(t, "via")
	r, err := application.Begin("s", application.Job{ID: fmt.Sprint(n)}, application.Origin{}, application.Move{EventID: "e"}, student, application.Pipeline{}, hour(begin))
	if err != nil {
		t.Fatal(err)
	}
	actor := rapid.SampledFrom([]application.Actor{student, recruiter, recruiter, ops})
	for k := range rapid.IntRange(0, 12).Draw(t, "steps") {
		id, by := fmt.Sprint("e", k), actor.Draw(t, "by")
		now := hour(begin + 2*k + 1)
		to := event.Stages[rapid.IntRange(0, 8).Draw(t, "to")]
		var i application.Item
		switch rapid.SampledFrom([]string{"move", "move", "undo", "fact"}).Draw(t, "what") {
		case "move":
			reason := rapid.SampledFrom([]string{"skills", "location", "other"}).Draw(t, "reason")
			i, err = r.Move(application.Move{EventID: id, To: string(to), Reason: reason}, by, application.Pipeline{}, now)
		case "undo":
			i, err = r.Correct(application.Move{EventID: id}, rapid.IntRange(1, len(r.Path)).Draw(t, "seq"), ops, now)
		default:
			f := event.StageChange{EventID: id, To: to, At: hour(begin + rapid.IntRange(-3, 2*k+1).Draw(t, "at")), Kind: event.Reopen}
			told, wrong := r.Fact(f, application.Pipeline{}, now)
			if wrong != nil || told == nil {
				continue
			}
			i, err = *told, nil
		}
		if err == nil {
			r.Append(i)
		}
	}
	return funnel.Case{Path: r.Path, Source: rapid.SampledFrom([]string{"", "lever"}).Draw(t, "source"), Via: via, Position: position}
}

var order = strings.Fields("applied shortlisted interview_scheduled interview_completed offer_extended offer_accepted")

// held is a naive history: what held from when, by looking at every hour anew.
type held struct {
	truth []application.Change // in force, in the order of their times
	last  application.Change   // that moved it
}

func history(path []application.Change) held {
	var h held
	for _, c := range path {
		gone := c.Kind == event.Correction
		for _, other := range path {
			gone = gone || other.Kind == event.Correction && other.Corrects == c.Seq
		}
		if gone {
			continue
		}
		at := len(h.truth)
		for at > 0 && h.truth[at-1].At.After(c.At) {
			at--
		}
		h.truth = slices.Insert(h.truth, at, c)
		if c.Kind != event.Late {
			h.last = c
		}
	}
	return h
}

func (h held) ever(stages ...string) bool {
	return slices.ContainsFunc(h.truth, func(c application.Change) bool { return slices.Contains(stages, string(c.To)) })
}

func (h held) reached(k int) bool {
	return k == 0 || h.ever(order[k:]...) || k < 5 && h.ever("offer_rejected")
}

// lasted lists hours of a stage, and whether each is over.
func (h held) lasted(stage string, now time.Time) (hours []int64, over []bool) {
	for i, c := range h.truth {
		if string(c.To) != stage || i > 0 && h.truth[i-1].To == c.To {
			continue
		}
		end, ended := now, false
		for _, d := range h.truth[i:] {
			if d.To != c.To {
				end, ended = d.At, true
				break
			}
		}
		hours, over = append(hours, int64(end.Sub(c.At)/time.Second)), append(over, ended)
	}
	return hours, over
}

// quantile goes through every second that is named, with exact fractions.
func quantile(all []held, stage string, now time.Time, left *big.Rat) string {
	var lengths []int64
	var over []bool
	for _, h := range all {
		l, o := h.lasted(stage, now)
		lengths, over = append(lengths, l...), append(over, o...)
	}
	times := slices.Clone(lengths)
	slices.Sort(times)
	curve := big.NewRat(1, 1)
	for _, t := range slices.Compact(times) {
		var risk, gone int64
		for i, l := range lengths {
			if l >= t {
				risk++
			}
			if l == t && over[i] {
				gone++
			}
		}
		curve.Mul(curve, big.NewRat(risk-gone, risk))
		if gone > 0 && curve.Cmp(left) <= 0 {
			return fmt.Sprint(t)
		}
	}
	return "unknown"
}

func shown(p *int64) string {
	if p == nil {
		return "unknown"
	}
	return fmt.Sprint(*p)
}

func TestAReportEqualsANaiveRecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cases []funnel.Case
		for n := range rapid.IntRange(0, 25).Draw(t, "applications") {
			cases = append(cases, drawn(t, n))
		}
		now := hour(60)
		from, to := hour(rapid.IntRange(-2, 15).Draw(t, "from")), hour(rapid.IntRange(5, 25).Draw(t, "to"))
		got := funnel.ReportOf(funnel.TellAll(cases), from, to, now)
		if again := funnel.ReportOf(funnel.TellAll(rapid.Permutation(cases).Draw(t, "order")), from, to, now); !reflect.DeepEqual(got, again) {
			t.Fatalf("the order matters: %+v\n%+v", got, again)
		}
		var all, in []held
		var inCases []funnel.Case
		for _, c := range cases {
			h := history(c.Path)
			all = append(all, h)
			if at := h.truth[0].At; !at.Before(from) && at.Before(to) {
				in, inCases = append(in, h), append(inCases, c)
			}
		}
		number := func(list []held, is func(held) bool) (n int) {
			for _, h := range list {
				if is(h) {
					n++
				}
			}
			return n
		}
		for _, s := range got.Snapshot.Stages {
			if want := number(all, func(h held) bool { return h.last.To == s.Stage }); s.Count != want {
				t.Fatalf("%d stand at %s, want %d", s.Count, s.Stage, want)
			}
		}
		if got.Cohort.Size != len(in) || got.Snapshot.Total != len(all) {
			t.Fatalf("size %d of %d, want %d of %d", got.Cohort.Size, got.Snapshot.Total, len(in), len(all))
		}
		pending := 0
		for k, rung := range got.Cohort.Stages {
			reached := number(in, func(h held) bool { return h.reached(k) })
			stood := number(in, func(h held) bool { return h.ever(order[k]) })
			young := number(in, func(h held) bool {
				if k > 4 || string(h.last.To) != order[k] {
					return false
				}
				p90 := quantile(all, order[k], now, big.NewRat(1, 10))
				lengths, _ := h.lasted(order[k], now)
				var limit int64
				_, err := fmt.Sscan(p90, &limit)
				return err != nil || lengths[len(lengths)-1] < limit
			})
			if rung.Reached != reached || rung.Stood != stood || rung.Pending != young || string(rung.Stage) != order[k] {
				t.Fatalf("%+v, want reached %d, stood %d, pending %d", rung, reached, stood, young)
			}
			pending += young
		}
		if got.Cohort.Pending != pending || got.Cohort.Immature != (float64(pending) > float64(len(in))/10) {
			t.Fatalf("%+v, want %d pending", got.Cohort, pending)
		}
		for k, d := range got.Durations {
			count, open := 0, 0
			for _, h := range in {
				_, over := h.lasted(order[k], now)
				count += len(over)
				open += len(slices.DeleteFunc(over, func(o bool) bool { return o }))
			}
			median, p90 := quantile(in, order[k], now, big.NewRat(1, 2)), quantile(in, order[k], now, big.NewRat(1, 10))
			if d.Cases != count || d.Open != open || shown(d.Median) != median || shown(d.P90) != p90 {
				t.Fatalf("%s: %d cases, %d open, median %s, p90 %s; want %d, %d, %s, %s", d.Stage, d.Cases, d.Open, shown(d.Median), shown(d.P90), count, open, median, p90)
			}
		}
		ends := map[string]int{}
		for _, h := range in {
			switch end := string(h.last.To); {
			case end == "rejected" && h.last.Reason == "location", end == "offer_rejected":
				ends["declined"]++
			case h.last.To.Open():
				ends["open"]++
			default:
				ends[end]++
			}
		}
		want := funnel.Ended{Rejected: ends["rejected"], Declined: ends["declined"], Withdrawn: ends["withdrawn"], Accepted: ends["offer_accepted"], Open: ends["open"]}
		if got.Cohort.Ended != want {
			t.Fatalf("ended %+v, want %+v", got.Cohort.Ended, want)
		}
		sources(t, got.Sources, inCases, in)
		total := 0
		for _, r := range got.Reasons {
			total += r.Count
			if n := number(in, func(h held) bool { return h.last.To == r.Stage && h.last.Reason == r.Code }); n != r.Count {
				t.Fatalf("%+v, want %d", r, n)
			}
		}
		if total != want.Rejected+want.Declined+want.Withdrawn {
			t.Fatalf("reasons of %d, ends %+v", total, want)
		}
	})
}

func sources(t *rapid.T, got []funnel.Source, cases []funnel.Case, in []held) {
	sums := map[string]int{}
	for _, s := range got {
		var n, interviews, offers, accepted int
		for i, c := range cases {
			value := map[string]string{"source": c.Source, "via": c.Via, "position": map[bool]string{
				c.Position == 1: "1", c.Position == 2 || c.Position == 3: "2-3", c.Position > 3 && c.Position < 11: "4-10", c.Position > 10: "11+",
			}[true]}[s.By]
			if value != s.Value && (value != "" || s.Value != "unknown") {
				continue
			}
			n++
			for count, k := range map[*int]int{&interviews: 2, &offers: 4, &accepted: 5} {
				if in[i].reached(k) {
					*count++
				}
			}
		}
		if s.Applications != n || s.Interviews != interviews || s.Offers != offers || s.Accepted != accepted {
			t.Fatalf("%+v, want %d %d %d %d", s, n, interviews, offers, accepted)
		}
		sums[s.By] += n
	}
	for _, by := range []string{"source", "via", "position"} {
		if sums[by] != len(cases) {
			t.Fatalf("by %s: %d of %d", by, sums[by], len(cases))
		}
	}
}
