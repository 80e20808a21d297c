package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tideline/engine/event"
)

// sep parts the recipient's id, the kind of record and what it is about.
const sep = "\x1f"

func silenceKey(id string) string             { return sep + "silence" + sep + id }
func decidedKey(recipient, id string) string  { return recipient + sep + "decided" + sep + id }
func sendsKey(recipient, rule string) string  { return recipient + sep + "sends" + sep + rule }
func deferredKey(recipient, id string) string { return recipient + sep + "deferred" + sep + id }
func itemKey(recipient, rule, id string) string {
	return recipient + sep + "item" + sep + rule + sep + id
}
func digestKey(recipient, rule string) string { return recipient + sep + "digest" + sep + rule }

// Restore loads one of the desk's own records of engine-state; records come in
// the order they were written. It reports false when the key is not one of the desk's.
func (d *Desk) Restore(key string, value []byte) (mine bool, err error) {
	recipient, rest, _ := strings.Cut(key, sep)
	what, about, _ := strings.Cut(rest, sep)
	switch what {
	case "silence":
		if value == nil {
			delete(d.silences, about)
			return true, nil
		}
		var s event.Silence
		err = json.Unmarshal(value, &s)
		d.silences[about] = s
	case "decided":
		err = restore(value, about, d.of(recipient).decided, func(made decision) {
			d.due.add(appointment{at: made.At.Add(memory), recipient: recipient, forget: about})
		})
	case "sends":
		err = restore(value, about, d.of(recipient).sends, func([]time.Time) {})
	case "deferred":
		err = restore(value, about, d.of(recipient).deferred, func(n event.Notification) {
			d.due.add(appointment{at: *n.Until, recipient: recipient, deferred: about})
		})
	case "digest":
		err = d.restoreDigest(recipient, about, value)
	case "item":
		rule, id, _ := strings.Cut(about, sep)
		if value == nil && d.of(recipient).digests[rule] == nil {
			return true, nil // it ended with its digest
		}
		err = restore(value, id, d.of(recipient).items(rule), func(event.Notification) {})
	default:
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("what was decided for a recipient: %w", err)
	}
	return true, nil
}

// restoreDigest loads the head of a digest; its items are records of their own,
// which may come before it and after.
func (d *Desk) restoreDigest(recipient, rule string, value []byte) error {
	r := d.of(recipient)
	if value == nil {
		delete(r.digests, rule)
		return nil
	}
	g := &digest{named: r.items(rule)}
	if err := json.Unmarshal(value, g); err != nil {
		return err
	}
	r.digests[rule] = g
	d.due.add(appointment{at: g.Due, recipient: recipient, digest: rule})
	return nil
}

// items gives what is named in a digest that may not be restored yet.
func (r *recipient) items(rule string) map[string]event.Notification {
	if r.digests[rule] == nil {
		r.digests[rule] = &digest{named: map[string]event.Notification{}}
	}
	return r.digests[rule].named
}

// restore sets or, without a value, deletes one record of a kind.
func restore[T any](value []byte, about string, into map[string]T, then func(T)) error {
	if value == nil {
		delete(into, about)
		return nil
	}
	var v T
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	into[about] = v
	then(v)
	return nil
}
