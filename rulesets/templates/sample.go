package templates

import (
	"strings"
	"time"

	"tideline/engine/event"
)

// Sample gives a notification as a template's rule could make it, for previews
// and tests; a digest has three items and two more.
func Sample(template, language string, digest bool) event.Notification {
	at := func(day, hour int) *time.Time { return new(time.Date(2026, 6, day, hour, 0, 0, 0, time.UTC)) }
	n := event.Notification{Outcome: event.Sent, Decided: *at(9, 8), Language: language, TimeZone: "Europe/Berlin", Email: "mira@example.org"}
	n.ID, n.Rule, n.Ruleset, n.Audience, n.Recipient = "5a3c9e0d7b1f42868d0e6c4fa1b2c3d4", template, "campus", event.ToStudent, "s00042"
	n.Notice = event.Notice{
		Category: "jobs", Priority: event.Normal, Template: template,
		Channels: []event.Channel{event.InApp, event.Email, event.Webhook},
	}
	n.Channels = n.Notice.Channels
	n.Subject = event.Subject{Student: "s00042", Opportunity: "nordia-17", Application: "s00042|nordia-17", Organisation: "Nordia"}
	n.Facts = event.Facts{
		Title: "Backend Intern", URL: "https://jobs.example.org/nordia-17", Bucket: event.Jobs, Deadline: at(19, 16),
		Overlap: 0.82, Relevance: 0.7, Matched: []string{"go", "sql", "docker"}, Missing: []string{"kubernetes"},
		Stage: string(event.Shortlisted), StageSince: at(1, 9), At: at(12, 8), Rank: 3,
	}
	switch template {
	case "hackathon-closing":
		n.Notice.Category = "hackathons"
		n.Subject.Organisation, n.Facts.Bucket, n.Facts.Title = "", event.Hackathons, "Green Code Weekend"
	case "gap":
		n.Notice.Category = "learning"
		n.Subject = event.Subject{Student: "s00042", Gap: "aws"}
		n.Facts = event.Facts{Severity: 0.8, Title: "A first cloud in one evening", URL: "https://learn.example.org/cloud", Bucket: event.Content}
	case "top-candidate", "stage-stuck", "feedback-missing", "message-from-student":
		n.Notice.Category = "pipeline"
		if template == "top-candidate" {
			n.Notice.Category = "candidates"
		}
		n.Audience, n.Recipient = event.ToRecruiter, "r01"
	case "offer-received", "offer-expiring", "interview-tomorrow", "application-moved", "message":
		n.Notice.Category = "applications"
	case "weekly-matches":
		n.Notice.Category = "weekly"
	}
	if digest {
		n.Items, n.More = sampleItems(n), 2
		n.Subject, n.Facts = event.Subject{}, event.Facts{}
	}
	return n
}

func sampleItems(n event.Notification) []event.Item {
	items := make([]event.Item, 3)
	for i := range items {
		items[i] = event.Item{ID: n.ID[1:] + strings.Repeat("a", i+1), Subject: n.Subject, Facts: n.Facts}
	}
	second, third := &items[1], &items[2]
	second.Facts.Overlap, second.Facts.Deadline = 0.79, nil
	second.Facts.Stage, second.Facts.Rank, second.Facts.Severity = string(event.InterviewScheduled), 5, n.Facts.Severity*0.75
	third.Facts.Overlap, third.Facts.Stage, third.Facts.StageSince = 0.75, string(event.Rejected), nil
	switch {
	case n.Subject.Gap != "":
		second.Subject.Gap, third.Subject.Gap = "docker", "machine learning"
		second.Facts.Title, second.Facts.URL, second.Facts.Bucket = "", "", ""
	case n.Facts.Bucket == event.Hackathons:
		second.Facts.Title, third.Facts.Title = "Robots for Good", "Night of Data"
	default:
		second.Facts.Title, second.Subject.Organisation = "Data Engineer", "Harbour Analytics"
		third.Facts.Title, third.Subject.Organisation = "Junior Go Developer", ""
	}
	second.Subject.Student, third.Subject.Student = "s00007", "s00311"
	if n.Audience == event.ToStudent {
		second.Subject.Student, third.Subject.Student = n.Recipient, n.Recipient
	}
	return items
}

// samples are what every text is tried on: all facts and none, for students
// and recruiters, alone and in digests.
func samples() (list []event.Notification) {
	for _, template := range []string{"job-match", "gap", "top-candidate"} {
		full, digest := Sample(template, "", false), Sample(template, "", true)
		bare := event.Notification{}
		bare.Audience = full.Audience
		empty := bare
		empty.Items = make([]event.Item, 2)
		list = append(list, full, digest, bare, empty)
	}
	return list
}
