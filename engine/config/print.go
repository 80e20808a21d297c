package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Print writes the configuration in force as YAML that Load reads back, each
// value that is not a default with its origin. Secrets are masked.
func (l Loaded) Print(w io.Writer) error { return l.print(w, reflect.ValueOf(l.Config), "", "") }

func (l Loaded) print(w io.Writer, v reflect.Value, prefix, indent string) error {
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		key, field := prefix+name, v.Field(i)
		if field.Kind() == reflect.Struct {
			if _, err := fmt.Fprintf(w, "%s%s:\n", indent, name); err != nil {
				return err
			}
			if err := l.print(w, field, key+".", indent+"  "); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%s%s: %s", indent, name, l.text(key, field))
		if origin := l.Origins[key]; origin != "" {
			line = fmt.Sprintf("%-48s # %s", line, origin)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (l Loaded) text(key string, v reflect.Value) string {
	if slices.Contains(secrets, key) && !v.IsZero() {
		return `"********"`
	}
	switch value := v.Interface().(type) {
	case time.Duration:
		return value.String()
	case []string:
		quoted := make([]string, len(value))
		for i, s := range value {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case string:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprint(v.Interface())
}
