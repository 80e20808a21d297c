package unsubscribe

import (
	"errors"
	"strings"
	"testing"
)

func TestATokenGivesBackWhatItNames(t *testing.T) {
	k := NewKey("a secret of at least thirty-two bytes")
	for _, c := range [][2]string{{"s00042", "jobs"}, {"ü|.\x1f", "a b"}, {"s1", ""}} {
		recipient, category, err := k.Verify(k.Token(c[0], c[1]))
		if err != nil || recipient != c[0] || category != c[1] {
			t.Errorf("%q came back as %q, %q, %v", c, recipient, category, err)
		}
	}
	if link := k.Link("https://t.example.org/", "s1", "jobs"); !strings.HasPrefix(link, "https://t.example.org/unsubscribe?token=") {
		t.Error(link)
	}
}

func TestOtherTokensAreRefused(t *testing.T) {
	k := NewKey("a secret")
	good := k.Token("s1", "jobs")
	text, signature, _ := strings.Cut(good, ".")
	for _, bad := range []string{
		"", ".", text, text + ".", "." + signature, good + "x", "A" + good[1:], text + "!." + signature, NewKey("another").Token("s1", "jobs"),
		strings.Replace(k.Token("s2", "jobs"), ".", ".A", 1),
	} {
		if _, _, err := k.Verify(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzVerifyTakesNothingButItsOwn(f *testing.F) {
	k := NewKey("a secret")
	f.Add(k.Token("s1", "jobs"))
	f.Add("a.b")
	f.Fuzz(func(t *testing.T, token string) {
		if r, c, err := k.Verify(token); err == nil && k.Token(r, c) != token {
			t.Errorf("%q was taken", token)
		}
	})
}
