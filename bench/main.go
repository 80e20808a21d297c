// Command bench measures Tideline against the limits it has to reach, and
// prints each number beside its limit. Every row is a ratio of two numbers of
// the same run, so that results from different machines can be compared; the
// README beside this file says how to read them.
//
// It leaves out what only many machines could show, and it needs nothing that
// is not in the repository but a redis-server; rows that need one say so when
// there is none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() { os.Exit(run()) }

const (
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // a bar was missed
)

func run() int {
	lab := &lab{}
	runs := flag.Int("runs", 5, "how often each row is measured; the median counts")
	only := flag.String("only", "", "regular expression on row names")
	out := flag.String("out", "bench/results", "directory for the results; empty: print only")
	name := flag.String("name", time.Now().UTC().Format(time.DateOnly), "file name of the results, without ending")
	flag.IntVar(&lab.students, "students", 1_000_000, "students of the match, memory and restart rows")
	flag.IntVar(&lab.ruleStudents, "rule-students", 100_000, "students of the rules rows")
	flag.IntVar(&lab.live, "live", 100_000, "live opportunities of the rebuild row")
	flag.Uint64Var(&lab.seed, "seed", 1, "of everything made up")
	flag.DurationVar(&lab.span, "span", 5*time.Second, "how long one measurement under load lasts")
	flag.StringVar(&lab.serverPath, "redis-server", "redis-server", "the server that the Redis rows start")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil || *runs < 1 || lab.students < 1 || lab.live < 1 || lab.ruleStudents < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "bench: use -runs, -students, -rule-students and -live of at least 1, -only with a regular expression, and no arguments", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	defer lab.close()
	report := newReport(lab, *runs)
	for _, row := range rows(lab) {
		if !pattern.MatchString(row.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", row.name)
		result, err := row.measure(ctx, *runs)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", row.name, err)
			return exitFailed
		}
		report.Rows = append(report.Rows, result)
	}
	fmt.Print(report.table())
	if *out != "" {
		if err := report.write(*out, *name); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return exitFailed
		}
	}
	if report.missed() {
		return exitFindings
	}
	return 0
}

// rows lists what is measured, in the order of the README.
func rows(l *lab) []row {
	return []row{
		l.matchFull(), l.matchEmpty(), l.rebuild(), l.fanoutRebuilt(), l.fanoutEight(), l.fanoutOne(),
		l.bytesPerEntry(), l.memory(), l.visible(), l.inboxed(), l.inboxedBeside(), l.recommend(),
		l.ruleEvaluation(), l.ruleFiring(), l.fanOutStreams(), l.moves(), l.pipelines(), l.intake(10), l.intake(1), l.restart(),
	}
}

// lab is what rows share.
type lab struct {
	students, live int
	ruleStudents   int
	seed           uint64
	span           time.Duration
	serverPath     string

	redis *redisServer // started by the first row that asks
}

func (l *lab) close() {
	if l.redis != nil {
		l.redis.stop()
	}
}

// errNotMeasured is wrapped by rows that cannot be measured here; the error says why.
var errNotMeasured = errors.New("not measured")
