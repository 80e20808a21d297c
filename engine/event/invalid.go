package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code names one way in which a value can be wrong. Codes are part of the
// contract: they stand in dead letters, problem details and metrics.
type Code string

// The codes a FieldError can carry.
const (
	MalformedJSON Code = "malformed_json" // not a JSON object at all
	WrongType     Code = "wrong_type"     // a field of another JSON type
	Missing       Code = "missing"        // a required field is absent or empty
	OutOfRange    Code = "out_of_range"   // a number outside its bounds
	BadDate       Code = "bad_date"       // not RFC 3339 and not YYYY-MM-DD, or outside 2000..2100
	TooLong       Code = "too_long"       // text over its limit
	TooMany       Code = "too_many"       // a list over its limit
	UnknownValue  Code = "unknown_value"  // not one of the allowed words
	KeyMismatch   Code = "key_mismatch"   // the record's key and the id inside disagree
)

// FieldError is one complaint about one field.
type FieldError struct {
	Path    string `json:"path"` // such as "skills[3].level"; empty for the whole value
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Error gives "path: message (code)".
func (e FieldError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s (%s)", e.Message, e.Code)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Path, e.Message, e.Code)
}

// Invalid says everything that is wrong with a value, all at once.
type Invalid struct {
	What   string // "opportunity", "profile", "signal"
	Fields []FieldError
}

// Error lists every complaint on one line.
func (e *Invalid) Error() string {
	var b strings.Builder
	b.WriteString("invalid " + e.What)
	for i, f := range e.Fields {
		b.WriteString([2]string{": ", "; "}[min(i, 1)] + f.Error())
	}
	return b.String()
}

// Code is the code of the first complaint, which metrics count under.
func (e *Invalid) Code() Code { return e.Fields[0].Code }

// checker collects complaints about one value.
type checker struct {
	what   string
	fields []FieldError
}

func (c *checker) add(path string, code Code, format string, args ...any) {
	c.fields = append(c.fields, FieldError{path, code, fmt.Sprintf(format, args...)})
}

func (c *checker) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Invalid{What: c.what, Fields: c.fields}
}

// id checks a required identifier of at most maxID bytes.
func (c *checker) id(path, v string) {
	switch {
	case strings.TrimSpace(v) == "":
		c.add(path, Missing, "must be a non-empty id")
	case len(v) > maxID:
		c.add(path, TooLong, "is %d bytes; at most %d are allowed", len(v), maxID)
	case !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' }):
		c.add(path, UnknownValue, "must be printable UTF-8")
	}
}

func (c *checker) text(path, v string, limit int) {
	if len(v) > limit {
		c.add(path, TooLong, "is %d bytes; at most %d are allowed", len(v), limit)
	}
}

func (c *checker) count(path string, n, limit int) bool {
	if n > limit {
		c.add(path, TooMany, "has %d items; at most %d are allowed", n, limit)
		return false
	}
	return true
}

func (c *checker) within(path string, v, low, high int) {
	if v < low || v > high {
		c.add(path, OutOfRange, "is %d; must be from %d to %d", v, low, high)
	}
}

func (c *checker) score(path string, v *float64) {
	if v != nil && !(*v >= 0 && *v <= 100) {
		c.add(path, OutOfRange, "is %v; must be from 0 to 100", *v)
	}
}

// present checks a required text: blanks alone say nothing.
func (c *checker) present(path, v, complaint string) {
	if strings.TrimSpace(v) == "" {
		c.add(path, Missing, "%s", complaint)
	}
}

// unmarshal decodes one JSON object. Unknown fields are ignored.
func unmarshal(what string, data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	c := checker{what: what}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		c.add(pathAt(data, wrong.Offset), WrongType, "is a JSON %s (at byte %d); a %s is needed",
			wrong.Value, wrong.Offset, jsonName(wrong.Type.Kind().String()))
	} else if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		c.add("", MalformedJSON, "not JSON at byte %d: %v", syntax.Offset, syntax)
	} else {
		c.add("", MalformedJSON, "not JSON: %v", err)
	}
	return c.err()
}

func jsonName(kind string) string {
	switch {
	case kind == "string", kind == "struct":
		return map[string]string{"string": "string", "struct": "JSON object"}[kind]
	case kind == "slice":
		return "JSON array"
	case kind == "bool":
		return "boolean"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "whole number"
	default:
		return "number"
	}
}
