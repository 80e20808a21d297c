package sources

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"tideline/engine/event"
)

func opportunity(id, title string) Record {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return Record{At: at, ID: id, Opportunity: &event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: title, Status: event.Open, PostedAt: at,
	}}
}

func collect(into *[]Record) Emit {
	return func(r Record) error { *into = append(*into, r); return nil }
}

func TestSinkGivesOnChangesOnly(t *testing.T) {
	var got []Record
	memory := NewMemory()
	first := NewSink(memory, collect(&got))
	put(t, first, opportunity("x:1", "One"), opportunity("x:1", "One"), opportunity("x:1", "Two"))
	second := NewSink(memory, collect(&got)) // the memory outlives one recording
	put(t, second, opportunity("x:1", "Two"))
	for range 2 { // the second end says nothing new
		if err := second.Delete("f:2", Record{ID: "x:1"}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, second, opportunity("x:1", "Two")) // after its end it is new again
	if len(got) != 4 || got[1].Opportunity.Title != "Two" || !got[2].Deleted || got[3].Deleted {
		t.Errorf("gave on %+v", got)
	}
	if r := first.Report; r.Read != 3 || r.Kept != 2 || r.Unchanged != 1 {
		t.Errorf("first report %+v", r)
	}
	if r := second.Report; r.Read != 4 || r.Kept != 2 || r.Deleted != 1 || r.Unchanged != 2 {
		t.Errorf("second report %+v", r)
	}
}

func put(t *testing.T, sink *Sink, records ...Record) {
	t.Helper()
	for _, r := range records {
		if err := sink.Put("f:1", r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSinkRefusesWhatTheContractRefuses(t *testing.T) {
	var got []Record
	sink := NewSink(NewMemory(), collect(&got))
	late := opportunity("x:2", "Late")
	late.Opportunity.PostedAt = late.At.Add(48 * time.Hour)
	profile := Record{ID: "x:3", Profile: &event.Profile{ID: "x:3", GraduationYear: 1900}}
	far := opportunity("x:4", "Far")
	far.Opportunity.Deadline = new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	put(t, sink, opportunity("x:1", ""), late, profile, far)
	for range 5 {
		sink.Reject("f:9", errors.New("broken"))
	}
	want := map[event.Code]int{event.Missing: 1, event.BadDate: 2, event.OutOfRange: 1, event.MalformedJSON: 5}
	for code, n := range want {
		if sink.Report.Rejected[code] != n {
			t.Errorf("%s: %d refused, want %d", code, sink.Report.Rejected[code], n)
		}
	}
	if len(got) != 0 || sink.Report.Refused() != 9 || sink.Report.Read != 9 || len(sink.Report.Samples) != 4+maxSamples {
		t.Errorf("kept %d, report %+v", len(got), sink.Report)
	}
	// Refused records are not remembered: mended, the same id is new.
	put(t, sink, opportunity("x:1", "Mended"))
	if len(got) != 1 {
		t.Error("a mended record was not given on")
	}
}

func TestSinkForgetsWhatCouldNotBeGivenOn(t *testing.T) {
	broken := errors.New("no room")
	fail := true
	sink := NewSink(NewMemory(), func(Record) error {
		if fail {
			return broken
		}
		return nil
	})
	if err := sink.Put("f:1", opportunity("x:1", "One")); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	fail = false
	put(t, sink, opportunity("x:1", "One"))
	fail = true
	if err := sink.Delete("f:2", Record{ID: "x:1"}); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	if sink.Report.Kept != 1 {
		t.Errorf("report %+v", sink.Report)
	}
}

func TestReportsAddUp(t *testing.T) {
	a := Report{Read: 3, Kept: 1, Skilled: 1}
	b := Report{Read: 4, Kept: 2, Deleted: 1, Unchanged: 1}
	for range maxSamples {
		a.reject("a:1", event.BadDate, "")
		b.reject("b:1", event.BadDate, "")
	}
	a.Add(b)
	if a.Read != 7 || a.Kept != 3 || a.Deleted != 1 || a.Skilled != 1 || a.Unchanged != 1 || a.Refused() != 2*maxSamples {
		t.Errorf("sum %+v", a)
	}
	if len(a.Samples) != maxSamples {
		t.Errorf("%d samples, want %d", len(a.Samples), maxSamples)
	}
}

func lines(t *testing.T, r io.Reader) (got []string, sink *Sink) {
	t.Helper()
	sink = NewSink(NewMemory(), nil)
	err := ReadLines(t.Context(), r, "f", sink, func(where string, line []byte) error {
		got = append(got, where+"="+string(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, sink
}

func TestReadLinesSkipsBlanksAndCountsPlaces(t *testing.T) {
	got, _ := lines(t, strings.NewReader("one\r\n\n  \n two \nthree"))
	if want := []string{"f:1=one", "f:4=two", "f:5=three"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, _ := lines(t, strings.NewReader("")); len(got) != 0 {
		t.Errorf("an empty recording gave %q", got)
	}
}

func TestReadLinesUnpacksGzip(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("one\ntwo\n"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := packed.Bytes()
	if got, _ := lines(t, iotest.OneByteReader(bytes.NewReader(whole))); len(got) != 2 {
		t.Errorf("got %q", got)
	}
	err := ReadLines(t.Context(), bytes.NewReader(whole[:len(whole)-4]), "f", NewSink(NewMemory(), nil), func(string, []byte) error { return nil })
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut recording: error %v", err)
	}
}

func TestReadLinesPassesOverLongLines(t *testing.T) {
	text := "one\n" + strings.Repeat("x", maxLine+1) + "\ntwo\n"
	got, sink := lines(t, strings.NewReader(text))
	if want := []string{"f:1=one", "f:3=two"}; !slices.Equal(got, want) {
		t.Errorf("got %d lines", len(got))
	}
	if sink.Report.Rejected[LineTooLong] != 1 {
		t.Errorf("report %+v", sink.Report)
	}
}

func TestReadingStopsWithItsContextAndItsReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := ReadLines(ctx, strings.NewReader("1\n2\n3\n"), "f", NewSink(NewMemory(), nil), func(string, []byte) error {
		calls++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("error %v after %d lines", err, calls)
	}
	broken := errors.New("torn")
	err = ReadLines(t.Context(), iotest.ErrReader(broken), "f", NewSink(NewMemory(), nil), nil)
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := ReadDocument(ctx, strings.NewReader("{}"), "f"); !errors.Is(err, context.Canceled) {
		t.Errorf("document: error %v", err)
	}
	if _, err := ReadDocument(t.Context(), io.LimitReader(zeros{}, maxDocument+1), "f"); err == nil {
		t.Error("an endless document was read")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
