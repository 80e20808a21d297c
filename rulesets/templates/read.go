package templates

import (
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml/ast"
)

// words reads the section of that name over what the shipped texts have.
func (r *reader) words(into *words, section entry) {
	into.Untitled, into.Stages, into.Categories = maps.Clone(into.Untitled), maps.Clone(into.Stages), maps.Clone(into.Categories)
	fields := map[string]reflect.Value{}
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = v.Field(i)
		}
	}
	for _, e := range r.entries(section.node, "words") {
		path := "words." + e.key
		field, known := fields[e.key]
		if !known {
			r.wrong(e.line, path, "is not known")
			continue
		}
		r.word(e, path, field)
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" && v.Field(i).IsZero() && v.Field(i).Kind() == reflect.String {
			r.wrong(section.line, "words."+name, "is missing")
		}
	}
	for _, what := range into.incomplete() {
		r.wrong(section.line, "", "%s", what)
	}
}

// word reads one of the words: a text, a list or a mapping of texts.
func (r *reader) word(e entry, path string, field reflect.Value) {
	switch into := field.Addr().Interface().(type) {
	case *string:
		*into, _ = r.text(e, path)
	case *[]string:
		list, ok := e.node.(*ast.SequenceNode)
		if !ok {
			r.wrong(e.line, path, "must be a list")
			return
		}
		*into = nil
		for _, v := range list.Values {
			text, _ := r.text(entry{line: v.GetToken().Position.Line, node: v}, path)
			*into = append(*into, text)
		}
	case *map[string]string:
		if *into == nil {
			*into = map[string]string{}
		}
		for _, item := range r.entries(e.node, path) {
			(*into)[item.key], _ = r.text(item, join(path, item.key))
		}
	}
}

// forms reads one template.
func (r *reader) forms(lang *language, e entry) (f forms) {
	single, digest := entry{key: e.key, line: e.line}, entry{line: e.line}
	parts := map[string]entry{}
	for _, part := range r.entries(e.node, e.key) {
		if part.key == "digest" {
			digest = part
			continue
		}
		parts[part.key] = part
	}
	f.single = r.form(lang, e.key, single, parts)
	if digest.key == "" {
		r.wrong(e.line, e.key+".digest", "is missing: any rule may gather its firings in a digest")
		return f
	}
	parts = map[string]entry{}
	for _, part := range r.entries(digest.node, e.key+".digest") {
		parts[part.key] = part
	}
	f.digest = r.form(lang, e.key+".digest", digest, parts)
	return f
}

// form reads one form and tries it on samples.
func (r *reader) form(lang *language, path string, at entry, parts map[string]entry) *form {
	f := &form{}
	fields := map[string]**template.Template{"title": &f.title, "body": &f.body, "action": &f.action}
	for name, part := range parts {
		if fields[name] == nil {
			r.wrong(part.line, join(path, name), "is not known; a template has title, body, action and digest")
		}
	}
	for _, name := range []string{"title", "body", "action"} {
		part, ok := parts[name]
		if !ok {
			r.wrong(at.line, join(path, name), "is missing")
			continue
		}
		text, line := r.text(part, join(path, name))
		if line == 0 {
			continue
		}
		if strings.TrimSpace(text) == "" {
			r.wrong(line, join(path, name), "must not be empty")
			continue
		}
		*fields[name] = r.parse(lang, join(path, name), text, line)
	}
	return f
}

// where finds the line in an error of text/template, and takes the name of the
// template, which is our path, away.
var where = regexp.MustCompile(`^template: .*?:(\d+)(?::\d+)?: (?:executing ".*?" at )?`)

// parse compiles one text whose first line stands on a line of the file.
func (r *reader) parse(lang *language, path, text string, line int) *template.Template {
	complain := func(message string) {
		at := 1
		if m := where.FindStringSubmatch(message); m != nil {
			at, _ = strconv.Atoi(m[1])
			message = message[len(m[0]):]
		}
		r.wrong(line+at-1, path, "%s", message)
	}
	t, err := template.New("text").Funcs(lang.words.functions()).Parse(text)
	if err != nil {
		complain(err.Error())
		return nil
	}
	if t.Tree == nil { // nothing but comments
		r.wrong(line, path, "must not be empty")
		return nil
	}
	unknown := unknownFields(t)
	for _, u := range unknown {
		r.wrong(line+u.line-1, path, "%s", u.what)
	}
	if len(unknown) > 0 {
		return nil
	}
	// What a function is given is only known when it is called: try both all
	// facts and none.
	for _, n := range samples() {
		if err := t.Execute(new(strings.Builder), lang.data(n)); err != nil {
			complain(err.Error())
			return nil
		}
	}
	return t
}
