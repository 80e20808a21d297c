package application

import (
	"fmt"
	"strings"
	"time"

	"tideline/engine/event"
)

// Erase decides to erase the student of a record. It is the last item of the
// log, told to the topics like any other; then Remains takes the record's place
// under the id replacement. It is recorded later than all that the log has, and
// not before void.
func (r *Record) Erase(replacement string, void, now time.Time) Item {
	at := now.UTC().Truncate(time.Second)
	if at.Before(void) {
		at = void
	}
	for _, i := range r.Log {
		if !i.RecordedAt.Before(at) {
			at = i.RecordedAt.Add(time.Second)
		}
	}
	i := r.item("erased|"+replacement, "", Actor{Role: Service}, at)
	i.Visibility, i.Replacement = event.ForRecruiters, replacement
	i.Change = &Change{
		Seq: len(r.Path) + 1, Kind: event.Erased, From: r.Stage, To: r.Stage, FromStep: r.Step, ToStep: r.Step, At: at, RecordedAt: at, Role: Service,
	}
	return i
}

// Remains is what stays of a record that is being erased, under its replacement:
// the job, how the student came to it, and the steps with their times, roles and
// reasons; so everything that is counted. The student, what was said, who said
// it, the interviews and the ids of events are gone. The topics are told nothing of it.
func (r *Record) Remains() *Record {
	path, origin := Nameless(r.Student, r.Path, r.Origin)
	kept := &Record{
		ID: r.Replacement, Opportunity: r.Opportunity, Title: r.Title, Organisation: r.Organisation, Recruiter: r.Recruiter,
		Source: r.Source, Origin: origin,
	}
	for _, c := range path {
		n := len(kept.Log) + 1
		kept.Append(Item{
			N: n, EventID: fmt.Sprintf("%s|%d", r.Replacement, n), At: c.At, RecordedAt: c.RecordedAt, Actor: Actor{Role: c.Role},
			Visibility: event.ForRecruiters, Change: &c,
		})
	}
	kept.Published = kept.Version
	return kept
}

// Nameless is what of a student's path, and of how they came to it, is counted.
func Nameless(student string, path []Change, o Origin) ([]Change, Origin) {
	kept := make([]Change, len(path))
	for i, c := range path {
		kept[i], kept[i].Reason = c, code(student, c.Reason)
	}
	return kept, Origin{Via: code(student, o.Via), Position: o.Position, Match: o.Match}
}

// code gives a word of a list as it is. Other services may say any text in its
// place; that goes.
func code(student, word string) string {
	strange := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.'
	}
	if len(word) > 64 || strings.ContainsFunc(word, strange) || strings.Contains(word, strings.ToLower(student)) {
		return ""
	}
	return word
}

// Gone says whether nobody is to be found under this record any more.
func (r *Record) Gone() bool { return r.Replacement != "" }

// Counted says whether a record is what stays of one that was erased.
func (r *Record) Counted() bool { return r.Student == "" }
