package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/rulesets"
)

// rulesetInfo is one ruleset in a list.
type rulesetInfo struct {
	RulesetVersion
	ActiveVersion int `json:"active_version" doc:"0: none"`
}

type rulesetList struct {
	Rulesets []rulesetInfo   `json:"rulesets"`
	Silences []event.Silence `json:"silences"`
}

type versionPage struct {
	Versions   []RulesetVersion `json:"versions"`
	NextBefore int              `json:"next_before,omitempty" doc:"pass it as before to go on"`
}

// checked is what a check of a ruleset found.
type checked struct {
	Valid    bool          `json:"valid"`
	Digest   string        `json:"digest"`
	Problems []ruleProblem `json:"problems"`
}

// ruleProblem is one thing wrong with a ruleset, or questionable.
type ruleProblem rulesets.Problem

// activation is the body of POST /rulesets/{name}/activate and /rollback.
type activation struct {
	Version int `json:"version,omitempty" minimum:"0" doc:"0: the latest; to roll back: the one that was in force before"`
	Send    int `json:"send,omitempty" minimum:"0" doc:"how many that match already may be told, at most, per rule and partition; 0: none"`
}

type activated struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Digest  string `json:"digest"`
	Status  string `json:"status" example:"accepted" doc:"accepted: every process switches at the same place in the streams, a moment later"`
}

// planRequest is the body of POST /rulesets/{name}/plan and /test.
type planRequest struct {
	Source string `json:"source,omitempty" doc:"YAML; left out: the latest version"`
	Tests  string `json:"tests,omitempty" doc:"YAML of tests, for /test"`
	Days   int    `json:"days,omitempty" minimum:"1" maximum:"90" doc:"of the past, for /plan; 7 when left out"`
}

const maxPlanDays = 90

func digestOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}

// activeVersion is the version of a ruleset in force here; 0: none.
func (s *Server) activeVersion(name string) int {
	if r := s.ports.Notify.Active()[name]; r.Ruleset != nil {
		return r.Ruleset.Version
	}
	return 0
}

func (s *Server) listRulesets(c *fiber.Ctx, _ principal) error {
	latest, err := s.ports.Notify.Rulesets.Latest(c.UserContext())
	if err != nil {
		return err
	}
	list := rulesetList{Rulesets: []rulesetInfo{}, Silences: []event.Silence{}}
	for _, v := range latest {
		v.Source, v.Tests = "", ""
		active := s.activeVersion(v.Name)
		v.Active = active == v.Version
		list.Rulesets = append(list.Rulesets, rulesetInfo{v, active})
	}
	now := s.ports.Now()
	for _, r := range sorted(s.ports.Notify.Active()) {
		if r.Silence != nil && now.Before(r.Silence.Until) {
			list.Silences = append(list.Silences, *r.Silence)
		}
	}
	return c.JSON(list)
}

// ruleset gives one version, the latest unless ?version= says otherwise. The
// ETag is that version: the next PUT's If-Match takes only that of the latest.
func (s *Server) ruleset(c *fiber.Ctx, _ principal) error {
	name, err := pathID(c, "ruleset")
	if err != nil {
		return err
	}
	version := 0
	if text := c.Query("version"); text != "" {
		if version, err = strconv.Atoi(text); err != nil || version < 1 {
			return refusal(http.StatusUnprocessableEntity, "the query is not valid", Complaint{"query.version", string(event.OutOfRange), "must be a whole number from 1"})
		}
	}
	v, err := s.ports.Notify.Rulesets.Version(c.UserContext(), name, version)
	if err != nil {
		return err
	}
	v.Active = s.activeVersion(name) == v.Version
	c.Set(fiber.HeaderETag, etag(v.Version))
	return c.JSON(v)
}

func etag(version int) string { return fmt.Sprintf(`"%d"`, version) }

