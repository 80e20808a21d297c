package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/hiring"
	"tideline/streams"
)

const (
	realApplicants = 12 // students who apply
	realEach       = 2  // postings, from the top of each one's feed
	realTimelines  = 3  // are printed
)

// hire lets some students apply for what their feeds have on top, and recruiters
// answer, over the weeks before now: through the hiring service, on a clock of
// its own, since there is no recording of it.
func (r *realRun) hire(ctx context.Context, now time.Time) error {
	if err := r.caughtUp(ctx); err != nil {
		return err
	}
	if err := await(ctx, r.app.applications.loaded.Load); err != nil {
		return err
	}
	var at time.Time
	clock := func() time.Time { return at }
	service := hiring.New(hiringStore{r.app}, hiringTopics{r.app}, r.app.engine.Catalog(), r.app.applications.board, clock, nil, r.log)
	run, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = service.Run(run) }) // it fails never
	defer running.Wait()
	defer stop()
	list, err := r.applicants(ctx, now)
	if err != nil {
		return err
	}
	deeds := 0
	for _, a := range list {
		at, deeds = a.At, deeds+len(a.Deeds)
		by := application.Actor{ID: a.Student, Role: application.Student}
		record, _, err := service.Apply(ctx, a.Student, a.Job.ID, a.Origin, application.Move{EventID: a.EventID(0)}, by)
		if err != nil {
			return fmt.Errorf("apply for %s: %w", a.Job.ID, err)
		}
		for i, d := range a.Deeds {
			at = d.At
			_, _, err := service.Change(ctx, record.ID, 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
				item, err := d.Act(r, p, a.EventID(i+1), d.By, d.At)
				return &item, err
			})
			if err != nil {
				return fmt.Errorf("deed %d of the application for %s: %w", i+1, a.Job.ID, err)
			}
		}
		r.hired = append(r.hired, a)
	}
	fmt.Fprintf(r.out, "%d applications for postings from the top of feeds, %d entries in their logs\n", len(list), deeds+len(list))
	// The topics are told by then, so that what follows knows of it.
	return await(ctx, func() bool {
		pending, err := r.app.timelines.PendingApplications(ctx, 1)
		return err == nil && len(pending) == 0
	})
}

// applicants says who applies for what, and what becomes of it.
func (r *realRun) applicants(ctx context.Context, now time.Time) (list []demo.Application, err error) {
	var students []string
	err = streams.ReadLog(ctx, r.app.backend.kafka(r.config), r.log, streams.Profiles, func(in streams.Input) error {
		students = append(students, string(in.Key))
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(students)
	students = slices.Compact(students)
	step := max(1, len(students)/(2*realApplicants)) // from all over, twice as many as are needed
	feeds, random := feedsPort{r.app.store, r.app.partitions}, rand.New(rand.NewPCG(demoSeed, 0))
	for n := 0; n < len(students) && len(list) < realApplicants*realEach; n += step {
		best, err := feeds.Page(ctx, students[n], event.Jobs, 10)
		if err != nil {
			return nil, err
		}
		var jobs []event.Opportunity
		for _, e := range best {
			if o, known := r.app.engine.Catalog().ByMember(e.Member); known && o.Recruiter != "" && len(jobs) < realEach {
				jobs = append(jobs, o)
			}
		}
		if len(jobs) < realEach {
			continue // few fit this student
		}
		for i, o := range jobs {
			at := now.Add(-time.Duration(24+random.IntN(24*24)) * time.Hour)
			if opened := o.PostedAt.Add(time.Hour); at.Before(opened) && opened.Before(now) {
				at = opened
			}
			list = append(list, demo.Application{
				Student: students[n], Job: o, At: at, Origin: application.Origin{Via: "feed", Position: i + 1},
				Deeds: demo.Course(random, students[n], o.Recruiter, at, now),
			})
		}
	}
	return list, nil
}

// timelines prints those of which most can be told, as their students read them.
func (r *realRun) timelines(ctx context.Context) error {
	told := slices.SortedStableFunc(slices.Values(r.hired), func(a, b demo.Application) int { return cmp.Compare(len(b.Deeds), len(a.Deeds)) })
	ends := map[event.Stage]bool{}
	for _, a := range told {
		row, known := r.app.applications.board.Get(event.ApplicationID(a.Student, a.Job.ID))
		if !known || ends[row.Stage] || len(ends) == realTimelines {
			continue
		}
		ends[row.Stage] = true
		if err := r.timeline(ctx, a, row.ID); err != nil {
			return err
		}
	}
	if len(ends) < realTimelines {
		return fmt.Errorf("only %d applications have become something of their own", len(ends))
	}
	return nil
}

// timeline prints what the API shows the student.
func (r *realRun) timeline(ctx context.Context, a demo.Application, id string) error {
	token, err := api.Mint(r.app.auth, api.Student, a.Student, r.app.now(), time.Hour)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.app.apiAddr+"/applications/"+id+"/timeline?limit=100", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, data)
	}
	if err != nil {
		return fmt.Errorf("read the timeline of %s: %w", id, err)
	}
	var page struct {
		Next, Usually string
		Items         []struct {
			At       time.Time
			Words    string
			Message  struct{ Body string }
			Feedback struct{ Summary string }
		}
	}
	if err := json.Unmarshal(data, &page); err != nil {
		return fmt.Errorf("read the timeline of %s: %w", id, err)
	}
	fmt.Fprintf(r.out, "\n%s reads of %s, %s:\n", a.Student, a.Job.Title, a.Job.Organisation)
	for _, i := range page.Items {
		fmt.Fprintf(r.out, "  %s  %s\n", i.At.UTC().Format("Mon 2 Jan 15:04"), strings.TrimSpace(i.Words+" "+i.Message.Body+i.Feedback.Summary))
	}
	for _, more := range []string{page.Next, page.Usually} {
		if more != "" {
			fmt.Fprintf(r.out, "  %15s  %s\n", "", more)
		}
	}
	return nil
}
