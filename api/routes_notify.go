package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
)

func textParam(name, in, description string) *huma.Param {
	return &huma.Param{Name: name, In: in, Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}

func boolParam(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeBoolean}}
}

var (
	recipientParam = textParam("recipient", "query", "for ops and services, required; students and recruiters get their own")
	afterParam     = &huma.Param{
		Name: "after", In: "query", Description: "like Last-Event-ID: the id of the last event received", Schema: &huma.Schema{Type: huma.TypeInteger},
	}
	ifMatchParam = textParam("If-Match", "header", "the ETag of GET; for a new ruleset If-None-Match: * instead")
)

// shortlists is the answer of GET /jobs/{id}/candidates.
type shortlists struct {
	Opportunity string          `json:"opportunity"`
	Lists       []explainedList `json:"lists" doc:"one for each rule that ranks"`
}

// notifyRoutes is what rules and notifications add.
func (s *Server) notifyRoutes() []route {
	var (
		people = []Role{Student, Recruiter, Ops, Service} // each their own
		rulers = []Role{Ops}
		asking = []Role{Student, Ops}
		hiring = []Role{Recruiter, Ops} // recruiters their own jobs
	)
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	item, set, silence := idParam("notification"), idParam("ruleset"), idParam("silence")
	return []route{
		{
			id: "notifications", method: get, path: "/notifications", roles: people, serve: s.notifications, tag: "notifications",
			summary: "An inbox, newest first",
			params: []*huma.Param{
				limitParam, textParam("cursor", "query", "next_cursor of the page before"), textParam("category", "query", "only this category"),
				boolParam("unread", "only what was not read"), boolParam("archived", "what was archived, instead of what was not"), recipientParam,
			}, answer: inboxPage{},
		},
		{
			id: "read", method: post, path: "/notifications/{notification}/read", roles: people, serve: s.markNotification(event.Seen | event.Read),
			tag: "notifications", summary: "Mark as read", params: []*huma.Param{item, recipientParam}, status: http.StatusAccepted, answer: marked{},
		},
		{
			id: "seen", method: post, path: "/notifications/{notification}/seen", roles: people, serve: s.markNotification(event.Seen),
			tag: "notifications", summary: "Mark as seen", params: []*huma.Param{item, recipientParam}, status: http.StatusAccepted, answer: marked{},
		},
		{
			id: "clicked", method: post, path: "/notifications/{notification}/clicked", roles: people, serve: s.markNotification(event.Seen | event.Read | event.Clicked),
			tag: "notifications", summary: "Mark as followed", params: []*huma.Param{item, recipientParam}, status: http.StatusAccepted, answer: marked{},
		},
		{
			id: "archived", method: post, path: "/notifications/{notification}/archive", roles: people, serve: s.markNotification(event.Seen | event.Archived),
			tag: "notifications", summary: "Put away", params: []*huma.Param{item, recipientParam}, status: http.StatusAccepted, answer: marked{},
		},
		{
			id: "read-all", method: post, path: "/notifications/read-all", roles: people, serve: s.readAll,
			tag: "notifications", summary: "Mark everything up to the newest item as read", params: []*huma.Param{recipientParam}, status: http.StatusAccepted, answer: marked{},
		},
		{
			id: "notification-stream", method: get, path: "/notifications/stream", roles: people, serve: s.stream(func(event.InboxItem) bool { return true }),
			tag: "notifications", summary: "What comes, as server-sent events; Last-Event-ID resumes and loses nothing",
			params: []*huma.Param{afterParam, recipientParam}, answer: "text/event-stream",
		},
		{
			id: "alert-stream", method: get, path: "/alerts/stream", roles: hiring, serve: s.stream(func(i event.InboxItem) bool { return i.Category == "candidates" }),
			tag: "notifications", summary: "Top candidates as they appear, as server-sent events",
			params: []*huma.Param{afterParam, recipientParam}, answer: "text/event-stream",
		},
		{
			id: "preferences", method: get, path: "/preferences", roles: people, serve: s.preferences, tag: "notifications",
			summary: "What somebody wants to be told, and how", params: []*huma.Param{recipientParam}, answer: event.Preferences{},
		},
		{
			id: "put-preferences", method: put, path: "/preferences", roles: people, serve: s.putPreferences, tag: "notifications",
			summary: "Replace them", params: []*huma.Param{recipientParam}, body: event.Preferences{}, status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "unsubscribe-page", method: get, path: "/unsubscribe", serve: s.askUnsubscribe, tag: "notifications",
			summary: "A page with the button that ends the emails of a category", params: []*huma.Param{textParam("token", "query", "of the email's link")}, answer: "text/html",
		},
		{
			id: "unsubscribe", method: post, path: "/unsubscribe", serve: s.unsubscribe, tag: "notifications",
			summary: "End the emails of a category, by the token of one of them (RFC 8058)", params: []*huma.Param{textParam("token", "query", "of the email's link")}, answer: marked{},
		},
		{
			id: "candidates", method: get, path: "/jobs/{opportunity}/candidates", roles: hiring, serve: s.candidates, tag: "notifications",
			summary: "The best students for a job, and why", params: []*huma.Param{idParam("opportunity")}, answer: shortlists{},
		},
		{
			id: "explain", method: get, path: "/explain", roles: asking, serve: s.explainRule, tag: "rules",
			summary: "Why a rule speaks, or does not, of a student and an opportunity, an application or a gap",
			params: []*huma.Param{
				textParam("rule", "query", "its id, or ruleset/id"), textParam("student", "query", "for ops, required; students get their own"),
				textParam("opportunity", "query", "of a rule about opportunities; or of the student's only application for it"),
				textParam("application", "query", "its id, of a rule about applications"), textParam("gap", "query", "the skill, of a rule about gaps"),
			}, answer: ruleReason{},
		},
		{
			id: "rule", method: get, path: "/rules/{rule}", roles: rulers, serve: s.rule, tag: "rules",
			summary: "How a rule finds what it speaks of, and how selective that is on the live data",
			params:  []*huma.Param{idParam("rule")}, answer: rulePlan{},
		},
		{
			id: "rulesets", method: get, path: "/rulesets", roles: rulers, serve: s.listRulesets, tag: "rules",
			summary: "The rulesets, and the silences in force", answer: rulesetList{},
		},
		{
			id: "ruleset", method: get, path: "/rulesets/{ruleset}", roles: rulers, serve: s.ruleset, tag: "rules",
			summary: "One version of a ruleset, the latest unless said otherwise",
			params:  []*huma.Param{set, {Name: "version", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}}}, answer: RulesetVersion{},
		},
		{
			id: "put-ruleset", method: put, path: "/rulesets/{ruleset}", roles: rulers, serve: s.putRuleset, tag: "rules",
			summary: "Store a new version, from YAML; it must compile. Nothing changes before it is activated",
			params:  []*huma.Param{set, ifMatchParam, textParam("comment", "query", "why")}, body: sourceBody{}, status: http.StatusCreated, answer: RulesetVersion{},
		},
		{
			id: "ruleset-versions", method: get, path: "/rulesets/{ruleset}/versions", roles: rulers, serve: s.rulesetVersions, tag: "rules",
			summary: "All versions, newest first",
			params:  []*huma.Param{set, limitParam, {Name: "before", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}}}, answer: versionPage{},
		},
		{
			id: "validate-ruleset", method: post, path: "/rulesets/{ruleset}/validate", roles: rulers, serve: s.validateRuleset, tag: "rules",
			summary: "Everything that is wrong with a source, with positions, and what is questionable", params: []*huma.Param{set}, body: sourceBody{}, answer: checked{},
		},
		{
			id: "test-ruleset", method: post, path: "/rulesets/{ruleset}/test", roles: rulers, serve: s.testRuleset, tag: "rules",
			summary: "Run a ruleset's tests", params: []*huma.Param{set}, body: planRequest{}, answer: TestReport{},
		},
		{
			id: "plan-ruleset", method: post, path: "/rulesets/{ruleset}/plan", roles: rulers, serve: s.planRuleset, tag: "rules",
			summary: "Replay the past under the rules in force and the proposed ones, and compare", params: []*huma.Param{set}, body: planRequest{}, answer: "application/json",
		},
		{
			id: "activate-ruleset", method: post, path: "/rulesets/{ruleset}/activate", roles: rulers, serve: s.activateRuleset, tag: "rules",
			summary: "Put a version in force, once its tests pass", params: []*huma.Param{set}, body: activation{}, status: http.StatusAccepted, answer: activated{},
		},
		{
			id: "rollback-ruleset", method: post, path: "/rulesets/{ruleset}/rollback", roles: rulers, serve: s.rollbackRuleset, tag: "rules",
			summary: "Put what was in force before, or the version named, in force again", params: []*huma.Param{set}, body: activation{}, status: http.StatusAccepted, answer: activated{},
		},
		{
			id: "put-silence", method: put, path: "/silences/{silence}", roles: rulers, serve: s.putSilence, tag: "rules",
			summary: "Keep firings of a rule, about a student or of an organisation from being sent until a time",
			params:  []*huma.Param{silence}, body: event.Silence{}, status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "delete-silence", method: del, path: "/silences/{silence}", roles: rulers, serve: s.deleteSilence, tag: "rules",
			summary: "End a silence", params: []*huma.Param{silence}, status: http.StatusAccepted, answer: accepted{},
		},
	}
}

// sourceBody describes a body that may also be plain YAML.
type sourceBody struct {
	Source  string `json:"source" doc:"YAML; or send the YAML itself, as application/yaml"`
	Comment string `json:"comment,omitempty"`
	Tests   string `json:"tests,omitempty" doc:"YAML; they must pass before an activation"`
}
