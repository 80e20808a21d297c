// Package manifest reads the files that say which outside sources there are. All
// mistakes are reported at once, with their lines. It asks nobody: whether a
// source answers is for `tideline sources check --fetch`.
package manifest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"tideline/engine/harvest"
	"tideline/engine/skills"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/registry"
)

// Entry is one configured source.
type Entry struct {
	Name        string
	Kind        string
	Enabled     bool
	Schedule    harvest.Schedule
	Absences    int // complete polls in a row after which what is not listed is closed
	Limits      fetch.Limits
	Fingerprint string // of everything that decides what is asked and what is made of it
	Source      sources.Source
}

// entry is one source as it is written.
type entry struct {
	Name         string        `yaml:"name"`
	Kind         string        `yaml:"kind"`
	Enabled      *bool         `yaml:"enabled"`
	Schedule     string        `yaml:"schedule"`
	TimeZone     string        `yaml:"time_zone"`
	Jitter       time.Duration `yaml:"jitter"`
	Absences     int           `yaml:"absences"`
	Budget       int           `yaml:"budget"`
	Pause        time.Duration `yaml:"pause"`
	Timeout      time.Duration `yaml:"timeout"`
	MaxBody      int64         `yaml:"max_body"`
	Robots       *bool         `yaml:"robots"`
	AllowPrivate bool          `yaml:"allow_private"`
	With         options       `yaml:"with"`
}

// options are those of the kind, read once the kind is known.
type options struct{ node ast.Node }

// UnmarshalYAML keeps the node.
func (o *options) UnmarshalYAML(node ast.Node) error {
	o.node = node
	return nil
}

func (o options) text() string {
	if o.node == nil {
		return ""
	}
	return o.node.String()
}

// Load reads files. The error joins every mistake.
func Load(paths []string) ([]Entry, error) {
	l := loader{names: map[string]string{}}
	for _, path := range paths {
		l.load(path)
	}
	return l.entries, errors.Join(l.mistakes...)
}

type loader struct {
	path     string
	contact  string
	zone     string
	names    map[string]string // to where they stand
	entries  []Entry
	mistakes []error
}

func (l *loader) wrong(line int, format string, args ...any) {
	l.mistakes = append(l.mistakes, fmt.Errorf("%s:%d: %s", l.path, line, fmt.Sprintf(format, args...)))
}

func (l *loader) load(path string) {
	l.path = path
	data, err := os.ReadFile(path)
	if err != nil {
		l.mistakes = append(l.mistakes, fmt.Errorf("sources.files: %w", err))
		return
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		l.mistakes = append(l.mistakes, fmt.Errorf("%s is not YAML: %s", path, firstLine(err)))
		return
	}
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			l.document(doc.Body)
		}
	}
}