// putRuleset stores a new version. It must compile. The body is YAML, or JSON
// with source and comment.
func (s *Server) putRuleset(c *fiber.Ctx, who principal) error {
	name, err := pathID(c, "ruleset")
	if err != nil {
		return err
	}
	latest, err := ifMatch(c)
	if err != nil {
		return err
	}
	body, err := readSource(c)
	if err != nil {
		return err
	}
	v := RulesetVersion{
		Name: name, Source: body.Source, Tests: body.Tests, By: who.subject, At: s.ports.Now().UTC().Truncate(time.Second),
		Comment: cmp.Or(body.Comment, c.Query("comment")),
	}
	if _, err := s.compiled(name, v.Source); err != nil {
		return err
	}
	v.Digest = digestOf(v.Source)
	stored, err := s.ports.Notify.Rulesets.Put(c.UserContext(), v, latest)
	if errors.Is(err, ErrVersionConflict) {
		return refusal(http.StatusPreconditionFailed, ErrVersionConflict.Error())
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, etag(stored.Version))
	return c.Status(http.StatusCreated).JSON(stored)
}

// readSource reads a body that is YAML, or JSON around it.
func readSource(c *fiber.Ctx) (sourceBody, error) {
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationJSON) {
		return sourceBody{Source: string(c.Body())}, nil
	}
	var body sourceBody
	if err := json.Unmarshal(c.Body(), &body); err != nil {
		return body, refusal(http.StatusBadRequest, "the body is not valid", Complaint{"body", string(event.MalformedJSON), `must be YAML, or JSON such as {"source": "..."}`})
	}
	return body, nil
}

// ifMatch reads the version that a change is based on; "0" or If-None-Match: *
// for a new ruleset.
func ifMatch(c *fiber.Ctx) (int, error) {
	if c.Get(fiber.HeaderIfNoneMatch) == "*" {
		return 0, nil
	}
	text := c.Get(fiber.HeaderIfMatch)
	if text == "" {
		return 0, refusal(http.StatusPreconditionRequired, `say which version this change is based on: If-Match with the ETag of GET, or If-None-Match: * for a new ruleset`)
	}
	version, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || version < 0 {
		return 0, refusal(http.StatusPreconditionFailed, "If-Match is not an ETag of this ruleset")
	}
	return version, nil
}

// compiled compiles a source; the error is a Problem that lists what is wrong, with positions.
func (s *Server) compiled(name, source string) (*rulesets.Set, error) {
	if strings.TrimSpace(source) == "" {
		return nil, refusal(http.StatusUnprocessableEntity, "the ruleset is not valid", Complaint{"body", string(event.Missing), "must be a ruleset in YAML"})
	}
	set, problems := rulesets.Compile(name, []byte(source), s.ports.Notify.Compile)
	if set != nil && set.Name != name {
		return nil, refusal(http.StatusUnprocessableEntity, "the ruleset has another name", Complaint{
			"body", string(event.KeyMismatch), otherName(set.Name, name),
		})
	}
	if set != nil {
		return set, nil
	}
	var list []Complaint
	for _, p := range problems.Errors() {
		message := p.Message
		if p.Rule != "" {
			message = fmt.Sprintf("rule %q: %s", p.Rule, p.Message)
		}
		list = append(list, Complaint{fmt.Sprintf("body:%d:%d", p.Line, p.Column), codeInvalidRule, message})
	}
	return nil, refusal(http.StatusUnprocessableEntity, "the ruleset does not compile", list...)
}

func otherName(own, path string) string {
	return fmt.Sprintf("calls itself %q, and the path says %q", own, path)
}

// validateRuleset says everything that is wrong with a source, and what is
// questionable. It stores nothing.
func (s *Server) validateRuleset(c *fiber.Ctx, _ principal) error {
	name, err := pathID(c, "ruleset")
	if err != nil {
		return err
	}
	body, err := readSource(c)
	if err != nil {
		return err
	}
	set, problems := rulesets.Compile(name, []byte(body.Source), s.ports.Notify.Compile)
	if set != nil && set.Name != name { // PUT would refuse it
		problems = append(problems, rulesets.Problem{Severity: rulesets.SeverityError, File: name, Line: 1, Column: 1, Message: otherName(set.Name, name)})
	}
	answer := checked{Valid: problems.Err() == nil, Digest: digestOf(body.Source), Problems: []ruleProblem{}}
	for _, p := range problems {
		answer.Problems = append(answer.Problems, ruleProblem(p))
	}
	return c.JSON(answer)
}

