// Package unsubscribe makes and checks the links that end emails of a category
// with one click (RFC 8058). A link must work for as long as the email lies in
// somebody's inbox and without signing in, so a token does not expire and can
// do nothing but this: it says no, for one recipient, category and channel.
package unsubscribe

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// Path is where the API takes tokens, in the query parameter "token": POST ends
// the emails (RFC 8058 sends List-Unsubscribe=One-Click as a form), GET asks first,
// because scanners of mail follow links.
const Path = "/unsubscribe"

// ErrInvalid says that a token is not one of ours.
var ErrInvalid = errors.New("the link to unsubscribe is not valid")

// Strict: of the encodings of the same bytes one is ours.
var encoding = base64.RawURLEncoding.Strict()

// Key signs tokens. It is derived, so that a token can never pass for anything
// else that the same secret signs.
type Key []byte

// NewKey derives a key from the secret that tokens of the API are signed with.
func NewKey(secret string) Key {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "tideline unsubscribe v1", sha256.Size)
	if err != nil { // only for a length beyond what SHA-256 can give
		panic(err)
	}
	return key
}

// Token names whose emails of which category are to end.
func (k Key) Token(recipient, category string) string {
	text := encoding.EncodeToString([]byte(recipient + "\x00" + category))
	return text + "." + encoding.EncodeToString(k.sign(text))
}

// Verify gives what a token names. The error is ErrInvalid.
func (k Key) Verify(token string) (recipient, category string, err error) {
	text, signature, ok := strings.Cut(token, ".")
	sum, badSum := encoding.DecodeString(signature)
	names, badText := encoding.DecodeString(text)
	if !ok || badSum != nil || badText != nil || !hmac.Equal(sum, k.sign(text)) {
		return "", "", ErrInvalid
	}
	recipient, category, ok = strings.Cut(string(names), "\x00")
	if !ok {
		return "", "", ErrInvalid
	}
	return recipient, category, nil
}

// Link is the address for an email, below the API's public address.
func (k Key) Link(base, recipient, category string) string {
	return strings.TrimSuffix(base, "/") + Path + "?token=" + url.QueryEscape(k.Token(recipient, category))
}

func (k Key) sign(text string) []byte {
	m := hmac.New(sha256.New, k)
	m.Write([]byte(text))
	return m.Sum(nil)
}