// document reads the parts one by one, so that one mistake does not hide others.
func (l *loader) document(body ast.Node) {
	fields, ok := mapping(body)
	if !ok {
		l.wrong(line(body), "must have contact and sources")
		return
	}
	l.contact, l.zone = "", "UTC"
	var list ast.Node
	for _, f := range fields {
		switch name := f.Key.GetToken().Value; name {
		case "contact":
			l.contact = f.Value.GetToken().Value
		case "time_zone":
			l.zone = f.Value.GetToken().Value
		case "sources":
			list = f.Value
		default:
			l.wrong(line(f), "%s is not known; there are contact, time_zone and sources", name)
		}
	}
	if u, err := url.Parse(l.contact); err != nil || u.Scheme != "mailto" && u.Scheme != "https" || strings.ContainsAny(l.contact, " \n()") {
		l.wrong(line(body), "contact is %q; must be mailto: or https: and how whoever is asked can reach you", l.contact)
	}
	sequence, ok := list.(*ast.SequenceNode)
	if !ok {
		l.wrong(line(body), "sources must be a list, each with name, kind and with")
		return
	}
	for _, node := range sequence.Values {
		l.entry(node)
	}
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

func line(n ast.Node) int {
	if fields, ok := mapping(n); ok && len(fields) > 0 {
		return fields[0].Key.GetToken().Position.Line
	}
	return n.GetToken().Position.Line
}

var named = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (l *loader) entry(node ast.Node) {
	e := entry{Schedule: "0 2 * * *", TimeZone: l.zone, Absences: 2}
	at := line(node)
	if err := yaml.NodeToValue(node, &e, yaml.Strict()); err != nil {
		l.wrong(at, "%s", firstLine(err))
		return
	}
	before := len(l.mistakes)
	if !named.MatchString(e.Name) {
		l.wrong(at, "name is %q; must be lower-case letters, digits and dashes", e.Name)
	} else if other, taken := l.names[e.Name]; taken {
		l.wrong(at, "name %s is taken by %s", e.Name, other)
	}
	l.names[e.Name] = fmt.Sprintf("%s:%d", l.path, at)
	schedule := l.schedule(at, e)
	limits := l.limits(at, e)
	if e.Absences < 1 {
		l.wrong(at, "absences of %s is %d; must be positive", e.Name, e.Absences)
	}
	kind, known := registry.Kinds()[e.Kind]
	if !known {
		l.wrong(at, "kind of %s is %q; must be one of %s", e.Name, e.Kind, strings.Join(registry.KindNames(), ", "))
		return
	}
	made := Entry{
		Name: e.Name, Kind: e.Kind, Schedule: schedule, Absences: e.Absences, Limits: limits, Enabled: !kind.Unofficial,
		Fingerprint: fmt.Sprintf("%x", xxhash.Sum64String(fmt.Sprint(sources.Version, skills.Version, e.Kind, e.With.text()))),
	}
	if e.Enabled != nil {
		made.Enabled = *e.Enabled
	}
	made.Limits.Robots = !kind.Programs
	if e.Robots != nil {
		made.Limits.Robots = *e.Robots
	}
	if !made.Enabled { // its secrets may not be here
		l.entries = append(l.entries, made)
		return
	}
	var err error
	made.Source, err = kind.New(func(into any) error {
		if e.With.node == nil {
			return nil
		}
		if err := yaml.NodeToValue(e.With.node, into, yaml.Strict()); err != nil {
			return errors.New(firstLine(err))
		}
		return nil
	})
	if err != nil {
		l.wrong(at, "%s: %s", e.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if len(l.mistakes) == before {
		l.entries = append(l.entries, made)
	}
}

func (l *loader) schedule(at int, e entry) harvest.Schedule {
	zone, err := time.LoadLocation(e.TimeZone)
	if err != nil {
		l.wrong(at, "time_zone of %s is %q; must be a name such as Asia/Kolkata", e.Name, e.TimeZone)
		zone = time.UTC
	}
	schedule, err := harvest.NewSchedule(e.Schedule, zone, e.Jitter)
	if err != nil || e.Jitter < 0 {
		l.wrong(at, "schedule of %s is %q, jitter %s; must be five fields such as 30 2 * * * (minute hour day month weekday), the jitter not negative", e.Name, e.Schedule, e.Jitter)
	}
	return schedule
}

func (l *loader) limits(at int, e entry) fetch.Limits {
	limits := fetch.DefaultLimits()
	limits.UserAgent, limits.AllowPrivate = fetch.Agent(l.contact), e.AllowPrivate
	if e.Budget < 0 || e.Pause < 0 || e.Timeout < 0 || e.MaxBody < 0 {
		l.wrong(at, "budget, pause, timeout and max_body of %s must not be negative", e.Name)
	}
	if e.Budget > 0 {
		limits.Budget = e.Budget
	}
	if e.Pause > 0 {
		limits.Pause = e.Pause
	}
	if e.Timeout > 0 {
		limits.Timeout = min(e.Timeout, 5*time.Minute)
	}
	if e.MaxBody > 0 {
		limits.MaxBody = e.MaxBody
	}
	return limits
}

// firstLine leaves out what the parser quotes.
func firstLine(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return filepath.ToSlash(first)
}
