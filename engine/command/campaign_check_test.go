//go:build !noembed

package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tideline/api"
	"tideline/bench/oracle"
	"tideline/streams"
)

// campaignCheck holds everything that is served against a naive recomputation
// from the topics, and against what the clients were told.
type campaignCheck struct {
	*campaign
	kafka   streams.Config
	metrics string // where they are
	brief   bool   // without the timelines, one by one

	found string // what was compared, for people
	all   map[string]*oracle.History
	jobsH map[string][]*oracle.History
}

// settle compares until nothing differs: what the topics are told comes a moment later.
func (k *campaignCheck) settle(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-ticker.C {
		wrong, err := k.compare(ctx)
		if err != nil {
			return err
		}
		if len(wrong) == 0 {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			slices.Sort(wrong)
			return fmt.Errorf("%d differences from the topics and from what the clients were told:\n%s", len(wrong), strings.Join(wrong[:min(12, len(wrong))], "\n"))
		}
	}
}

func (k *campaignCheck) compare(ctx context.Context) (wrong []string, err error) {
	logs := map[string][]oracle.Record{}
	for _, topic := range []string{streams.StageChanges, streams.Evaluations, streams.Messages} {
		err := streams.ReadLog(ctx, k.kafka, campaignLog, topic, func(in streams.Input) error {
			logs[topic] = append(logs[topic], oracle.Record{Key: string(in.Key), Value: in.Value})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	k.all, wrong = oracle.Histories(logs[streams.StageChanges], logs[streams.Evaluations], logs[streams.Messages])
	k.jobsH = map[string][]*oracle.History{}
	for _, h := range k.all {
		k.jobsH[h.Job] = append(k.jobsH[h.Job], h)
	}
	wrong = append(wrong, k.told()...)
	parts := []func(context.Context) ([]string, error){k.pipelines, k.analytics, k.counters}
	if !k.brief {
		parts = append(parts, k.timelines)
	}
	for _, part := range parts {
		more, err := part(ctx)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, more...)
	}
	steps, items := 0, 0
	for _, h := range k.all {
		steps, items = steps+len(h.Steps()), items+len(h.Log)
	}
	k.found = fmt.Sprintf("compared %d applications with %d steps and %d other items, %d pipelines and funnels: %d differences",
		len(k.all), steps, items-steps, len(k.jobs), len(wrong))
	return wrong, nil
}

// told is what the clients were told, against the histories.
func (k *campaignCheck) told() (wrong []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wrong = slices.Clone(k.wrong)
	for id, claims := range k.claims {
		h, there := k.all[id]
		if !there {
			if slices.ContainsFunc(claims, func(c claim) bool { return c.fate == wasAccepted }) {
				wrong = append(wrong, fmt.Sprintf("%s: the topics have nothing of it; its clients were told %+v", id, claims))
			}
			continue
		}
		wrong = append(wrong, account(id, claims, h)...)
	}
	for id := range k.all {
		if k.claims[id] == nil {
			wrong = append(wrong, id+": nobody applied")
		}
	}
	return wrong
}

func (k *campaignCheck) get(ctx context.Context, p person, path string) ([]byte, error) {
	a := k.ask(ctx, p, "GET", path, "", nil)
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %s", path, a.status, a.body)
	}
	return a.body, nil
}

var opsPerson = person{api.Ops, "ops"}

// counters are those of Prometheus, which are counted from the board.
func (k *campaignCheck) counters(ctx context.Context) (wrong []string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.metrics, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	want, got := map[string]int{}, map[string]int{}
	for _, h := range k.all {
		want[h.Stands().Stage]++
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var stage string
		var n int
		line, ours := strings.CutPrefix(lines.Text(), `tideline_applications{stage="`)
		if _, err := fmt.Sscan(strings.Replace(line, `"}`, "", 1), &stage, &n); ours && err == nil && n > 0 {
			got[stage] = n
		}
	}
	if !maps.Equal(want, got) {
		wrong = append(wrong, fmt.Sprintf("counters of Prometheus: want %v, got %v", want, got))
	}
	return wrong, err
}

// pipelines reads every job's, as its recruiter, page by page.
func (k *campaignCheck) pipelines(ctx context.Context) (wrong []string, err error) {
	for i, job := range k.jobs {
		limit, who := 100, person{api.Recruiter, job.recruiter}
		if i%8 == 0 {
			limit = 7
		}
		path := fmt.Sprintf("/jobs/%s/pipeline?limit=%d", job.id, limit)
		data, err := k.get(ctx, who, path)
		if err != nil {
			return nil, err
		}
		got, next, err := oracle.ReadPipeline(data)
		if err != nil {
			return nil, err
		}
		for n := range got {
			for cursor := next[got[n].Name]; cursor != ""; {
				data, err := k.get(ctx, who, path+"&column="+got[n].Name+"&cursor="+cursor)
				if err != nil {
					return nil, err
				}
				more, after, err := oracle.ReadPipeline(data)
				if err != nil || len(more) != 1 {
					return nil, errors.Join(err, fmt.Errorf("%s has %d columns %s", path, len(more), got[n].Name))
				}
				got[n].Cards, cursor = append(got[n].Cards, more[0].Cards...), after[got[n].Name]
			}
		}
		var own []oracle.OwnStep
		for _, s := range job.own {
			own = append(own, oracle.OwnStep{ID: s.ID, Stage: s.Stage, Days: s.Days})
		}
		wrong = append(wrong, oracle.DiffPipeline(job.id, oracle.Pipeline(k.jobsH[job.id], own, time.Now()), got)...)
	}
	return wrong, nil
}

// analytics reads those of every job, recruiter and organisation, of everybody
// and of who applied in some days.
func (k *campaignCheck) analytics(ctx context.Context) (wrong []string, err error) {
	days := oracle.Period{From: k.begun.Add(-20 * 24 * time.Hour).Truncate(time.Second), To: k.begun.Add(-time.Hour).Truncate(time.Second)}
	for _, within := range []oracle.Period{{}, days} {
		query := "?"
		if !within.From.IsZero() {
			query = "?from=" + within.From.Format(time.RFC3339) + "&to=" + within.To.Format(time.RFC3339) + "&"
		}
		for _, j := range k.jobs {
			wrong = append(wrong, k.counted(ctx, person{api.Recruiter, j.recruiter}, "/jobs/"+j.id+"/analytics"+query, within, func(h *oracle.History) bool { return h.Job == j.id })...)
		}
		for i := range 5 {
			r := fmt.Sprintf("rec-%d", i)
			wrong = append(wrong, k.counted(ctx, person{api.Recruiter, r}, "/recruiters/me/analytics"+query, within, func(h *oracle.History) bool { return h.Recruiter == r })...)
		}
		for _, o := range []string{"Oven", ownReasons} {
			wrong = append(wrong, k.counted(ctx, opsPerson, "/recruiters/me/analytics"+query+"organisation="+o, within, func(h *oracle.History) bool { return h.Organisation == o })...)
		}
	}
	return wrong, ctx.Err()
}

func (k *campaignCheck) counted(ctx context.Context, p person, path string, within oracle.Period, of func(*oracle.History) bool) (wrong []string) {
	data, err := k.get(ctx, p, path)
	if err != nil {
		return []string{err.Error()}
	}
	got, at, jobs, err := oracle.ReadCounts(data)
	if err != nil {
		return []string{err.Error()}
	}
	var mine []*oracle.History
	byJob := map[string][]*oracle.History{}
	for _, h := range k.all {
		if of(h) {
			mine = append(mine, h)
			byJob[h.Job] = append(byJob[h.Job], h)
		}
	}
	sides := oracle.Sides{ownReasons: ownSides}
	wrong = oracle.DiffCounts(path, oracle.Count(mine, sides, within, at), got)
	if !strings.HasPrefix(path, "/jobs/") && len(jobs) != len(byJob) {
		wrong = append(wrong, fmt.Sprintf("%s: want %d jobs, got %d", path, len(byJob), len(jobs)))
	}
	for job, got := range jobs {
		wrong = append(wrong, oracle.DiffCounts(path+" "+job, oracle.Count(byJob[job], sides, within, at).ByJob(), got)...)
	}
	return wrong
}