// rehearsed is what a rehearsal is about: the body's source, or the latest version's.
func (s *Server) rehearsed(c *fiber.Ctx) (name string, r planRequest, err error) {
	if name, err = pathID(c, "ruleset"); err != nil {
		return "", r, err
	}
	if len(c.Body()) > 0 {
		if err := json.Unmarshal(c.Body(), &r); err != nil {
			return "", r, refusal(http.StatusBadRequest, "the body is not valid", Complaint{"body", string(event.MalformedJSON), "must be a JSON object"})
		}
	}
	if r.Source == "" {
		v, err := s.ports.Notify.Rulesets.Version(c.UserContext(), name, 0)
		if err != nil {
			return "", r, err
		}
		r.Source = v.Source
		if r.Tests == "" {
			r.Tests = v.Tests
		}
	}
	if r.Days == 0 {
		r.Days = 7
	}
	if r.Days < 1 || r.Days > maxPlanDays {
		return "", r, refusal(http.StatusUnprocessableEntity, "the plan is not valid", Complaint{"body.days", string(event.OutOfRange), "must be from 1 to 90"})
	}
	_, err = s.compiled(name, r.Source)
	return name, r, err
}

func (s *Server) testRuleset(c *fiber.Ctx, _ principal) error {
	name, r, err := s.rehearsed(c)
	if err != nil {
		return err
	}
	report, err := s.ports.Notify.Rehearsal.Test(c.UserContext(), name, r.Source, r.Tests)
	if err != nil {
		return err
	}
	return c.JSON(report)
}

func (s *Server) planRuleset(c *fiber.Ctx, _ principal) error {
	name, r, err := s.rehearsed(c)
	if err != nil {
		return err
	}
	report, err := s.ports.Notify.Rehearsal.Plan(c.UserContext(), name, r.Source, r.Days)
	if err != nil {
		return err
	}
	return c.JSON(report)
}

// activateRuleset puts a stored version in force, after its tests have passed.
func (s *Server) activateRuleset(c *fiber.Ctx, who principal) error {
	return s.activate(c, who, func(string) (int, error) { return 0, nil })
}

// rollbackRuleset puts the version that was in force before, or the one named, in force again.
func (s *Server) rollbackRuleset(c *fiber.Ctx, who principal) error {
	return s.activate(c, who, func(name string) (int, error) {
		if r := s.ports.Notify.Active()[name].Ruleset; r != nil && r.Before > 0 {
			return r.Before, nil
		}
		return 0, refusal(http.StatusConflict, "no version is known to have been in force before; name one")
	})
}

