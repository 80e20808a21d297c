package jsonld

import (
	"encoding/json"
	"strings"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// object is one node of the graph.
type object map[string]any

// names are texts, or the names of things.
func names(v any) (list []string) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			list = append(list, names(element)...)
		}
		return list
	case map[string]any:
		return texts(v["name"])
	}
	return texts(v)
}

// texts are the texts of a value that may be one or a list.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, element := range v {
			list = append(list, texts(element)...)
		}
	}
	return list
}

// text is the first text at a path; lists are entered.
func (o object) text(path ...string) string {
	var v any = map[string]any(o)
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		fields, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = fields[name]
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	if list := texts(v); len(list) > 0 {
		return strings.TrimSpace(list[0])
	}
	return ""
}

// words are what a posting says in sentences; some say what they ask for apart.
func (o object) words() string {
	var parts []string
	for _, part := range []struct{ heading, name string }{{"", "description"}, {"Requirements:\n", "qualifications"}, {"Responsibilities:\n", "responsibilities"}} {
		if text := sources.Escaped(strings.Join(texts(o[part.name]), "\n")); text != "" {
			parts = append(parts, part.heading+text)
		}
	}
	return strings.Join(parts, "\n")
}

func (o object) pay() *event.Compensation {
	if text := o.text("baseSalary"); text != "" {
		return sources.Pay(strings.TrimSpace(text + " " + o.text("salaryCurrency")))
	}
	currency := first(o.text("baseSalary", "currency"), o.text("baseSalary", "value", "currency"), o.text("salaryCurrency"))
	single := first(o.text("baseSalary", "value", "value"), o.text("baseSalary", "value"))
	low := first(o.text("baseSalary", "value", "minValue"), o.text("baseSalary", "minValue"), single)
	high := first(o.text("baseSalary", "value", "maxValue"), o.text("baseSalary", "maxValue"), single)
	return sources.Range(sources.Amount(low), sources.Amount(high), currency, first(o.text("baseSalary", "value", "unitText"), o.text("baseSalary", "unitText")))
}

// places reads one or several jobLocation.
func places(v any) (list []string) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			list = append(list, places(element)...)
		}
	case string:
		return []string{v}
	case map[string]any:
		o := object(v)
		country := first(o.text("address", "addressCountry"), o.text("address", "addressCountry", "name"))
		if place := sources.Address(o.text("address", "addressLocality"), o.text("address", "addressRegion"), country); place != "" {
			return []string{place}
		}
		return []string{sources.Nation(first(o.text("address"), o.text("name")))}
	}
	return list
}
