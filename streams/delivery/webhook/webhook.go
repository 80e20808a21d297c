// Package webhook posts notifications to endpoints as Standard Webhooks
// (https://www.standardwebhooks.com): signed, with an id that stays the same
// in every attempt.
//
// An endpoint is configuration of the operator, but the address behind its name
// is not: connections into private networks are refused unless allowed,
// redirects are not followed, no proxy is used and no more of an answer is read
// than its head and a line for the log. What is answered decides:
//
//	2xx             delivered
//	410             the endpoint wants nothing more: all of its deliveries are given up
//	                until the process starts again
//	429, 502, 503,  tried again; the endpoint as a whole is left alone for as
//	504             long as Retry-After says, if it does
//	anything else   tried again: a receiver that is wrong today may be right tomorrow
//	a private       given up at once
//	address
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/rulesets/templates"
	"tideline/streams/breaker"
	"tideline/streams/delivery"
	"tideline/streams/netguard"
)

const (
	timeout   = 15 * time.Second
	maxAnswer = 2 << 10 // bytes of an answer that are read
)

// Sender posts to one endpoint. It is safe for concurrent use.
type Sender struct {
	endpoint Endpoint
	texts    func() *templates.Texts
	client   *http.Client
}

// New returns a sender. Texts gives the texts in force; they may change.
func New(e Endpoint, texts func() *templates.Texts) *Sender {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !e.AllowPrivate {
		dialer.Control = netguard.Control
	}
	return &Sender{endpoint: e, texts: texts, client: &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy:       nil, // not from the environment: it would connect in our place, past the guard
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 32 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Send implements delivery.Sender.
func (s *Sender) Send(ctx context.Context, n event.Notification) error {
	body, err := payload(n, s.texts())
	if err != nil {
		return &delivery.Failure{Err: err, Final: true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.URL, bytes.NewReader(body))
	if err != nil {
		return &delivery.Failure{Err: err, Final: true}
	}
	now := time.Now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "tideline-webhooks/1")
	request.Header.Set("Webhook-Id", n.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", sign(s.endpoint.Keys, n.ID, now, body))
	answer, err := s.client.Do(request)
	if err != nil {
		return &delivery.Failure{Err: err, Final: errors.Is(err, netguard.ErrPrivate), Away: !errors.Is(err, netguard.ErrPrivate)}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		text = nil // it is for the log only
	}
	return judge(answer, string(text), now)
}

// sign gives the header: one signature for each key, parted by blanks.
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	var all []string
	for _, key := range keys {
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%d.%s", id, at.Unix(), body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// judge says what follows from an answer.
func judge(answer *http.Response, text string, now time.Time) error {
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return nil
	}
	f := &delivery.Failure{Err: fmt.Errorf("%s: %s", answer.Status, strings.Join(strings.Fields(text), " "))}
	switch answer.StatusCode {
	case http.StatusGone:
		f.Gone = true
	case http.StatusTooManyRequests:
		f.After = breaker.RetryAfter(answer.Header, now)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		f.Away, f.After = true, breaker.RetryAfter(answer.Header, now)
	default:
		f.Away = answer.StatusCode >= 500
	}
	return f
}
