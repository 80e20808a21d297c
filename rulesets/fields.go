package rulesets

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"tideline/engine/event"
)

// The largest sizes of values, for the bound of cost; those of event's decoders.
const (
	maxSkills    = event.MaxSkills
	maxLocations = 32
	maxYears     = 16
	maxName      = 200
	maxID        = 128
	maxTitle     = 500
	maxURL       = 2048
	maxScore     = 100
)

var (
	stringList = cel.ListType(cel.StringType)
	buckets    = []string{string(event.Jobs), string(event.Hackathons), string(event.Content)}
	stages     = []string{
		string(event.Applied), string(event.Shortlisted), string(event.InterviewScheduled), string(event.InterviewCompleted), string(event.OfferExtended),
		string(event.OfferAccepted), string(event.OfferRejected), string(event.Rejected), string(event.Withdrawn),
	}
	signalKinds = []string{
		string(event.Impression), string(event.Click), string(event.Save), string(event.Unsave), string(event.Ignore), string(event.Unignore), string(event.ApplyClick),
	}
)

var gapPart = newPart("gap", "tideline.Gap", "One gap of the student, with `each: student.gaps`.",
	words("skill", "The skill that is lacking.", maxName, func(g *event.Gap) string { return g.Skill }).ofSkills(),
	always("severity", cel.DoubleType, "0 to 1.", func(g *event.Gap) any { return types.Double(g.Severity) }).within(0, 1),
	maybe("since", cel.TimestampType, "Since when it has been open, if that is known.", func(g *event.Gap) any { return optionalTime(g.Since) }),
)

