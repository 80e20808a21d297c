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
	ruleArrivals  = 20      // opportunities of one sample
	scanStudents  = 1000    // of the full scan; the time per pair stands for all
	ruleFireFloor = 1 << 40 // of feeds that nothing enters
)

// ruleEvaluation is what it costs to find out which of many rules are true of
// which students when an opportunity arrives: a partition, which looks only at
// students that an index cannot rule out, against the condition of every rule
// evaluated for every student. Nothing fires.
func (l *lab) ruleEvaluation() row { return l.ruleRow("rule evaluations", false) }

// ruleFiring is the same with all that follows: what fires goes through the gates,
// and feeds are looked at.
func (l *lab) ruleFiring() row { return l.ruleRow("the same with all that follows", true) }

func (l *lab) ruleRow(name string, whole bool) row {
	r := &ruleRun{lab: l}
	return row{
		name: fmt.Sprintf("%s, %d rules, %d students", name, manyRules, l.ruleStudents), unit: "M/s and core",
		against: "every rule evaluated for every student", shown: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			if err := r.open(); err != nil {
				return nil, nil, err
			}
			return func() (sample, error) {
				took, err := r.sample(ctx)
				if whole {
					return sample{took.rate(took.whole), took.scan}, err
				}
				return sample{took.rate(took.judged - took.feeds), took.scan}, err
			}, nil, ctx.Err()
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
	feeds   *partition.Partition // without rules
	judging *partition.Partition // whose rules do not fire for opportunities
	whole   *partition.Partition
	scanned *match.Students // every n-th student, for the full scan
	loaded  []*rulesets.Student
	offset  int64
	summary string
}

// ruleTimes is what one sample took.
type ruleTimes struct {
	feeds, judged, whole time.Duration // of the three partitions
	scan                 float64       // million evaluations a second of the full scan
	evaluated, fired     int           // of the whole partition
	pairs                int           // of rules and students, over all opportunities
}

// rate is how many million pairs a second are decided in the given time.
func (t ruleTimes) rate(took time.Duration) float64 { return float64(t.pairs) / took.Seconds() / 1e6 }

func (t ruleTimes) String() string {
	each := func(d time.Duration) float64 { return millis(d) / ruleArrivals }
	return fmt.Sprintf("%d evaluations of %d remain, %d fire; feeds %.2f ms, evaluation %.2f ms, firing and gates %.2f ms",
		t.evaluated/ruleArrivals, t.pairs/ruleArrivals, t.fired/ruleArrivals, each(t.feeds), each(t.judged-t.feeds), each(t.whole-t.judged))
}

// generated makes rules as a campus might have them: a bucket, a bound on the
// overlap, and in turn something about the opportunity, the student or the fit.
func generated(on string) string {
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
		fmt.Fprintf(&b, "  - id: r%02d\n    audience: student\n    on: [%s]\n    when: 'opp.bucket == \"jobs\" && match.overlap >= 0.%d && %s'\n", i, on, 60+i*35/manyRules, condition)
		b.WriteString("    notify: {category: jobs, template: job-match, channels: [inapp]}\n")
	}
	return b.String()
}

func compileGenerated(name, source string) (*rulesets.Set, error) {
	set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: fold})
	if set == nil {
		return nil, problems.Err()
	}
	return set, nil
}

func (r *ruleRun) open() (err error) {
	if r.set, err = compileGenerated("generated", generated("opportunities")); err != nil {
		return err
	}
	r.dict = match.NewDictionary(fold)
	r.catalog = catalog.New(match.Default(), r.dict)
	r.scanned, r.jobs = match.NewStudents(r.dict, match.Default()), newCampus(r.lab.seed, streamArrivals)
	c, every := newCampus(r.lab.seed, streamStudents), max(1, r.lab.ruleStudents/scanStudents)
	profiles := make([]event.Profile, r.lab.ruleStudents)
	for i := range profiles {
		profile := c.student(i)
		profiles[i] = profile
		if i%every == 0 {
			r.scanned.Put(profile.ID, profile)
			r.loaded = append(r.loaded, &rulesets.Student{ID: profile.ID, Load: func() event.Profile { return profile }})
		}
	}
	if r.feeds, err = r.partition(profiles, ""); err != nil {
		return err
	}
	if r.judging, err = r.partition(profiles, generated("profiles")); err != nil {
		return err
	}
	r.whole, err = r.partition(profiles, generated("opportunities"))
	return err
}

