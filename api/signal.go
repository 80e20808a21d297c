package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
)

type signalInput struct {
	RawBody []byte `contentType:"application/json"`
}

// signalBatch documents the body.
type signalBatch struct {
	Signals []struct {
		ID          string           `json:"id" doc:"chosen by the client; repeating it changes nothing"`
		Student     string           `json:"student,omitempty" doc:"for services; students send their own"`
		Kind        event.SignalKind `json:"kind" enum:"impression,click,save,unsave,ignore,unignore,apply_click"`
		Opportunity string           `json:"opportunity"`
		At          string           `json:"at,omitempty" doc:"default: now"`
		Position    int              `json:"position,omitempty" doc:"1-based place in the feed"`
		Propensity  float64          `json:"propensity,omitempty" doc:"probability of having been shown there"`
	} `json:"signals" maxItems:"100"`
}

type signalResult struct {
	ID     string              `json:"id"`
	Status string              `json:"status" enum:"accepted,rejected"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty"`
}

type signalOutput struct {
	Body struct {
		Accepted int            `json:"accepted"`
		Results  []signalResult `json:"results"`
	}
}

const maxSignals = 100

func (s *Server) signals() {
	huma.Register(s.api, huma.Operation{
		OperationID: "signals", Method: http.MethodPost, Path: "/signals", DefaultStatus: http.StatusAccepted,
		Summary: "Say what a student did", Tags: []string{"students"}, Security: token, RequestBody: bodyOf[signalBatch](s.api),
	}, s.postSignals)
}

// postSignals publishes the valid signals of a batch and says of each other what is wrong.
func (s *Server) postSignals(ctx context.Context, in *signalInput) (*signalOutput, error) {
	var batch struct {
		Signals []json.RawMessage `json:"signals"`
	}
	if err := json.Unmarshal(in.RawBody, &batch); err != nil {
		return nil, huma.Error400BadRequest("the body is not valid", &huma.ErrorDetail{Location: "body", Message: err.Error()})
	}
	if n := len(batch.Signals); n == 0 || n > maxSignals {
		return nil, huma.Error422UnprocessableEntity("the batch is not valid", &huma.ErrorDetail{
			Location: "body.signals", Message: fmt.Sprintf("has %d items; must have 1 to %d", n, maxSignals), Value: event.TooMany,
		})
	}
	out := &signalOutput{}
	var good []event.Signal
	for i, raw := range batch.Signals {
		signal, err := s.signal(ctx, raw)
		result := signalResult{ID: signal.ID, Status: "accepted"}
		if invalid, ok := errors.AsType[*event.Invalid](err); ok {
			result.Status = "rejected"
			for _, f := range invalid.Fields {
				result.Errors = append(result.Errors, &huma.ErrorDetail{
					Location: fmt.Sprintf("body.signals[%d].%s", i, f.Path), Message: f.Message, Value: f.Code,
				})
			}
		} else if err != nil {
			return nil, err
		} else {
			good = append(good, signal)
		}
		out.Body.Results = append(out.Body.Results, result)
	}
	if err := s.ports.Publisher.Signals(ctx, good); err != nil {
		return nil, s.problem(err)
	}
	out.Body.Accepted = len(good)
	return out, nil
}

// signal completes and checks one signal: the student from the token, the time,
// and the features of the opportunity as it is shown now.
func (s *Server) signal(ctx context.Context, raw json.RawMessage) (event.Signal, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return event.Signal{}, &event.Invalid{What: "signal", Fields: []event.FieldError{{Code: event.WrongType, Message: "must be a JSON object"}}}
	}
	var named string
	_ = json.Unmarshal(fields["student"], &named) // a wrong type is the decoder's to report
	if p := caller(ctx); p.role == Student {
		if named != "" && named != p.subject {
			return event.Signal{}, huma.Error403Forbidden("a student signals only for themselves")
		}
		fields["student"] = quote(p.subject)
	}
	if _, said := fields["at"]; !said {
		fields["at"] = quote(s.ports.Now().UTC().Format("2006-01-02T15:04:05Z"))
	}
	delete(fields, "features")
	whole, err := json.Marshal(fields)
	if err != nil {
		return event.Signal{}, err
	}
	signal, err := event.DecodeSignal(whole)
	if err != nil {
		var id string
		_ = json.Unmarshal(fields["id"], &id) // as above
		return event.Signal{ID: id}, err
	}
	o, known := s.ports.Catalog.Opportunity(signal.Opportunity)
	if known {
		signal.Features = s.ports.Scorer.Features(o)
	} else if signal.Kind != event.Unsave && signal.Kind != event.Unignore {
		return signal, &event.Invalid{What: "signal", Fields: []event.FieldError{{
			Path: "opportunity", Code: event.UnknownValue, Message: "is not an opportunity that exists",
		}}}
	}
	return signal, nil
}

func quote(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		return json.RawMessage(`""`)
	}
	return b
}
