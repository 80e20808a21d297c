package skills

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// corpus reads the data under root.
type corpus struct {
	t    *testing.T
	root string
}

func (c corpus) open(file string) io.Reader {
	raw, err := os.ReadFile(filepath.Join(c.root, file))
	if err != nil {
		c.t.Fatal(err)
	}
	if !strings.HasSuffix(file, ".gz") {
		return bytes.NewReader(raw)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
	return unpacked
}

// lines gives the lines of a file, numbered from 1.
func (c corpus) lines(file string, line func(number int, text string)) {
	scanner := bufio.NewScanner(c.open(file))
	scanner.Buffer(nil, 1<<20)
	for number := 1; scanner.Scan(); number++ {
		line(number, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
}

func (c corpus) decode(where string, r io.Reader, into any) {
	if err := json.NewDecoder(r).Decode(into); err != nil {
		c.t.Fatalf("%s: %v", where, err)
	}
}

// each decodes every file of a pattern anew.
func each[T any](c corpus, pattern string, use func(file string, value T)) {
	paths, err := filepath.Glob(filepath.Join(c.root, pattern))
	if err != nil || len(paths) == 0 {
		c.t.Fatalf("no files match %s: %v", pattern, err)
	}
	for _, path := range paths {
		var value T
		file := filepath.ToSlash(filepath.Join(filepath.Dir(pattern), filepath.Base(path)))
		c.decode(file, c.open(file), &value)
		use(file, value)
	}
}

type posting struct {
	Title    string
	Metadata []struct {
		Name  string
		Value any
	}
}

func (c corpus) postings(use func(file string, number int, p posting)) {
	each(c, "greenhouse/raw/*.json", func(file string, board struct{ Jobs []posting }) {
		for i, p := range board.Jobs {
			use(file, i, p)
		}
	})
}

func (c corpus) boards() (items []item) {
	c.postings(func(file string, i int, p posting) {
		items = append(items, item{file, fmt.Sprintf("jobs.%d title", i), p.Title})
	})
	return items
}

func (c corpus) departments() (items []item) {
	c.postings(func(file string, i int, p posting) {
		for k, field := range p.Metadata {
			if field.Name != "Specialty" && field.Name != "Job Discipline" && field.Name != "Job Family" {
				continue
			}
			texts := []string{p.Title}
			switch value := field.Value.(type) {
			case string:
				if value != "" {
					texts = append(texts, value)
				}
			case []any:
				for _, one := range value {
					texts = append(texts, one.(string))
				}
			}
			if len(texts) > 1 {
				items = append(items, item{file, fmt.Sprintf("jobs.%d title,metadata.%d.value", i, k), strings.Join(texts, " ; ")})
			}
		}
	})
	return items
}

func (c corpus) early() (items []item) {
	const file = "greenhouse/early-career.jsonl"
	c.lines(file, func(number int, line string) {
		var p posting
		c.decode(file, strings.NewReader(line), &p)
		items = append(items, item{file, fmt.Sprintf("%d title", number), p.Title})
	})
	return items
}

func (c corpus) internships() (items []item) {
	const file = "internships/summer2025-events.jsonl.gz"
	c.lines(file, func(number int, line string) {
		var change struct {
			Op  string
			Doc posting
		}
		c.decode(file, strings.NewReader(line), &change)
		if change.Op == "add" {
			items = append(items, item{file, fmt.Sprintf("%d doc.title", number), change.Doc.Title})
		}
	})
	return items
}

func (c corpus) graduates() (items []item) {
	each(c, "internships/newgrad-listings.json", func(file string, postings []posting) {
		for i, p := range postings {
			items = append(items, item{file, fmt.Sprintf("%d title", i), p.Title})
		}
	})
	return items
}

func (c corpus) news() (items []item) {
	const file = "trending/hackernews-items.jsonl"
	c.lines(file, func(number int, line string) {
		var p posting
		c.decode(file, strings.NewReader(line), &p)
		items = append(items, item{file, fmt.Sprintf("%d title", number), p.Title})
	})
	return items
}

func (c corpus) articles() (items []item) {
	type listing struct {
		Articles []struct{ Title, Description string }
	}
	each(c, "trending/devto-top-41.json", func(file string, l listing) {
		for i, a := range l.Articles {
			items = append(items, item{file, fmt.Sprintf("articles.%d title,description", i), a.Title + " ; " + a.Description})
		}
	})
	return items
}

func (c corpus) hackathons() (items []item) {
	type listing struct {
		Hackathons []struct {
			Title  string
			Themes []struct{ Name string }
		}
	}
	each(c, "devpost/*.json", func(file string, l listing) {
		for i, h := range l.Hackathons {
			var text strings.Builder
			text.WriteString(h.Title)
			for _, theme := range h.Themes {
				text.WriteString(" ; " + theme.Name)
			}
			items = append(items, item{file, fmt.Sprintf("hackathons.%d title,themes.*.name", i), text.String()})
		}
	})
	return items
}

var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

func (c corpus) courses() (items []item) {
	const file = "learning/free-courses-en.md"
	c.lines(file, func(number int, line string) {
		if strings.HasPrefix(strings.TrimSpace(line), "* [") && strings.Contains(line, "](http") {
			text := strings.TrimSpace(strings.TrimLeft(link.ReplaceAllString(line, "$1"), "* "))
			items = append(items, item{file, fmt.Sprint(number), text})
		}
	})
	return items
}

// lists leaves out rows of more than 20 cells.
func (c corpus) lists() (items []item) {
	const file = "skills/skill2vec_1K.csv"
	c.lines(file, func(number int, line string) {
		reader := csv.NewReader(strings.NewReader(line))
		reader.LazyQuotes = true
		cells, err := reader.Read()
		if err != nil {
			c.t.Fatalf("%s, line %d: %v", file, number, err)
		}
		cells = slices.DeleteFunc(cells[1:], func(cell string) bool { return strings.TrimSpace(cell) == "" })
		if len(cells) <= 20 {
			items = append(items, item{file, fmt.Sprint(number), strings.Join(cells, " ; ")})
		}
	})
	return items
}
