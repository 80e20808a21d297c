package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// NotificationKey names what a rule can tell a recipient about one subject: the
// same for all episodes and repeats. Values are those of the rule's once_per,
// or the natural subject. 16 hex digits.
func NotificationKey(rule, recipient string, values []string) string {
	return digest(8, append([]string{rule, recipient}, values...)...)
}

// NotificationID names one notification of a key. The rule's text is left out:
// editing a template never sends anything again. 32 hex digits.
func NotificationID(key string, episode, repeat int) string {
	return digest(16, key, strconv.Itoa(episode), strconv.Itoa(repeat))
}

// DigestID names a digest by the rule, the recipient and the id of its first item.
func DigestID(rule, recipient, first string) string {
	return digest(16, "digest", rule, recipient, first)
}

// ApplicationID names the one application of a student for an opportunity. 32 hex digits.
func ApplicationID(student, opportunity string) string {
	return digest(16, "application", student, opportunity)
}

// digest hashes parts, each preceded by its length, so that no two lists collide.
func digest(size int, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:size])
}