func (s *Server) activate(c *fiber.Ctx, who principal, fallback func(name string) (int, error)) error {
	name, err := pathID(c, "ruleset")
	if err != nil {
		return err
	}
	var body activation
	if len(c.Body()) > 0 {
		if err := json.Unmarshal(c.Body(), &body); err != nil || body.Version < 0 || body.Send < 0 {
			return refusal(http.StatusUnprocessableEntity, "the activation is not valid", Complaint{"body", string(event.WrongType), `must be like {"version": 3}`})
		}
	}
	if body.Version == 0 {
		if body.Version, err = fallback(name); err != nil {
			return err
		}
	}
	v, err := s.ports.Notify.Rulesets.Version(c.UserContext(), name, body.Version)
	if err != nil {
		return err
	}
	if _, err := s.compiled(name, v.Source); err != nil {
		return err
	}
	report, err := s.ports.Notify.Rehearsal.Test(c.UserContext(), name, v.Source, v.Tests)
	if err != nil {
		return err
	}
	if report.Failed > 0 {
		p := refusal(http.StatusConflict, fmt.Sprintf("%d of the ruleset's tests fail; it is not activated", report.Failed))
		for _, t := range report.Tests {
			if !t.Passed {
				p.Errors = append(p.Errors, Complaint{t.Name, codeFailedTest, strings.Join(t.Failures, "; ")})
			}
		}
		return p
	}
	record := event.Activation{
		Name: name, Version: v.Version, Digest: v.Digest, Source: v.Source, By: who.subject, At: s.ports.Now().UTC().Truncate(time.Second), Send: body.Send,
	}.After(s.ports.Notify.Active()[name].Ruleset)
	if err := validRecord("activation", event.RulesetRecord{Ruleset: &record}); err != nil {
		return err
	}
	if err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.PutRuleset(ctx, record) }); err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(activated{name, v.Version, v.Digest, "accepted"})
}

func (s *Server) rulesetVersions(c *fiber.Ctx, _ principal) error {
	name, err := pathID(c, "ruleset")
	if err != nil {
		return err
	}
	limit, wrong := pageLimit(c)
	before := 0
	if text := c.Query("before"); text != "" {
		if before, err = strconv.Atoi(text); err != nil || before < 1 {
			wrong = append(wrong, Complaint{"query.before", string(event.OutOfRange), "must be a version"})
		}
	}
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	list, err := s.ports.Notify.Rulesets.Versions(c.UserContext(), name, before, limit)
	if err != nil {
		return err
	}
	page, active := versionPage{Versions: []RulesetVersion{}}, s.activeVersion(name)
	for _, v := range list {
		v.Source, v.Tests, v.Active = "", "", v.Version == active
		page.Versions = append(page.Versions, v)
	}
	if len(list) == limit && list[limit-1].Version > 1 {
		page.NextBefore = list[limit-1].Version
	}
	return c.JSON(page)
}

// validRecord refuses what every reader of the topic would. Complaints are about
// the body, which is one part of the record.
func validRecord(what string, r event.RulesetRecord) error {
	_, err := event.DecodeRuleset(r.Encode())
	invalid, ok := errors.AsType[*event.Invalid](err)
	if !ok {
		return err
	}
	of := &event.Invalid{What: what}
	for _, f := range invalid.Fields {
		_, f.Path, _ = strings.Cut(f.Path, ".")
		of.Fields = append(of.Fields, f)
	}
	return of
}

// putSilence starts or changes a silence.
func (s *Server) putSilence(c *fiber.Ctx, who principal) error {
	id, err := pathID(c, "silence")
	if err != nil {
		return err
	}
	var silence event.Silence
	if err := json.Unmarshal(c.Body(), &silence); err != nil {
		return refusal(http.StatusUnprocessableEntity, "the silence is not valid", Complaint{
			"body", string(event.WrongType), `must be a JSON object such as {"rule": "campus/job-match", "until": "2026-05-11T00:00:00Z"}`,
		})
	}
	silence.ID, silence.By, silence.At = id, who.subject, s.ports.Now().UTC().Truncate(time.Second)
	if err := validRecord("silence", event.RulesetRecord{Silence: &silence}); err != nil {
		return err
	}
	if err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.PutSilence(ctx, silence) }); err != nil {
		return err
	}
	return accept(c, id)
}

func (s *Server) deleteSilence(c *fiber.Ctx, _ principal) error {
	id, err := pathID(c, "silence")
	if err != nil {
		return err
	}
	if err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.DeleteSilence(ctx, id) }); err != nil {
		return err
	}
	return accept(c, id)
}

// sorted lists what is in force by key, so that answers have one order.
func sorted(active map[string]event.RulesetRecord) []event.RulesetRecord {
	var list []event.RulesetRecord
	for _, key := range slices.Sorted(maps.Keys(active)) {
		list = append(list, active[key])
	}
	return list
}
