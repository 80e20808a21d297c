package email

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"tideline/engine/event"
	"tideline/rulesets/templates"
)

//go:embed page.html.tmpl
var layout string

var pageHTML = template.Must(template.New("page").Parse(layout))

// page is what an email shows, in text and in HTML.
type page struct {
	Message     templates.Message
	Around      templates.Around
	URL, Action string // the button; no URL: none
	Unsubscribe string
}

// block is a paragraph or a list.
type block struct {
	Lines []string
	List  bool
}

// Blocks divides the body: lines that start with "- " make a list.
func (p page) Blocks() (blocks []block) {
	fresh := true
	for line := range strings.SplitSeq(p.Message.Body, "\n") {
		item, list := strings.CutPrefix(line, "- ")
		if line == "" {
			fresh = true
			continue
		}
		if last := len(blocks) - 1; !fresh && blocks[last].List == list {
			blocks[last].Lines = append(blocks[last].Lines, item)
			continue
		}
		blocks = append(blocks, block{Lines: []string{item}, List: list})
		fresh = false
	}
	return blocks
}

func (p page) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", p.Message.Title, p.Message.Body)
	if p.URL != "" {
		fmt.Fprintf(&b, "\n%s: %s\n", p.Action, p.URL)
	}
	fmt.Fprintf(&b, "\n-- \n%s\n", p.Around.Footer)
	if p.Unsubscribe != "" {
		fmt.Fprintf(&b, "%s: %s\n", p.Around.Unsubscribe, p.Unsubscribe)
	}
	return b.String()
}

func (p page) html() (string, error) {
	var b bytes.Buffer
	if err := pageHTML.Execute(&b, p); err != nil {
		return "", fmt.Errorf("lay out the email: %w", err)
	}
	return b.String(), nil
}

// Preview gives the two forms of an email as people see them.
func (s *Sender) Preview(n event.Notification) (text, html string, err error) {
	p := s.page(n)
	html, err = p.html()
	return p.text(), html, err
}
