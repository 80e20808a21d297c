package api

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/application"
	"tideline/engine/event"
)

// hiringRoutes is what applications add.
func (s *Server) hiringRoutes() []route {
	if s.ports.Hiring.Service == nil {
		return nil
	}
	var (
		applicants = []Role{Student, Ops}
		all        = []Role{Student, Recruiter, Ops} // each their own
		employers  = []Role{Recruiter, Ops}          // recruiters their own jobs
		app, job   = idParam("application"), idParam("opportunity")
		cursor     = textParam("cursor", "query", "next_cursor of the page before")
		key        = textParam("Idempotency-Key", "header", "a repetition with the same key and body changes nothing and is answered the same")
		match      = textParam("If-Match", "header", "the ETag of the application")
		page       = []*huma.Param{app, limitParam, cursor}
		counted    = []*huma.Param{
			textParam("from", "query", "the cohort applied from then on: "+dateText), textParam("to", "query", "and before then: "+dateText),
			textParam("format", "query", "json or csv; without it, as Accept says"), textParam("table", "query", "of CSV, required: "+tableNames),
		}
	)
	const get, post, put, del, tag = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, "applications"
	return []route{
		{
			id: "apply", method: post, path: "/applications", roles: applicants, serve: s.apply, tag: tag, summary: "Apply for a job; after a withdrawal, again",
			params: []*huma.Param{key, studentParam}, body: applying{}, status: http.StatusCreated, answer: shownApplication{},
		},
		{
			id: "my-applications", method: get, path: "/applications/my", roles: applicants, serve: s.myApplications, tag: tag,
			summary: "A student's applications, the one that moved last first",
			params:  []*huma.Param{limitParam, cursor, textParam("stage", "query", "only in this stage"), studentParam}, answer: applicationPage{},
		},
		{
			id: "move-many", method: post, path: "/applications/move-stage", roles: employers, serve: s.moveMany, tag: tag,
			summary: "Move several applications, each for itself", params: []*huma.Param{key}, body: movingMany{}, answer: movedMany{},
		},
		{
			id: "application", method: get, path: "/applications/{application}", roles: all, serve: s.application, tag: tag,
			summary: "Where an application stands", params: []*huma.Param{app}, answer: shownApplication{},
		},
		{
			id: "timeline", method: get, path: "/applications/{application}/timeline", roles: all, serve: s.timeline, tag: tag,
			summary: "Everything that happened to an application, as the caller may see it", params: page, answer: timelinePage{},
		},
		{
			id: "move-stage", method: post, path: "/applications/{application}/move-stage", roles: all, serve: s.moveStage, tag: tag,
			summary: "Move an application to another stage; it must stand where from or If-Match says", params: []*huma.Param{app, key, match},
			body: moving{}, answer: moved{},
		},
		{
			id: "correct", method: post, path: "/applications/{application}/correct", roles: employers, serve: s.correct, tag: tag,
			summary: "Take the last step back: it never happened", params: []*huma.Param{app, key, match}, body: correcting{}, answer: moved{},
		},
		{
			id: "withdraw", method: post, path: "/applications/{application}/withdraw", roles: applicants, serve: s.answer(event.Withdrawn), tag: tag,
			summary: "Withdraw an application", params: []*huma.Param{app, key, match}, body: answering{}, answer: moved{},
		},
		{
			id: "accept-offer", method: post, path: "/applications/{application}/accept-offer", roles: applicants, serve: s.answer(event.OfferAccepted), tag: tag,
			summary: "Accept the offer", params: []*huma.Param{app, key, match}, body: answering{}, answer: moved{},
		},
		{
			id: "reject-offer", method: post, path: "/applications/{application}/reject-offer", roles: applicants, serve: s.answer(event.OfferRejected), tag: tag,
			summary: "Turn the offer down", params: []*huma.Param{app, key, match}, body: answering{}, answer: moved{},
		},
		{
			id: "give-feedback", method: post, path: "/applications/{application}/feedback", roles: employers, serve: s.giveFeedback, tag: tag,
			summary: "Say something about an application, in a form that programs can use", params: []*huma.Param{app, key},
			body: event.Feedback{}, status: http.StatusCreated, answer: added{},
		},
		{
			id: "feedback", method: get, path: "/applications/{application}/feedback", roles: all, serve: s.only("feedback"), tag: tag,
			summary: "The feedback that the caller may see", params: page, answer: timelinePage{},
		},
		{
			id: "send-message", method: post, path: "/applications/{application}/messages", roles: all, serve: s.sendMessage, tag: tag,
			summary: "Write to the other side", params: []*huma.Param{app, key}, body: saying{}, status: http.StatusCreated, answer: added{},
		},
		{
			id: "messages", method: get, path: "/applications/{application}/messages", roles: all, serve: s.only("message"), tag: tag,
			summary: "What was written, oldest first", params: page, answer: timelinePage{},
		},
		{
			id: "read-messages", method: post, path: "/applications/{application}/messages/read", roles: []Role{Student, Recruiter}, serve: s.readMessages, tag: tag,
			summary: "Note how far the caller has read; the other side sees it", params: []*huma.Param{app, key}, body: reading{}, answer: readUpTo{},
		},
		{
			id: "plan-interview", method: post, path: "/applications/{application}/interviews", roles: employers, serve: s.planInterview, tag: tag,
			summary: "Plan, move, cancel or conclude an interview; with the id of one, that one", params: []*huma.Param{app, key},
			body: event.Interview{}, status: http.StatusCreated, answer: added{},
		},
		{
			id: "interviews", method: get, path: "/applications/{application}/interviews", roles: all, serve: s.interviews, tag: tag,
			summary: "The interviews, as last planned", params: []*huma.Param{app}, answer: interviewList{},
		},
		{
			id: "pipeline", method: get, path: "/jobs/{opportunity}/pipeline", roles: employers, serve: s.pipeline, tag: tag,
			summary: "A job's applications by stage, with counts", params: []*huma.Param{
				job, limitParam, cursor, textParam("column", "query", "only this one; required with a cursor"),
				textParam("sort", "query", "recent, match or wait"), boolParam("stuck", "only those that are longer in their step than usual"),
				textParam("min_match", "query", "overlap in per mille when they applied"),
			}, answer: shownPipeline{},
		},
		{
			id: "pipeline-stream", method: get, path: "/jobs/{opportunity}/pipeline/stream", roles: employers, serve: s.pipelineStream, tag: tag,
			summary: "The moves of a job's applications as server-sent events; after a reset, read the pipeline again", params: []*huma.Param{job}, answer: "text/event-stream",
		},
		{
			id: "job-analytics", method: get, path: "/jobs/{opportunity}/analytics", roles: employers, serve: s.jobAnalytics, tag: tag,
			summary: "How many of a job's applicants got how far, how long it took, where they came from and why they ended",
			params:  slices.Concat([]*huma.Param{job}, counted), answer: analytics{}, also: csvType,
		},
		{
			id: "recruiter-analytics", method: get, path: "/recruiters/me/analytics", roles: employers, serve: s.recruiterAnalytics, tag: tag,
			summary: "The same of all jobs of a recruiter or an organisation, each and in sum",
			params: slices.Concat(counted, []*huma.Param{
				textParam("organisation", "query", "only its jobs"), textParam("recruiter", "query", "for ops, who name one, or an organisation, or both"),
			}), answer: analytics{}, also: csvType,
		},
		{
			id: "stages", method: get, path: "/jobs/{opportunity}/stages", roles: employers, serve: s.stages, tag: tag,
			summary: "A job's own stages", params: []*huma.Param{job}, answer: application.Pipeline{},
		},
		{
			id: "put-stages", method: put, path: "/jobs/{opportunity}/stages", roles: employers, serve: s.putStages, tag: tag,
			summary: "Replace them", params: []*huma.Param{job}, body: application.Pipeline{}, answer: application.Pipeline{},
		},
		{
			id: "reasons", method: get, path: "/organisations/{organisation}/rejection-reasons", roles: employers, serve: s.reasons, tag: tag,
			summary: "The reasons that an organisation may give", params: []*huma.Param{idParam("organisation")}, answer: reasonList{},
		},
		{
			id: "put-reasons", method: put, path: "/organisations/{organisation}/rejection-reasons", roles: employers, serve: s.putReasons, tag: tag,
			summary: "Replace them", params: []*huma.Param{idParam("organisation")}, body: reasonList{}, answer: reasonList{},
		},
		{
			id: "erase-student", method: del, path: "/students/{student}", roles: applicants, serve: s.eraseStudent, tag: "students",
			summary: "Erase a student everywhere; 202 while that is under way, 200 when it is done", params: []*huma.Param{idParam("student")},
			status: http.StatusAccepted, answer: shownErasure{},
		},
		{
			id: "erasure", method: get, path: "/students/{student}/erasure", roles: applicants, serve: s.erasure, tag: "students",
			summary: "How far the last erasure of a student has come", params: []*huma.Param{idParam("student")}, answer: shownErasure{},
		},
		{
			id: "audit", method: get, path: "/audit", roles: []Role{Ops}, serve: s.audit, tag: "operations",
			summary: "Who read about candidates, and who changed what, newest first", params: []*huma.Param{
				limitParam, cursor, textParam("student", "query", "only about this one: an id, or the hash that stands for who was erased"),
				textParam("application", "query", "only about this one"), textParam("actor", "query", "only what this one did"),
			}, answer: auditPage{},
		},
	}
}
