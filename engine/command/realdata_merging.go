package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
	"tideline/streams/sources"
	"tideline/streams/sources/greenhouse"
	"tideline/streams/sources/internships"
)

// mergedSamples is how many merges of each layer are printed, to be looked at.
const mergedSamples = 12

// mergings counts what merges in recordings of several sources.
type mergings struct {
	index  *same.Index
	known  map[string]event.Opportunity
	pairs  map[same.Layer]map[string]string // two ids to a line that shows both
	boards int                              // pairs whose leader is of a board
	listed map[string]int                   // postings by entry
}

// mergeRecordings plays the history of the internships, whose two kinds of
// contributors are taken for two sources, against the recorded boards, which are
// taken for open all the time, and prints what would have been merged.
func (r *realRun) mergeRecordings(ctx context.Context) (*mergings, error) {
	m := &mergings{index: same.NewIndex(nil, nil), known: map[string]event.Opportunity{}, pairs: map[same.Layer]map[string]string{}, listed: map[string]int{}}
	if err := m.readBoards(ctx, r.data); err != nil {
		return nil, err
	}
	if err := m.readInternships(ctx, filepath.Join(r.data, "internships/summer2025-events.jsonl.gz")); err != nil {
		return nil, err
	}
	m.print(r.out)
	return m, nil
}

// take takes in one change of one source.
func (m *mergings) take(entry, kind string, s sources.Record) {
	if s.Deleted || s.Opportunity.Status != event.Open {
		m.index.Apply([]same.Change{{Member: same.Member{ID: s.ID}}})
		return
	}
	if _, known := m.known[s.ID]; !known {
		m.listed[entry]++
	}
	m.known[s.ID] = *s.Opportunity
	m.index.Apply([]same.Change{{Member: same.NewMember(*s.Opportunity, entry, kind), Open: true}})
	group := m.index.Group(s.ID)
	for _, double := range group[1:] {
		m.note(group.Leader(), double, group.By(double.ID))
	}
}

func (m *mergings) note(leader, double same.Member, by same.Layer) {
	if m.pairs[by] == nil {
		m.pairs[by] = map[string]string{}
	}
	pair := min(double.ID, leader.ID) + " " + max(double.ID, leader.ID)
	if _, known := m.pairs[by][pair]; !known && leader.Rank == 0 {
		m.boards++
	}
	a, b := m.known[leader.ID], m.known[double.ID]
	show := func(o event.Opportunity) string {
		return fmt.Sprintf("%s | %s | %s | %s", o.Organisation, o.Title, strings.Join(o.Locations, "; "), o.URL)
	}
	m.pairs[by][pair] = "  " + show(a) + "\n    " + show(b)
}

// readBoards reads the boards and the postings of many others.
func (m *mergings) readBoards(ctx context.Context, data string) error {
	emit := func(s sources.Record) error {
		m.take("boards", "greenhouse", s)
		return nil
	}
	boards, err := filepath.Glob(filepath.Join(data, "greenhouse/raw/*.json"))
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, path := range boards {
		document, err := readRecording(path)
		if err != nil {
			return err
		}
		var board struct{ Jobs []json.RawMessage }
		if err := json.Unmarshal(document, &board); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, job := range board.Jobs {
			if err := json.Compact(&lines, job); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			lines.WriteByte('\n')
		}
	}
	if _, err := greenhouse.New().Read(ctx, &lines, "boards", emit); err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(data, "greenhouse/early-career.jsonl"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = greenhouse.New().Read(ctx, file, file.Name(), emit)
	return err
}

// readInternships plays the history; who contributed a posting is its source.
func (m *mergings) readInternships(ctx context.Context, path string) error {
	document, err := readRecording(path)
	if err != nil {
		return err
	}
	by := map[string]string{}
	for line := range bytes.Lines(document) {
		var added struct {
			Doc struct{ ID, Source string }
		}
		if json.Unmarshal(line, &added) == nil && added.Doc.ID != "" {
			by["internships:"+added.Doc.ID] = "contributors"
			if added.Doc.Source == "Simplify" {
				by["internships:"+added.Doc.ID] = "editors"
			}
		}
	}
	_, err = internships.New().Read(ctx, bytes.NewReader(document), path, func(s sources.Record) error {
		m.take(by[s.ID], "internships", s)
		return nil
	})
	return err
}

func (m *mergings) print(out io.Writer) {
	fmt.Fprintf(out, "merging: postings %v, %d merged with a board's\n", m.listed, m.boards)
	for _, by := range []same.Layer{same.ByATS, same.ByAddress, same.ByOpening} {
		lines := []string{}
		for _, line := range m.pairs[by] {
			lines = append(lines, line)
		}
		slices.Sort(lines)
		fmt.Fprintf(out, "merged by %s: %d pairs\n", by, len(lines))
		for i := range min(mergedSamples, len(lines)) {
			fmt.Fprintln(out, lines[i*len(lines)/min(mergedSamples, len(lines))])
		}
	}
	fmt.Fprintln(out)
}
