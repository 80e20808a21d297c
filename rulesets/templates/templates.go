// Package templates turns notifications into words, in the recipient's language.
//
// A language is one YAML file: its words (months, stages, "and") and, per
// template, a title, a body and what the link says, each a text/template over
// Data, and the same again for digests. Load checks everything that can be
// known before a notification comes, and reports it all at once.
//
// It leaves out layout: mark-up belongs to the channel that needs it. Nothing
// that comes from a notification can add a line to a title or mark-up to a text.
package templates

import (
	"cmp"
	"embed"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"

	"tideline/engine/event"
)

// Shipped are the texts that Tideline comes with, for Load.
//
//go:embed *.yaml
var Shipped embed.FS

// Message is a notification in words. All texts are plain, not HTML.
type Message struct {
	Title  string `json:"title"`
	Body   string `json:"body"`
	Action string `json:"action,omitempty"` // what the link says; a digest has one without URL, to the reader's own page
	URL    string `json:"url,omitempty"`
}

// Texts are the templates of one ruleset, by language. They are immutable and
// safe for concurrent use.
type Texts struct {
	languages map[string]*language
}

// language is one file.
type language struct {
	words words
	texts map[string]forms
}

// forms are the two forms of a template.
type forms struct{ single, digest *form }

// form is one message to be filled in.
type form struct{ title, body, action *template.Template }

const (
	english  = "en"       // what everybody is told in who has no language of ours
	fallback = "fallback" // the template for rules whose own does not exist
)

// Load reads one YAML file a language from fsys (en.yaml, de.yaml). What they
// do not define is taken from the shipped texts. All mistakes are reported at
// once, with file and line; the error joins Mistakes.
func Load(fsys fs.FS) (*Texts, error) {
	base, err := shipped()
	if err != nil {
		return nil, err
	}
	return load(fsys, base)
}

var shipped = sync.OnceValues(func() (*Texts, error) { return load(Shipped, &Texts{}) })

// Has says whether a template exists.
func (t *Texts) Has(name string) bool {
	_, ok := t.languages[english].texts[name]
	return ok
}

// Names lists the templates.
func (t *Texts) Names() []string { return slices.Sorted(maps.Keys(t.languages[english].texts)) }

// Languages lists the languages.
func (t *Texts) Languages() []string { return slices.Sorted(maps.Keys(t.languages)) }

// Render gives a notification's message in its language, else in English. A
// template that does not exist gives a plain message made of the facts, and false.
func (t *Texts) Render(n event.Notification) (Message, bool) {
	l := t.language(n.Language)
	data := l.data(n)
	message := Message{URL: link(n)}
	for _, name := range []string{n.Notice.Template, fallback} {
		texts, ok := l.texts[name]
		if !ok {
			continue
		}
		if err := texts.of(n).fill(data, &message); err == nil {
			if message.URL == "" && len(n.Items) == 0 {
				message.Action = "" // it is about that address
			}
			return message, name == n.Notice.Template
		}
	}
	message.Title = data.Name // the fallback of a ruleset's own failed on facts that no sample has
	return message, false
}

func (f forms) of(n event.Notification) *form {
	if len(n.Items) > 0 {
		return f.digest
	}
	return f.single
}

func (f *form) fill(data Data, into *Message) error {
	var title, body, action strings.Builder
	for _, part := range []struct {
		text *template.Template
		into *strings.Builder
	}{{f.title, &title}, {f.body, &body}, {f.action, &action}} {
		if err := part.text.Execute(part.into, data); err != nil {
			return err
		}
	}
	into.Title, into.Body, into.Action = capital(line(title.String())), paragraph(body.String()), line(action.String())
	return nil
}

// language finds the best language there is: the tag itself, then the tag
// without its region and script, then English.
func (t *Texts) language(tag string) *language {
	for tag = strings.ToLower(tag); tag != ""; {
		if l, ok := t.languages[tag]; ok {
			return l
		}
		tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	}
	return t.languages[english]
}

// Around are the words around a message that an email needs.
type Around struct {
	Language    string // of the words; the language that was found
	Footer      string // why the email came
	Unsubscribe string // what the link to end them says
	Open        string // what a link to Tideline says
}

// Around gives the words around a notification's message.
func (t *Texts) Around(n event.Notification) Around {
	l := t.language(n.Language)
	category := cmp.Or(l.words.Categories[n.Notice.Category], line(n.Notice.Category))
	fill := func(s string) string { return strings.ReplaceAll(s, "{category}", category) }
	return Around{
		Language: l.words.tag, Footer: fill(l.words.Footer), Unsubscribe: fill(l.words.Unsubscribe), Open: fill(l.words.Open),
	}
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// paragraph tidies each line and drops those that are empty at the ends or repeat.
func paragraph(s string) string {
	var lines []string
	for l := range strings.SplitSeq(s, "\n") {
		l = line(l)
		if l != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, l)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// capital begins a sentence with a capital, unless its first word has capitals
// of its own, such as iOS.
func capital(s string) string {
	first, rest, _ := strings.Cut(s, " ")
	if first == "" || first != strings.ToLower(first) || rest == "" {
		return s
	}
	runes := []rune(s)
	return strings.ToUpper(string(runes[:1])) + string(runes[1:])
}