// parts are the variables of expressions, in the order of the documentation.
var parts = []*part{
	newPart("opp", "tideline.Opportunity", "The opportunity.",
		words("id", "Its id.", maxID, func(o *Opp) string { return o.ID }),
		always("bucket", cel.StringType, "jobs, hackathons or content.", func(o *Opp) any { return constant(string(o.Bucket)) }).oneOf(buckets...).list(10, 0),
		words("kind", "job, internship, hackathon, article, course ...", maxName, func(o *Opp) string { return o.Kind }),
		words("title", "Its title.", maxTitle, func(o *Opp) string { return o.Title }),
		words("organisation", "Who offers it.", maxName, func(o *Opp) string { return o.Organisation }),
		words("source", "Where it comes from.", maxName, func(o *Opp) string { return o.Source }),
		words("recruiter", "User id of the recruiter who owns it.", maxID, func(o *Opp) string { return o.Recruiter }),
		words("url", "Where it is.", maxURL, func(o *Opp) string { return o.URL }),
		always("skills", stringList, "The skills it asks for.", func(o *Opp) any { return texts(o.Skills) }).list(maxSkills, maxName).ofSkills(),
		always("graduation_years", cel.ListType(cel.IntType), "The years it is open to; empty: any.", func(o *Opp) any { return o.GraduationYears }).list(maxYears, 0),
		always("locations", stringList, "Where it is; empty: anywhere.", func(o *Opp) any { return texts(o.Locations) }).list(maxLocations, maxName),
		always("remote", cel.BoolType, "Whether it can be done remotely.", func(o *Opp) any { return types.Bool(o.Remote) }),
		maybe("difficulty", cel.DoubleType, "0 to 100, if known.", func(o *Opp) any { return optionalNumber(o.Difficulty) }).within(0, maxScore),
		maybe("posted_at", cel.TimestampType, "When it was posted.", func(o *Opp) any { return knownTime(o.PostedAt) }),
		maybe("deadline", cel.TimestampType, "When it expires, if it does.", func(o *Opp) any { return optionalTime(o.Deadline) }),
		always("status", cel.StringType, "open or closed.", func(o *Opp) any { return constant(string(o.Status)) }).oneOf(string(event.Open), string(event.Closed)).list(6, 0),
	),
	newPart("student", "tideline.Student", "The student.",
		words("id", "Their id.", maxID, func(s *Student) string { return s.ID }),
		always("skills", stringList, "The skills they have.", func(s *Student) any { return s.skillNames() }).list(maxSkills, maxName).ofSkills(),
		always("levels", cel.MapType(cel.StringType, cel.IntType), "Skill to level, 1 to 5.", func(s *Student) any { return s.levels() }).list(maxSkills, maxName).ofSkills(),
		maybe("graduation_year", cel.IntType, "The year they graduate, if known.", func(s *Student) any { return knownInt(s.Profile().GraduationYear) }).within(2000, 2063),
		always("locations", stringList, "Where they would go; empty: anywhere.", func(s *Student) any { return texts(s.Profile().Locations) }).list(maxLocations, maxName),
		always("remote", cel.BoolType, "Whether they accept remote work.", func(s *Student) any { return types.Bool(s.Profile().AcceptsRemote()) }),
		always("open_to_work", cel.BoolType, "Whether they look for work.", func(s *Student) any { return types.Bool(s.Profile().OpenToWork) }),
		maybe("career_score", cel.DoubleType, "0 to 100, if known.", func(s *Student) any { return optionalNumber(s.Profile().AIProfile.CareerScore) }).within(0, maxScore),
		maybe("activity_score", cel.DoubleType, "0 to 100, if known.", func(s *Student) any { return optionalNumber(s.Profile().AIProfile.ActivityScore) }).within(0, maxScore),
		maybe("interview_score", cel.DoubleType, "0 to 100, if known.", func(s *Student) any { return optionalNumber(s.Profile().AIProfile.InterviewScore) }).within(0, maxScore),
		always("gaps", cel.ListType(gapPart.typ), "Skills they lack for what they aim at.", func(s *Student) any { return s.gaps() }).list(maxSkills, 0),
	),
	newPart("match", "tideline.Match", "How the student and the opportunity fit.",
		always("overlap", cel.DoubleType, "Share of the required skills that the student has, 0 to 1.", func(m *Match) any { return types.Double(m.Overlap) }).within(0, 1),
		always("fit", cel.DoubleType, "How well the difficulty fits, 0 to 1.", func(m *Match) any { return types.Double(m.Fit) }).within(0, 1),
		always("interest", cel.DoubleType, "The student's interest, 0 to 2.", func(m *Match) any { return types.Double(m.Interest) }).within(0, 2),
		always("relevance", cel.DoubleType, "All three together.", func(m *Match) any { return types.Double(m.Relevance) }).unbounded(),
		always("saved", cel.BoolType, "Whether the student saved the opportunity.", func(m *Match) any { return types.Bool(m.Saved) }),
		always("matched", stringList, "Required skills that the student has.", func(m *Match) any { return m.skills(true) }).list(maxSkills, maxName).ofSkills(),
		always("missing", stringList, "Required skills that the student lacks.", func(m *Match) any { return m.skills(false) }).list(maxSkills, maxName).ofSkills(),
	),
	newPart("app", "tideline.Application", "The application.",
		words("id", "Its id.", maxID, func(a *App) string { return a.ID }),
		words("student", "Id of the student.", maxID, func(a *App) string { return a.Student }),
		words("opportunity", "Id of the opportunity.", maxID, func(a *App) string { return a.Opportunity }),
		always("stage", cel.StringType, "Where it stands.", func(a *App) any { return constant(string(a.Stage)) }).oneOf(stages...).list(20, 0),
		words("previous", "Where it stood before; empty: nowhere.", 20, func(a *App) string { return string(a.Previous) }).oneOf(append([]string{""}, stages...)...),
		always("stage_seq", cel.IntType, "Number of the change that led to the stage.", func(a *App) any { return types.Int(a.StageSeq) }).within(0, 1_000_000),
		maybe("stage_since", cel.TimestampType, "Since when it stands there.", func(a *App) any { return knownTime(a.StageSince) }),
		maybe("applied_at", cel.TimestampType, "When the student applied.", func(a *App) any { return knownTime(a.AppliedAt) }),
		maybe("interview_at", cel.TimestampType, "When the interview is, if there is one.", func(a *App) any { return optionalTime(a.InterviewAt) }),
		maybe("offer_ends", cel.TimestampType, "When the offer ends, if there is one.", func(a *App) any { return optionalTime(a.OfferEnds) }),
		words("actor_role", "Role of who made the last change.", maxName, func(a *App) string { return a.ActorRole }),
		maybe("interviewed_at", cel.TimestampType, "When the last interview that was held ended, if one was.", func(a *App) any { return optionalTime(a.InterviewedAt) }),
		always("feedback_missing", cel.BoolType, "Whether an interview was held that has no scorecard.", func(a *App) any { return types.Bool(a.FeedbackMissing) }),
		always("scorecards", cel.IntType, "How many scorecards there are.", func(a *App) any { return types.Int(a.Scorecards) }).within(0, 1_000_000),
		always("message_seq", cel.IntType, "Number of the last message between student and recruiter; 0: none.", func(a *App) any { return types.Int(a.MessageSeq) }).within(0, 1_000_000),
		maybe("message_at", cel.TimestampType, "When it was written.", func(a *App) any { return optionalTime(a.MessageAt) }),
		words("message_role", "Role of who wrote it; empty: none.", maxName, func(a *App) string { return a.MessageRole }),
	),
	gapPart,
	newPart("signal", "tideline.Signal", "What the student just did; with `on: [signals]` only.",
		always("kind", cel.StringType, "impression, click, save ...", func(s *event.Signal) any { return constant(string(s.Kind)) }).oneOf(signalKinds...).list(12, 0),
		words("opportunity", "Id of the opportunity.", maxID, func(s *event.Signal) string { return s.Opportunity }),
		maybe("at", cel.TimestampType, "When they did it.", func(s *event.Signal) any { return knownTime(s.At) }),
	),
}

// The functions below give nil, untyped, for what has no value.

func optionalTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return knownTime(*t)
}

func knownTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return types.Timestamp{Time: t}
}

func optionalNumber(n *float64) any {
	if n == nil {
		return nil
	}
	return types.Double(*n)
}

func knownInt(n int) any {
	if n == 0 {
		return nil
	}
	return types.Int(n)
}
