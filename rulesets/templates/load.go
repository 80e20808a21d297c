package templates

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"tideline/engine/event"
)

// Mistake is one thing wrong with the texts.
type Mistake struct {
	File string
	Line int    // 0: the whole file
	Path string // such as job-match.digest.title
	What string
}

func (m Mistake) Error() string {
	where := m.File
	if m.Line > 0 {
		where = fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	if m.Path != "" {
		where += ": " + m.Path
	}
	return where + ": " + m.What
}

// loader reads the files of a folder.
type loader struct {
	fsys     fs.FS
	base     *Texts
	mistakes []Mistake
	places   map[string]map[string]int // language -> template -> its line
}

func load(fsys fs.FS, base *Texts) (*Texts, error) {
	l := &loader{fsys: fsys, base: base, places: map[string]map[string]int{}}
	texts := &Texts{languages: maps.Clone(base.languages)}
	if texts.languages == nil {
		texts.languages = map[string]*language{}
	}
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		tag := strings.ToLower(strings.TrimSuffix(path.Base(file), ".yaml"))
		if !languageTag.MatchString(tag) {
			l.wrong(file, 0, "", "is not named after a language, such as en.yaml or pt-br.yaml")
			continue
		}
		texts.languages[tag] = l.file(file, tag)
	}
	l.variants()
	if _, ok := texts.languages[english]; !ok {
		l.wrong(english+".yaml", 0, "", "is missing: it is what everybody reads whose language has no texts")
	}
	if len(l.mistakes) == 0 {
		return texts, nil
	}
	slices.SortStableFunc(l.mistakes, func(a, b Mistake) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Path, b.Path), strings.Compare(a.What, b.What))
	})
	var all []error
	for _, m := range l.mistakes {
		all = append(all, m)
	}
	return nil, errors.Join(all...)
}

var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8})*$`)

func (l *loader) wrong(file string, line int, path, format string, args ...any) {
	l.mistakes = append(l.mistakes, Mistake{file, line, path, fmt.Sprintf(format, args...)})
}

// variants checks that each template is there in each language of the folder.
func (l *loader) variants() {
	first := map[string]string{} // template -> a language that has it
	for _, tag := range slices.Sorted(maps.Keys(l.places)) {
		for name := range l.places[tag] {
			first[name] = cmp.Or(first[name], tag)
		}
	}
	for tag, places := range l.places {
		for name, has := range first {
			if _, ok := places[name]; !ok {
				l.wrong(tag+".yaml", 0, name, "is missing; %s.yaml:%d has it", has, l.places[has][name])
			}
		}
	}
}

// file reads one language.
func (l *loader) file(file, tag string) *language {
	lang := &language{words: words{tag: tag}, texts: map[string]forms{}}
	known := l.base.languages[tag]
	if known != nil {
		lang.words, lang.texts = known.words, maps.Clone(known.texts)
	}
	l.places[tag] = map[string]int{}
	data, err := fs.ReadFile(l.fsys, file)
	if err != nil {
		l.wrong(file, 0, "", "cannot be read: %v", err)
		return lang
	}
	parsed, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		l.wrong(file, 0, "", "is not YAML: %s", strings.TrimSpace(err.Error()))
		return lang
	}
	r := &reader{loader: l, file: file}
	sections := map[string]entry{}
	for _, doc := range parsed.Docs {
		for _, e := range r.entries(doc.Body, "") {
			if e.key != "words" && e.key != "templates" {
				r.wrong(e.line, e.key, "is not known; a language has words and templates")
				continue
			}
			sections[e.key] = e
		}
	}
	r.words(&lang.words, sections["words"])
	if len(r.mistakes) > 0 {
		return lang // what follows is checked by trying it, and would only fail with the words
	}
	for _, e := range r.entries(sections["templates"].node, "templates") {
		l.places[tag][e.key] = e.line
		lang.texts[e.key] = r.forms(lang, e)
	}
	if _, ok := lang.texts[fallback]; !ok {
		l.wrong(file, 0, fallback, "is missing: it is what rules say whose template does not exist")
	}
	return lang
}

// entry is one key of a mapping.
type entry struct {
	key  string
	line int
	node ast.Node
}

// reader reads one file.
type reader struct {
	*loader
	file string
}

func (r *reader) wrong(line int, path, format string, args ...any) {
	r.loader.wrong(r.file, line, path, format, args...)
}

// entries gives the keys of a mapping in their order; doubles are mistakes.
func (r *reader) entries(node ast.Node, path string) (list []entry) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case nil:
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = append(values, n)
	default:
		r.wrong(node.GetToken().Position.Line, path, "must have keys of its own")
	}
	seen := map[string]bool{}
	for _, v := range values {
		token := v.Key.GetToken()
		e := entry{key: token.Value, line: token.Position.Line, node: v.Value}
		if seen[e.key] {
			r.wrong(e.line, join(path, e.key), "is there twice")
			continue
		}
		seen[e.key] = true
		list = append(list, e)
	}
	return list
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// text gives a string and the line of the file on which it begins.
func (r *reader) text(e entry, path string) (text string, line int) {
	switch n := e.node.(type) {
	case *ast.StringNode:
		return n.Value, n.GetToken().Position.Line
	case *ast.LiteralNode:
		return n.Value.Value, n.GetToken().Position.Line + 1
	}
	r.wrong(e.line, path, "must be text")
	return "", 0
}

func stageNames() (names []string) {
	for _, s := range []event.Stage{
		event.Applied, event.Shortlisted, event.InterviewScheduled, event.InterviewCompleted, event.OfferExtended,
		event.OfferAccepted, event.OfferRejected, event.Rejected, event.Withdrawn,
	} {
		names = append(names, string(s))
	}
	return names
}
