package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"tideline/engine/event"
)

// Endpoint is one receiver. The file is a YAML list of these.
type Endpoint struct {
	Name string // of metrics and logs: a-z, 0-9 and dashes
	URL  string // https; http only with AllowPrivate
	// Keys sign: one, or, while a secret is being changed, the new and the old.
	Keys         [][]byte
	Audiences    []event.Audience // empty: all
	Categories   []string         // empty: all
	Recipients   []string         // empty: all
	Enabled      bool             // default true
	AllowPrivate bool             // may lie on a private or loopback address
}

// Wants says whether an endpoint is to get a notification.
func (e Endpoint) Wants(n event.Notification) bool {
	return (len(e.Audiences) == 0 || slices.Contains(e.Audiences, n.Audience)) &&
		(len(e.Categories) == 0 || slices.Contains(e.Categories, n.Notice.Category)) &&
		(len(e.Recipients) == 0 || slices.Contains(e.Recipients, n.Recipient))
}

// LoadEndpoints reads the file. All mistakes are reported at once, with their
// lines; secrets are not repeated in them.
func LoadEndpoints(path string) ([]Endpoint, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("webhooks.file: %w", err)
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("webhooks.file: %s is not YAML: %s", path, firstLine(err.Error()))
	}
	r := &reader{path: path, names: map[string]int{}}
	var list []Endpoint
	for _, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case nil:
		case *ast.SequenceNode:
			for _, node := range body.Values {
				list = append(list, r.endpoint(node))
			}
		default:
			r.wrong(node(body), "must be a list of endpoints, each with name, url and secret")
		}
	}
	return list, errors.Join(r.mistakes...)
}

// firstLine keeps what the parser quotes of a file with secrets out of the log.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func node(n ast.Node) int { return n.GetToken().Position.Line }

type reader struct {
	path     string
	names    map[string]int
	mistakes []error
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Errorf("%s:%d: %s", r.path, line, fmt.Sprintf(format, args...)))
}

func (r *reader) endpoint(n ast.Node) Endpoint {
	e := Endpoint{Enabled: true}
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = append(values, m)
	default:
		r.wrong(node(n), "must be an endpoint with name, url and secret")
		return e
	}
	start := node(values[0])
	for _, v := range values {
		r.field(&e, v.Key.GetToken().Value, v.Value)
	}
	r.check(&e, start)
	return e
}

var endpointName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (r *reader) check(e *Endpoint, line int) {
	if !endpointName.MatchString(e.Name) {
		r.wrong(line, "name is %q; must be lower-case letters, digits and dashes", e.Name)
	} else if first, twice := r.names[e.Name]; twice {
		r.wrong(line, "name %s is taken by line %d", e.Name, first)
	} else {
		r.names[e.Name] = line
	}
	switch u, err := url.Parse(e.URL); {
	case err != nil || u.Host == "" || u.User != nil:
		r.wrong(line, "url of %s must be an address such as https://crm.example.org/hooks, without a name or password", e.Name)
	case u.Scheme == "http" && !e.AllowPrivate, u.Scheme != "http" && u.Scheme != "https":
		r.wrong(line, "url of %s must begin with https://: notifications are about people (http:// only with allow_private: true)", e.Name)
	}
	if len(e.Keys) == 0 {
		r.wrong(line, "%s needs a secret or a secret_file: whsec_ and 24 to 64 bytes in base64", e.Name)
	}
}

func (r *reader) field(e *Endpoint, name string, value ast.Node) {
	line, text := node(value), value.GetToken().Value
	switch name {
	case "name":
		e.Name = text
	case "url":
		e.URL = text
	case "secret", "old_secret":
		r.secret(e, line, name, text)
	case "secret_file", "old_secret_file":
		file := text
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(r.path), file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			r.wrong(line, "%s: %v", name, err)
			e.Keys = append(e.Keys, nil) // one complaint is enough
			return
		}
		r.secret(e, line, name, strings.TrimSpace(string(data)))
	case "audiences":
		for _, a := range r.list(line, name, value) {
			if a != string(event.ToStudent) && a != string(event.ToRecruiter) {
				r.wrong(line, "audiences has %q; must be student or recruiter", a)
			}
			e.Audiences = append(e.Audiences, event.Audience(a))
		}
	case "categories":
		e.Categories = r.list(line, name, value)
	case "recipients":
		e.Recipients = r.list(line, name, value)
	case "enabled":
		e.Enabled = r.truth(line, name, text)
	case "allow_private":
		e.AllowPrivate = r.truth(line, name, text)
	default:
		r.wrong(line, "%s is not known; an endpoint has name, url, secret, secret_file, old_secret, old_secret_file, audiences, categories, recipients, enabled and allow_private", name)
	}
}

// secret reads a key of the Standard Webhooks form.
func (r *reader) secret(e *Endpoint, line int, name, text string) {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		r.wrong(line, "%s must be whsec_ and 24 to 64 bytes in base64; make one with: echo whsec_$(head -c 32 /dev/urandom | base64)", name)
	}
	if strings.HasPrefix(name, "old") {
		e.Keys = append(e.Keys, key)
	} else {
		e.Keys = append([][]byte{key}, e.Keys...)
	}
}

func (r *reader) list(line int, name string, value ast.Node) (items []string) {
	list, ok := value.(*ast.SequenceNode)
	if !ok {
		r.wrong(line, "%s must be a list", name)
		return nil
	}
	for _, v := range list.Values {
		items = append(items, v.GetToken().Value)
	}
	return items
}

func (r *reader) truth(line int, name, text string) bool {
	v, err := strconv.ParseBool(text)
	if err != nil {
		r.wrong(line, "%s must be true or false", name)
	}
	return v
}
