package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// secrets are never printed, and may come from a file: TIDELINE_..._FILE.
var secrets = []string{"kafka.sasl.password", "redis.password", "mongo.uri", "auth.hs256_secret", "smtp.password", "delivery.unsubscribe_secret"}

// Source is where the parts of a configuration come from.
type Source struct {
	File  string            // path of the YAML file; empty: none
	Env   []string          // as os.Environ gives it
	Flags map[string]string // by key
}

// Mistake is one thing wrong with a configuration.
type Mistake struct {
	Key    string
	Origin string // "tideline.yaml:3", "TIDELINE_TICK", "--tick", "default"
	What   string // what is wrong and what to do
}

func (m Mistake) Error() string { return fmt.Sprintf("%s (%s): %s", m.Key, m.Origin, m.What) }

// Loaded is a configuration and where each value that is not a default came from.
type Loaded struct {
	Config
	Origins map[string]string
}

// Load reads, merges and validates. The error joins every Mistake there is.
func Load(src Source) (Loaded, error) {
	l := loader{config: Default(), origins: map[string]string{}, unknown: map[string]bool{}}
	l.fields = leaves(reflect.ValueOf(&l.config).Elem(), "")
	l.file(src.File)
	l.env(src.Env)
	for _, key := range slices.Sorted(maps.Keys(src.Flags)) {
		l.set(key, src.Flags[key], "--"+key)
	}
	l.validate()
	return Loaded{l.config, l.origins}, errors.Join(l.mistakes...)
}

// Keys lists every key there is.
func Keys() []string {
	c := Default()
	return slices.Sorted(maps.Keys(leaves(reflect.ValueOf(&c).Elem(), "")))
}

type loader struct {
	config   Config
	fields   map[string]reflect.Value
	origins  map[string]string
	unknown  map[string]bool // keys whose values could not be read; "" for whatever a file says
	mistakes []error
}

// leaves finds every settable value by its dotted key.
func leaves(v reflect.Value, prefix string) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("yaml")
		if v.Field(i).Kind() == reflect.Struct {
			maps.Copy(found, leaves(v.Field(i), key+"."))
		} else {
			found[key] = v.Field(i)
		}
	}
	return found
}

func (l *loader) wrong(key, origin, format string, args ...any) {
	l.mistakes = append(l.mistakes, Mistake{key, origin, fmt.Sprintf(format, args...)})
}

// file reads the YAML file; positions of its values are kept for messages.
func (l *loader) file(path string) {
	if path == "" {
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		l.unknown[""] = true
		l.wrong("config", "--config", "cannot be read: %v", err)
		return
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		l.unknown[""] = true
		l.wrong("config", path, "is not YAML: %s", yaml.FormatError(err, false, true))
		return
	}
	for _, doc := range parsed.Docs {
		l.node(path, "", doc.Body)
	}
}

// node sets what one node of the file says; key is the path to it.
func (l *loader) node(path, key string, node ast.Node) {
	if node == nil {
		return
	}
	origin := fmt.Sprintf("%s:%d", path, node.GetToken().Position.Line)
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, value := range n.Values {
			l.node(path, key, value)
		}
	case *ast.MappingValueNode:
		name := n.Key.GetToken().Value
		if key != "" {
			name = key + "." + name
		}
		l.node(path, name, n.Value)
	case *ast.SequenceNode:
		l.sequence(path, key, origin, n)
	case *ast.NullNode: // says nothing, but of something that exists
		if _, known := l.fields[key]; !known && !l.section(key) {
			l.wrong(key, origin, "is not a setting; `tideline config` lists them")
		}
	case *ast.LiteralNode:
		l.set(key, n.Value.Value, origin)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		l.wrong(key, origin, "must be written out: anchors, aliases and tags are not read")
	default:
		l.set(key, n.GetToken().Value, origin)
	}
}

// sequence sets a list; other settings take a single value.
func (l *loader) sequence(path, key, origin string, n *ast.SequenceNode) {
	field, known := l.fields[key]
	if known && field.Kind() != reflect.Slice {
		l.wrong(key, origin, "is a list; a %s is needed", kind(field))
		return
	}
	var items []string
	for _, v := range n.Values {
		switch v.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		default:
			l.wrong(key, fmt.Sprintf("%s:%d", path, v.GetToken().Position.Line), "must be a list of plain values")
			return
		}
		items = append(items, v.GetToken().Value)
	}
	l.set(key, strings.Join(items, ","), origin)
}

// section says whether there are settings below a key.
func (l *loader) section(key string) bool {
	for name := range l.fields {
		if key == "" || strings.HasPrefix(name, key+".") {
			return true
		}
	}
	return false
}

// kubernetes matches what Kubernetes sets in every pod beside a Service named
// tideline: TIDELINE_SERVICE_HOST, TIDELINE_SERVICE_PORT, the same for each named
// port, TIDELINE_PORT, and for each port TIDELINE_PORT_8080_TCP and its parts.
var kubernetes = regexp.MustCompile(`^TIDELINE_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// env reads TIDELINE_* variables: dots of the key become underscores.
func (l *loader) env(environ []string) {
	names := map[string]string{}
	for key := range l.fields {
		names["TIDELINE_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	for _, pair := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "TIDELINE_") || name == "TIDELINE_CONFIG" || strings.HasPrefix(name, "TIDELINE_TEST_") || name == "TIDELINE_DATA" {
			continue
		}
		if key, known := names[name]; known {
			l.set(key, value, name)
			continue
		}
		if kubernetes.MatchString(name) {
			continue
		}
		key, known := names[strings.TrimSuffix(name, "_FILE")]
		if !known || !slices.Contains(secrets, key) {
			l.wrong(name, "environment", "is not a setting; `tideline config` lists them")
			continue
		}
		if inline := strings.TrimSuffix(name, "_FILE"); l.origins[key] == inline {
			l.wrong(key, name, "%s is set too; use one of them", inline)
			continue
		}
		data, err := os.ReadFile(value)
		if err != nil {
			l.unknown[key] = true
			l.wrong(key, name, "cannot be read: %v", err)
			continue
		}
		l.set(key, strings.TrimSpace(string(data)), name)
	}
}

// set parses one value by the type of its field.
func (l *loader) set(key, text, origin string) {
	field, known := l.fields[key]
	if !known {
		switch {
		case key == "":
			l.wrong("config", origin, "must be settings, each \"key: value\"")
		case l.section(key):
			l.wrong(key, origin, "has settings below it and takes no value itself")
		default:
			l.wrong(key, origin, "is not a setting; `tideline config` lists them")
		}
		return
	}
	value, err := parse(field, text)
	if err != nil {
		l.unknown[key] = true
		l.wrong(key, origin, "is %q; a %s is needed", text, kind(field))
		return
	}
	field.Set(reflect.ValueOf(value))
	l.origins[key] = origin
	delete(l.unknown, key)
}

// parse reads a value of a field's type.
func parse(field reflect.Value, text string) (any, error) {
	switch field.Interface().(type) {
	case bool:
		return strconv.ParseBool(text)
	case int:
		return strconv.Atoi(text)
	case float64:
		return strconv.ParseFloat(text, 64)
	case time.Duration:
		return duration(text)
	case []string:
		var list []string
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, nil
	}
	return text, nil
}

// duration also knows days: "7d".
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * float64(24*time.Hour)), err
	}
	return time.ParseDuration(text)
}

func kind(v reflect.Value) string {
	switch v.Interface().(type) {
	case bool:
		return "true or false"
	case int:
		return "whole number"
	case time.Duration:
		return "duration such as 10s, 6h or 7d"
	case string:
		return "single value"
	}
	return "number"
}
