package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"slices"
	"sync"

	"tideline/engine/event"
)

// cursors makes and reads opaque cursors. That of a feed holds what was already returned, six bytes an entry, rather than a place in the order: so
// that nothing comes twice and nothing that stayed is skipped, however the feed
// moves between two pages. It is signed and bound to the student and bucket, so
// that a cursor of another feed is an error instead of a strange page. It
// authorises nothing: with a JWKS, where there is no secret, the key is derived
// from its address, which makes cursors good at every replica.
type cursors struct{ macs *sync.Pool } // of keyed hash.Hash: keying one costs more than a signature

func newCursors(secret string) cursors {
	key := sha256.Sum256([]byte("tideline cursor " + secret))
	return cursors{&sync.Pool{New: func() any { return hmac.New(sha256.New, key[:]) }}}
}

const (
	memberBytes = 6
	macBytes    = 16
	// maxReturned ends a walk through a feed that changes all the time; without
	// it the cursor would outgrow the request line.
	maxReturned = 3 * event.FeedShow
)

var errCursor = errors.New("is not a cursor of this list; leave it out to start anew")

// seen is a member as cursors hold it.
type seen [memberBytes]byte

func seenOf(m event.Member) seen {
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], uint64(m)*0x9e3779b97f4a7c15) // spreads what differs in the low bits
	return seen(all[:memberBytes])
}

// scope is the feed that a cursor belongs to.
type scope struct {
	student string
	bucket  event.Bucket
}

// mac appends the signature of a cursor's body to dst.
func (c cursors) mac(dst []byte, of scope, body []byte) []byte {
	h := c.macs.Get().(hash.Hash)
	defer c.macs.Put(h)
	h.Reset()
	var length [2]byte // says where the student ends and the bucket begins
	binary.BigEndian.PutUint16(length[:], uint16(len(of.student)))
	h.Write(length[:])
	_, _ = io.WriteString(h, of.student) // a hash takes everything
	_, _ = io.WriteString(h, string(of.bucket))
	h.Write([]byte{0})
	h.Write(body)
	return h.Sum(dst)[:len(dst)+macBytes]
}

func (c cursors) write(of scope, returned []seen) string {
	return string(c.append(nil, of, returned))
}

func (c cursors) append(dst []byte, of scope, returned []seen) []byte {
	body := make([]byte, 0, len(returned)*memberBytes+sha256.Size)
	for _, s := range returned {
		body = append(body, s[:]...)
	}
	return base64.RawURLEncoding.AppendEncode(dst, c.mac(body, of, body))
}

func (c cursors) read(of scope, cursor string) ([]seen, error) {
	body, err := c.open(of, cursor, maxReturned*memberBytes)
	if err != nil || len(body)%memberBytes != 0 {
		return nil, errCursor
	}
	var returned []seen
	for ; len(body) > 0; body = body[memberBytes:] {
		returned = append(returned, seen(body[:memberBytes]))
	}
	return returned, nil
}

// seal makes a cursor of a body and its signature.
func (c cursors) seal(of scope, body []byte) string {
	return base64.RawURLEncoding.EncodeToString(c.mac(slices.Clone(body), of, body))
}

// open gives a cursor's body, of at most limit bytes, if it is of this scope.
func (c cursors) open(of scope, cursor string, limit int) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(data) < macBytes || len(data) > limit+macBytes {
		return nil, errCursor
	}
	body, mac := data[:len(data)-macBytes], data[len(data)-macBytes:]
	if !hmac.Equal(mac, c.mac(nil, of, body)) {
		return nil, errCursor
	}
	return body, nil
}
