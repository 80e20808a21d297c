package jsonld

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"tideline/streams/sources/fetch"
)

// descriptions are the texts of JSON-LD in a page; it may be one itself.
func descriptions(answer *fetch.Response) (texts []string, err error) {
	if strings.HasPrefix(answer.Header.Get("Content-Type"), linked) {
		return []string{string(answer.Body)}, nil
	}
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(answer.Body))
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	scripts := page.Find("script[type]")
	for i := range scripts.Nodes {
		kind, _, _ := strings.Cut(scripts.Eq(i).AttrOr("type", ""), ";")
		if strings.EqualFold(strings.TrimSpace(kind), linked) {
			texts = append(texts, scripts.Eq(i).Text())
		}
	}
	return texts, nil
}

// decode reads a description as pages really have it: wrapped in a comment, with a
// semicolon at the end, and with raw line ends within texts.
func decode(text string) (v any, err error) {
	text = strings.TrimRight(strings.Trim(wrapping.ReplaceAllString(text, ""), "\ufeff \t\r\n"), "; \t\r\n")
	text = strings.Map(func(r rune) rune {
		if r < ' ' { // outside of texts a blank does as well
			return ' '
		}
		return r
	}, text)
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // ids may be longer than a float holds
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("something follows the description")
	}
	return v, nil
}

// wrapping is what hides a script from very old readers of pages.
var wrapping = regexp.MustCompile(`^\s*(?:(?://|/\*)?\s*<!\[CDATA\[(?:\s*\*/)?|<!--)|(?:(?://|/\*)?\s*\]\]>(?:\s*\*/)?|-->)\s*$`)

// postings collects the objects of the type from a document of any nesting.
func postings(found []object, v any) []object {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			found = postings(found, element)
		}
	case map[string]any:
		if slices.ContainsFunc(texts(v["@type"]), func(kind string) bool { return kind[strings.LastIndexAny(kind, "/:#")+1:] == "JobPosting" }) {
			return append(found, v)
		}
		for _, below := range []string{"@graph", "itemListElement", "item", "mainEntity"} {
			found = postings(found, v[below])
		}
	}
	return found
}
