package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"tideline/engine/event"
)

// cursors makes and reads the opaque cursors of feeds. A cursor holds what was
// already returned, six bytes an entry, rather than a place in the order: so
// that nothing comes twice and nothing that stayed is skipped, however the feed
// moves between two pages. It is signed and bound to the student and bucket.
type cursors struct{ key []byte }

// newCursors derives the key from a secret; without one, cursors last as long as the process.
func newCursors(secret string) cursors {
	if secret == "" {
		secret = rand.Text()
	}
	key := sha256.Sum256([]byte("tideline cursor " + secret))
	return cursors{key[:]}
}

const (
	memberBytes = 6
	macBytes    = 16
)

var errCursor = errors.New("is not a cursor of this feed; leave it out to start anew")

// seen is a member as cursors hold it.
type seen [memberBytes]byte

func seenOf(m event.Member) seen {
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], uint64(m)*0x9e3779b97f4a7c15) // spreads what differs in the low bits
	return seen(all[:memberBytes])
}

func (c cursors) mac(scope string, body []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(scope))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(nil)[:macBytes]
}

func (c cursors) write(scope string, returned []seen) string {
	body := make([]byte, 0, len(returned)*memberBytes+macBytes)
	for _, s := range returned {
		body = append(body, s[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(append(body, c.mac(scope, body)...))
}

func (c cursors) read(scope, cursor string) ([]seen, error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(data) < macBytes || (len(data)-macBytes)%memberBytes != 0 {
		return nil, errCursor
	}
	body, mac := data[:len(data)-macBytes], data[len(data)-macBytes:]
	if !hmac.Equal(mac, c.mac(scope, body)) {
		return nil, errCursor
	}
	var returned []seen
	for ; len(body) > 0; body = body[memberBytes:] {
		returned = append(returned, seen(body[:memberBytes]))
	}
	return returned, nil
}
