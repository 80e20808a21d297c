//go:build !noembed

package command

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tideline/bench/oracle"
)

var campaignLog = slog.New(slog.DiscardHandler)

// shownLine is a page of a timeline, as far as it is compared.
type shownLine struct {
	Application struct {
		Stage, Step string
		Version     int
		Since       time.Time
	}
	Items []struct {
		N, Seq         int
		Type, Kind, To string
		Void           bool
	}
	NextCursor string `json:"next_cursor"`
}

// timelines reads every application's, as ops.
func (k *campaignCheck) timelines(ctx context.Context) (wrong []string, err error) {
	work := make(chan *oracle.History)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for h := range work {
				more := k.timeline(ctx, h)
				mu.Lock()
				wrong = append(wrong, more...)
				mu.Unlock()
			}
		})
	}
	for _, h := range k.all {
		work <- h
	}
	close(work)
	all.Wait()
	return wrong, ctx.Err()
}

func (k *campaignCheck) timeline(ctx context.Context, h *oracle.History) (wrong []string) {
	void := map[int]bool{}
	for _, s := range h.Steps() {
		void[s.Corrects] = true
	}
	var want strings.Builder
	for i, l := range h.Log {
		line := fmt.Sprintf("%d %s\n", i+1, entryOf(i+1, l).kind)
		if s := l.Step; s != nil {
			line = fmt.Sprintf("%d step %d %s %s %t\n", i+1, s.Seq, s.Kind, s.To, void[s.Seq])
		}
		want.WriteString(line)
	}
	got, cursor := "", ""
	var page shownLine
	for first := true; first || cursor != ""; first = false {
		data, err := k.get(ctx, opsPerson, "/applications/"+h.ID+"/timeline?limit=100&cursor="+cursor)
		if err != nil {
			return []string{err.Error()}
		}
		page = shownLine{}
		if err := json.Unmarshal(data, &page); err != nil {
			return []string{err.Error()}
		}
		for _, i := range page.Items {
			if i.Type == "step" {
				got += fmt.Sprintf("%d step %d %s %s %t\n", i.N, i.Seq, i.Kind, i.To, i.Void)
			} else {
				got += fmt.Sprintf("%d %s\n", i.N, i.Type)
			}
		}
		cursor = page.NextCursor
	}
	at, is := h.Stands(), page.Application
	if want.String() != got {
		wrong = append(wrong, fmt.Sprintf("%s: the topics tell\n%sthe timeline has\n%s", h.ID, want.String(), got))
	}
	if at.Stage != is.Stage || at.Step != is.Step || !at.Since.Equal(is.Since) || is.Version != len(h.Log) {
		wrong = append(wrong, fmt.Sprintf("%s: it stands at %+v with %d items, and is shown at %+v", h.ID, at, len(h.Log), is))
	}
	return wrong
}
