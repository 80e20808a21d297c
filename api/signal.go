package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// signalBatch describes the body of POST /signals.
type signalBatch struct {
	Signals []signalBody `json:"signals" maxItems:"100" minItems:"1"`
}

type signalBody struct {
	ID          string           `json:"id" doc:"chosen by the client; a second signal of the student with the same id changes nothing. Impressions and clicks change nothing in any case: they are kept as often as they are sent, for readers who count ids"`
	Student     string           `json:"student,omitempty" doc:"for ops and services; a student's own is implied"`
	Kind        event.SignalKind `json:"kind" enum:"impression,click,save,unsave,ignore,unignore,apply_click"`
	Opportunity string           `json:"opportunity"`
	At          string           `json:"at,omitempty" doc:"RFC 3339 or YYYY-MM-DD; now when left out"`
	Position    int              `json:"position,omitempty" minimum:"0" maximum:"10000" doc:"1-based place in the feed"`
	Propensity  float64          `json:"propensity,omitempty" minimum:"0" maximum:"1" doc:"probability of having been shown there"`
}

type signalResult struct {
	ID     string      `json:"id"`
	Status string      `json:"status" enum:"accepted,rejected"`
	Errors []Complaint `json:"errors,omitempty"`
}

type signalResults struct {
	Accepted int            `json:"accepted"`
	Results  []signalResult `json:"results" doc:"in the order of the request"`
}

const (
	maxSignals = 100
	maxAhead   = 24 * time.Hour // how far a signal's time may lie in the future: clocks differ, but not by more
)

// signals publishes the valid signals of a batch, all in one call, and says of
// each other what is wrong.
func (s *Server) signals(c *fiber.Ctx, who principal) error {
	batch, err := decodeBatch(c.Body())
	if err != nil {
		return err
	}
	out := signalResults{}
	var good []event.Signal
	for i, raw := range batch {
		signal, err := s.signal(who, raw)
		result := signalResult{ID: signal.ID, Status: "accepted"}
		if invalid, ok := errors.AsType[*event.Invalid](err); ok {
			result.Status, result.Errors = "rejected", complaints(fmt.Sprintf("body.signals[%d]", i), invalid)
		} else if err != nil {
			return err
		} else {
			good = append(good, signal)
		}
		out.Results = append(out.Results, result)
	}
	if len(good) > 0 {
		err := s.publish(c, func(ctx context.Context) error { return s.ports.Publisher.Signals(ctx, good) })
		if err != nil {
			return err
		}
	}
	out.Accepted = len(good)
	return c.Status(http.StatusAccepted).JSON(out)
}

// decodeBatch takes the list apart and leaves each signal as it is.
func decodeBatch(body []byte) ([]json.RawMessage, error) {
	var batch struct {
		Signals []json.RawMessage `json:"signals"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			at := "body"
			if wrong.Field != "" {
				at += "." + wrong.Field
			}
			return nil, refusal(http.StatusUnprocessableEntity, "the batch is not valid", Complaint{
				at, string(event.WrongType), `is a JSON ` + wrong.Value + `; {"signals": [...]} is needed`,
			})
		}
		return nil, refusal(http.StatusBadRequest, "the batch is not valid", Complaint{"body", string(event.MalformedJSON), "not JSON: " + err.Error()})
	}
	switch n := len(batch.Signals); {
	case n == 0:
		return nil, refusal(http.StatusUnprocessableEntity, "the batch is not valid", Complaint{
			"body.signals", string(event.Missing), "must hold at least one signal",
		})
	case n > maxSignals:
		return nil, refusal(http.StatusUnprocessableEntity, "the batch is not valid", Complaint{
			"body.signals", string(event.TooMany), fmt.Sprintf("has %d items; at most %d are allowed", n, maxSignals),
		})
	}
	return batch.Signals, nil
}

// signal completes and checks one signal: the student from the token, the time,
// and the features of the opportunity as it is now. An *event.Invalid concerns
// this signal alone, any other error the whole batch.
func (s *Server) signal(who principal, raw json.RawMessage) (event.Signal, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || fields == nil {
		return event.Signal{}, invalidSignal("", event.WrongType, "must be a JSON object")
	}
	var given struct{ ID, Student string }
	_ = json.Unmarshal(raw, &given) // a wrong type is the decoder's to report
	if who.role == Student || given.Student != "" {
		student, err := whose(who, given.Student, "body.signals.student")
		if err != nil {
			return event.Signal{}, err
		}
		fields["student"] = quote(student)
	}
	now := s.ports.Now().UTC()
	if at, said := fields["at"]; !said || string(at) == "null" {
		fields["at"] = quote(now.Format(time.RFC3339))
	}
	delete(fields, "features") // ours to say
	whole, err := json.Marshal(fields)
	if err != nil {
		return event.Signal{}, err
	}
	signal, err := event.DecodeSignal(whole)
	if err != nil {
		return event.Signal{ID: given.ID}, err
	}
	if signal.At.After(now.Add(maxAhead)) {
		return signal, invalidSignal("at", event.BadDate, "lies more than a day in the future")
	}
	o, known := s.ports.Catalog.Opportunity(signal.Opportunity)
	switch {
	case known:
		signal.Features = s.ports.Scorer.Features(o)
	case !s.catalogLoaded():
		return signal, ErrRebuilding
	case signal.Kind != event.Unsave && signal.Kind != event.Unignore:
		return signal, invalidSignal("opportunity", codeUnknownOpportunity, "is not an opportunity that exists")
	}
	return signal, nil
}

func invalidSignal(path string, code event.Code, message string) error {
	return &event.Invalid{What: "signal", Fields: []event.FieldError{{Path: path, Code: code, Message: message}}}
}

func quote(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil { // a text always encodes
		return json.RawMessage(`""`)
	}
	return b
}