// partition has all students, their feeds full, so that nothing enters them, and
// rules in force, if any.
func (r *ruleRun) partition(profiles []event.Profile, source string) (*partition.Partition, error) {
	p := partition.New(0, partition.Config{Match: match.Default(), MaxEntries: 1 << 30, Compile: compileGenerated}, r.dict, r.catalog)
	for _, profile := range profiles {
		p.RestoreProfile(profile)
		var full []event.FeedState
		for _, b := range event.Buckets {
			full = append(full, event.FeedState{Student: profile.ID, Bucket: b, Truncated: true, Count: event.FeedStore, Floor: ruleFireFloor})
		}
		p.Learn(full)
	}
	p.Restored()
	var out partition.Effects
	p.Tick(benchNow, &out)
	if source == "" {
		return p, nil
	}
	a := event.Activation{Name: "generated", Source: source, At: benchNow}
	return p, p.Rules(event.Rules{Key: a.Name, Record: &event.RulesetRecord{Ruleset: &a}}, &out)
}

// arrive lets a partition see what has come to the catalog last.
func (r *ruleRun) arrive(p *partition.Partition) (partition.Effects, time.Duration) {
	start := time.Now()
	var out partition.Effects
	p.Range(event.Range{From: r.offset, To: r.offset}, &out)
	p.Flush(&out)
	return out, time.Since(start)
}

func (r *ruleRun) sample(ctx context.Context) (took ruleTimes, err error) {
	fired, scanned := map[string]bool{}, map[string]bool{}
	var scan time.Duration
	pairs := 0
	for range ruleArrivals {
		r.offset++
		o := r.jobs.job(fmt.Sprint("arrival", r.offset), benchNow)
		if err := r.catalog.Apply([]catalog.Change{{Position: catalog.Position{Offset: r.offset}, ID: o.ID, Opportunity: &o}}); err != nil {
			return took, err
		}
		_, feeds := r.arrive(r.feeds)
		_, judged := r.arrive(r.judging)
		out, whole := r.arrive(r.whole)
		took.feeds, took.judged, took.whole = took.feeds+feeds, took.judged+judged, took.whole+whole
		took.pairs += r.lab.ruleStudents * manyRules
		for _, s := range out.Rules {
			took.evaluated += s.Evaluations
			took.fired += s.Fired
		}
		for _, n := range out.Notifications {
			if _, in := r.scanned.Lookup(n.Recipient); in {
				fired[n.Rule+" "+n.Recipient+" "+n.Subject.Opportunity] = true
			}
		}
		start := time.Now()
		pairs += r.scan(o.ID, scanned)
		scan += time.Since(start)
		if err := ctx.Err(); err != nil {
			return took, err
		}
	}
	took.scan = float64(pairs) / scan.Seconds() / 1e6
	r.summary = fmt.Sprintf("last run, an opportunity: %v; %d firings of %d students compared", took, len(fired), len(r.loaded))
	return took, same(fired, scanned)
}

// same complains unless the partition fired for the scanned students what the
// full scan found.
func same(fired, scanned map[string]bool) error {
	if len(fired) != len(scanned) {
		return fmt.Errorf("the partition fired %d times for the scanned students, the full scan found %d", len(fired), len(scanned))
	}
	for key := range scanned {
		if !fired[key] {
			return fmt.Errorf("the partition did not fire %s", key)
		}
	}
	return nil
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
