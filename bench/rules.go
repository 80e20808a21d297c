package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/rulesets"
)

const (
	manyRules     = 50
	ruleArrivals  = 20   // opportunities of one sample
	scanStudents  = 1000 // of the full scan; the time per pair stands for all
	ruleFireFloor = 1 << 40
)

// ruleEvaluation is what arriving opportunities cost with many rules in force:
// a partition, which looks only at students that an index cannot rule out, against
// the condition of every rule evaluated for every student.
func (l *lab) ruleEvaluation() row {
	r := &ruleRun{lab: l}
	return row{
		name: fmt.Sprintf("opportunities through %d rules", manyRules), unit: "opportunities/s and core",
		against: "every rule evaluated for every student", shown: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			if err := r.open(); err != nil {
				return nil, nil, err
			}
			return func() (sample, error) { return r.sample(ctx) }, nil, ctx.Err()
		},
		note: func() string { return r.summary },
	}
}

type ruleRun struct {
	lab     *lab
	set     *rulesets.Set
	dict    *match.Dictionary
	jobs    *campus
	catalog *catalog.Catalog
	whole   *partition.Partition
	scanned *match.Students // every n-th student, for the full scan
	loaded  []*rulesets.Student
	offset  int64
	summary string
}

// generated makes rules as a campus might have them: a bucket, a bound on the
// overlap, and in turn something about the opportunity, the student or the fit.
func generated() string {
	var b strings.Builder
	b.WriteString("apiVersion: tideline/v1\nruleset: generated\nrules:\n")
	rest := []string{
		"opp.remote", `opp.kind == "internship"`, "opp.difficulty >= %d.0", "student.open_to_work", "student.graduation_year >= 2028",
		"match.fit > 0.%d", "size(opp.skills) > 3", "student.career_score > %d.0", "opp.organisation != \"organisation %d\"", `has_skill(opp, "skill %d")`,
	}
	for i := range manyRules {
		condition := rest[i%len(rest)]
		if strings.Contains(condition, "%d") {
			condition = fmt.Sprintf(condition, 30+i)
		}
		fmt.Fprintf(&b, "  - id: r%02d\n    audience: student\n    when: 'opp.bucket == \"jobs\" && match.overlap >= 0.%d && %s'\n", i, 60+i*35/manyRules, condition)
		b.WriteString("    notify: {category: jobs, template: job-match, channels: [inapp]}\n")
	}
	return b.String()
}

func (r *ruleRun) open() error {
	source := generated()
	compile := func(name, source string) (*rulesets.Set, error) {
		set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: fold})
		if set == nil {
			return nil, problems.Err()
		}
		return set, nil
	}
	var err error
	if r.set, err = compile("generated", source); err != nil {
		return err
	}
	r.dict = match.NewDictionary(fold)
	r.catalog = catalog.New(match.Default(), r.dict)
	r.whole = partition.New(0, partition.Config{Match: match.Default(), MaxEntries: 1 << 30, Compile: compile}, r.dict, r.catalog)
	r.scanned, r.jobs = match.NewStudents(r.dict, match.Default()), newCampus(r.lab.seed, streamArrivals)
	c, every := newCampus(r.lab.seed, streamStudents), max(1, r.lab.ruleStudents/scanStudents)
	for i := range r.lab.ruleStudents {
		profile := c.student(i)
		r.whole.RestoreProfile(profile)
		if i%every == 0 {
			r.scanned.Put(profile.ID, profile)
			r.loaded = append(r.loaded, &rulesets.Student{ID: profile.ID, Load: func() event.Profile { return profile }})
		}
		var full []event.FeedState // feeds that nothing enters: the rules are measured, not the feeds
		for _, b := range event.Buckets {
			full = append(full, event.FeedState{Student: profile.ID, Bucket: b, Truncated: true, Count: event.FeedStore, Floor: ruleFireFloor})
		}
		r.whole.Learn(full)
	}
	r.whole.Restored()
	var out partition.Effects
	r.whole.Tick(benchNow, &out)
	a := event.Activation{Name: "generated", Source: source, Digest: r.set.Digest, At: benchNow}
	return r.whole.Rules(event.Rules{Key: a.Name, Record: &event.RulesetRecord{Ruleset: &a}}, &out)
}

func (r *ruleRun) sample(ctx context.Context) (sample, error) {
	fired, scanned := map[string]bool{}, map[string]bool{}
	var pushed, scan time.Duration
	evaluated, pairs := 0, 0
	for range ruleArrivals {
		r.offset++
		o := r.jobs.job(fmt.Sprint("arrival", r.offset), benchNow)
		if err := r.catalog.Apply([]catalog.Change{{Position: catalog.Position{Offset: r.offset}, ID: o.ID, Opportunity: &o}}); err != nil {
			return sample{}, err
		}
		start := time.Now()
		var out partition.Effects
		r.whole.Range(event.Range{From: r.offset, To: r.offset}, &out)
		r.whole.Flush(&out)
		pushed += time.Since(start)
		for _, s := range out.Rules {
			evaluated += s.Evaluations
		}
		for _, n := range out.Notifications {
			if _, in := r.scanned.Lookup(n.Recipient); in {
				fired[n.Rule+" "+n.Recipient+" "+n.Subject.Opportunity] = true
			}
		}
		start = time.Now()
		pairs += r.scan(o.ID, scanned)
		scan += time.Since(start)
		if err := ctx.Err(); err != nil {
			return sample{}, err
		}
	}
	if len(fired) != len(scanned) {
		return sample{}, fmt.Errorf("the partition fired %d times for the scanned students, the full scan found %d", len(fired), len(scanned))
	}
	for key := range scanned {
		if !fired[key] {
			return sample{}, fmt.Errorf("the partition did not fire %s", key)
		}
	}
	perPair := scan.Seconds() / float64(pairs)
	whole := perPair * float64(r.lab.ruleStudents*manyRules)
	r.summary = fmt.Sprintf("%d students; last run: %d evaluations an opportunity of %d, %.2f M evaluations/s full scan, %.2f M/s those that remain with all that follows; %d firings of %d students compared",
		r.lab.ruleStudents, evaluated/ruleArrivals, r.lab.ruleStudents*manyRules, 1/perPair/1e6, float64(evaluated)/pushed.Seconds()/1e6, len(fired), len(r.loaded))
	return sample{ruleArrivals / pushed.Seconds(), 1 / whole}, nil
}

// scan evaluates every rule for every scanned student, and notes what is true.
func (r *ruleRun) scan(id string, found map[string]bool) (pairs int) {
	item, _ := r.catalog.Get(id)
	version := item.Latest()
	opp := &rulesets.Opp{Opportunity: version.Opportunity, Skills: r.dict.Skills(version.Compiled)}
	for _, student := range r.loaded {
		row, _ := r.scanned.Lookup(student.ID)
		how := match.Judge(row, version.Compiled, benchNow)
		subject := rulesets.Subject{Student: student, Opp: opp, Now: benchNow, Match: &rulesets.Match{
			Overlap: how.Overlap, Fit: how.Fit, Interest: how.Interest, Relevance: how.Relevance,
			Skills: func() (matched, missing []string) { return r.dict.Compare(row, version.Compiled) },
		}}
		for _, rule := range r.set.Rules {
			pairs++
			if rule.When(&subject) == rulesets.True && how.Gate == match.NoGate {
				found[rule.ID+" "+student.ID+" "+id] = true
			}
		}
	}
	return pairs
}
