package syndication

import (
	"bytes"
	"encoding/xml"

	"golang.org/x/net/html/charset"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// maxNesting of the elements of a feed; XHTML in one may go deep, but not so deep.
const maxNesting = 500

// shallow refuses a feed whose elements stand in each other so deep that reading
// it would use up the stack, which ends the process: the reader calls itself for
// each. It reads the tokens as that reader does, without control characters. What
// is no XML it leaves to the reader.
func shallow(document []byte) error {
	start := bytes.TrimLeft(document, "\ufeff \t\r\n")
	if len(start) == 0 || start[0] == '{' {
		return nil
	}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	decoder.Strict, decoder.CharsetReader = false, charset.NewReaderLabel
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil { // also the end
			return nil
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxNesting {
			return sources.Invalid("", event.TooMany, "elements are nested more than %d deep", maxNesting)
		}
	}
}

// printable drops the control characters that XML has no place for, in place.
func printable(document []byte) []byte {
	kept := document[:0]
	for _, b := range document {
		if b >= ' ' || b == '\t' || b == '\n' || b == '\r' {
			kept = append(kept, b)
		}
	}
	return kept
}
