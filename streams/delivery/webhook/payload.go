package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"tideline/engine/event"
	"tideline/rulesets/templates"
)

// Type is the event type of every payload.
const Type = "notification.sent"

// Payload is the body of a webhook, in the envelope that Standard Webhooks
// recommends. Fields may be added; receivers ignore what they do not know.
type Payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it was decided, the same in every attempt
	Data      Data      `json:"data"`
}

// Data is what the notification says. An email address is never part of it.
type Data struct {
	ID        string         `json:"id"` // the webhook-id too
	Rule      string         `json:"rule"`
	Ruleset   string         `json:"ruleset"`
	Category  string         `json:"category"`
	Priority  event.Priority `json:"priority"`
	Audience  event.Audience `json:"audience"`
	Recipient string         `json:"recipient"`
	Subject   event.Subject  `json:"subject"`
	Facts     event.Facts    `json:"facts"`
	Items     []event.Item   `json:"items,omitempty"` // of a digest, best first
	More      int            `json:"more,omitempty"`  // further ones, not named
	Language  string         `json:"language"`
	// Message is the notification in words, in the recipient's language.
	Message templates.Message `json:"message"`
}

func payload(n event.Notification, texts *templates.Texts) ([]byte, error) {
	message, _ := texts.Render(n)
	body, err := json.Marshal(Payload{
		Type: Type, Timestamp: n.Decided.UTC(),
		Data: Data{
			ID: n.ID, Rule: n.Rule, Ruleset: n.Ruleset, Category: n.Notice.Category, Priority: n.Notice.Priority,
			Audience: n.Audience, Recipient: n.Recipient, Subject: n.Subject, Facts: n.Facts, Items: n.Items, More: n.More,
			Language: texts.Around(n).Language, Message: message,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("write the payload of %s: %w", n.ID, err)
	}
	return body, nil
}
