package event

import (
	"fmt"
	"time"
)

// SignalKind is what a student did with an opportunity.
type SignalKind string

// The kinds of signals. Impression and Click are recorded and change nothing;
// Save, ApplyClick and Ignore train the student's interest; Save, Unsave,
// Ignore and Unignore change what is saved and hidden.
const (
	Impression SignalKind = "impression"
	Click      SignalKind = "click"
	Save       SignalKind = "save"
	Unsave     SignalKind = "unsave"
	Ignore     SignalKind = "ignore"
	Unignore   SignalKind = "unignore"
	ApplyClick SignalKind = "apply_click"
)

var signalKinds = [...]SignalKind{Impression, Click, Save, Unsave, Ignore, Unignore, ApplyClick}

// Signal is one thing a student did. Features are those of the opportunity as
// it was shown, so that learning does not depend on when the signal is read.
type Signal struct {
	ID          string     `json:"id"` // chosen by the client; a second signal with the same id changes nothing
	Student     string     `json:"student"`
	Kind        SignalKind `json:"kind"`
	Opportunity string     `json:"opportunity"`
	At          time.Time  `json:"at"`
	Position    int        `json:"position,omitempty"`   // 1-based place in the feed; 0: not from a feed
	Propensity  float64    `json:"propensity,omitempty"` // probability of being shown there; 0: not logged
	Features    []string   `json:"features,omitempty"`   // sorted, unique; see match.Features
}

type signalPlain Signal

type signalWire struct {
	signalPlain
	At string `json:"at"`
}

// DecodeSignal reads and checks one signal. The error is an *Invalid.
func DecodeSignal(data []byte) (Signal, error) {
	var w signalWire
	if err := unmarshal("signal", data, &w); err != nil {
		return Signal{}, err
	}
	c := checker{what: "signal"}
	s := Signal(w.signalPlain)
	if at := c.date("at", w.At, true); at != nil {
		s.At = *at
	}
	c.id("id", s.ID)
	c.id("student", s.Student)
	c.id("opportunity", s.Opportunity)
	if !s.Kind.known() {
		c.add("kind", UnknownValue, "is %q; must be one of %v", clip(string(s.Kind)), signalKinds)
	}
	c.within("position", s.Position, 0, 10_000)
	if !(s.Propensity >= 0 && s.Propensity <= 1) {
		c.add("propensity", OutOfRange, "is %v; must be from 0 to 1", s.Propensity)
	}
	if c.count("features", len(s.Features), maxFeatures) {
		for i, f := range s.Features {
			path := fmt.Sprintf("features[%d]", i)
			c.text(path, f, maxName+8)
			if i > 0 && f <= s.Features[i-1] {
				c.add(path, UnknownValue, "does not follow %q; features must be sorted and unique", clip(s.Features[i-1]))
			}
		}
	}
	if err := c.err(); err != nil {
		return Signal{}, err
	}
	return s, nil
}

func (k SignalKind) known() bool {
	for _, known := range signalKinds {
		if k == known {
			return true
		}
	}
	return false
}

// Encode gives the signal's record value.
func (s Signal) Encode() []byte { return encode(s) }
