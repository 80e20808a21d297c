package event

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// step is an object or a list on the way to a value.
type step struct {
	list bool
	at   int    // in a list: position of the value being read
	key  string // in an object: of the value being read
	keys bool   // in an object: the next text is a key
}

// pathAt names the value that ends, or an object or list that begins, at a byte
// offset of valid JSON, such as "skills[3].level". The decoder's own errors name
// the field but not the place in a list, and its fields are those of our structs.
func pathAt(data []byte, offset int64) string {
	d := json.NewDecoder(bytes.NewReader(data))
	var way []step
	for {
		token, err := d.Token()
		if err != nil { // the offset lies outside
			return ""
		}
		delim, _ := token.(json.Delim)
		if delim == '}' || delim == ']' {
			way = way[:len(way)-1]
		} else if n := len(way); n > 0 && !way[n-1].list && way[n-1].keys {
			way[n-1].key, way[n-1].keys = token.(string), false
			continue
		}
		if d.InputOffset() >= offset {
			return join(way)
		}
		if delim == '{' || delim == '[' {
			way = append(way, step{list: delim == '[', keys: delim == '{'})
			continue
		}
		if n := len(way); n > 0 { // a value is complete
			way[n-1].at++
			way[n-1].keys = !way[n-1].list
		}
	}
}

func join(way []step) string {
	var path strings.Builder
	for _, s := range way {
		switch {
		case s.list:
			path.WriteString("[" + strconv.Itoa(s.at) + "]")
		case path.Len() > 0:
			path.WriteString("." + s.key)
		default:
			path.WriteString(s.key)
		}
	}
	return path.String()
}
