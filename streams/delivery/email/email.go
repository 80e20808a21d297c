// Package email sends notifications by SMTP, as text and as HTML.
//
// Every attempt at a notification carries the same Message-ID. It leaves out
// when to try again; its errors say whether to.
package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	address "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"tideline/engine/event"
	"tideline/engine/unsubscribe"
	"tideline/rulesets/templates"
	"tideline/streams/delivery"
)

// The ways to protect the connection.
const (
	STARTTLS = "starttls" // required, not merely tried
	TLS      = "tls"      // from the first byte
	Plain    = "none"
)

// Config says where the mail server is and who writes.
type Config struct {
	Host     string
	Port     int
	TLS      string // STARTTLS, TLS, Plain
	From     string // "Tideline <no-reply@example.org>" or a plain address
	Username string // empty: no authentication
	Password string
	// PublicURL is where recipients reach Tideline; without it emails have no
	// link to unsubscribe, and digests no link at all.
	PublicURL   string
	Unsubscribe unsubscribe.Key
	RootCAs     *x509.CertPool // nil: the system's
}

// Sender sends email. It is safe for concurrent use.
type Sender struct {
	config Config
	texts  func() *templates.Texts
	domain string // of the sender's address
}

// New returns a sender. Texts gives the texts in force; they may change.
func New(config Config, texts func() *templates.Texts) (*Sender, error) {
	from, err := address.ParseAddress(config.From)
	if err != nil {
		return nil, fmt.Errorf("smtp.from: %w", err)
	}
	s := &Sender{config: config, texts: texts, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:]}
	_, err = s.client(&session{})
	return s, err
}

// Wants says whether a notification has somewhere to go.
func Wants(n event.Notification) bool { return n.Email != "" }

// smtpTimeout is for each step of a session.
const smtpTimeout = 20 * time.Second

// signIn names the mechanisms: the library's own search takes a connection that
// we dialled for an open one, and then refuses PLAIN.
var signIn = mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin)

// client is made anew for each message: one keeps state of its connection.
func (s *Sender) client(in *session) (*mail.Client, error) {
	c := s.config
	secure := &tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(smtpTimeout), mail.WithoutNoop(), mail.WithHELO(s.domain),
		mail.WithTLSConfig(secure), mail.WithDialContextFunc(in.dial),
	}
	switch c.TLS {
	case TLS:
		in.tls = secure
		options = append(options, mail.WithSSL(), mail.WithTLSPolicy(mail.TLSMandatory))
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.Username != "" {
		options = append(options, signIn, mail.WithUsername(c.Username), mail.WithPassword(c.Password))
	}
	return mail.NewClient(c.Host, options...)
}

// Send implements delivery.Sender.
func (s *Sender) Send(ctx context.Context, n event.Notification) error {
	m, err := s.message(n)
	if err != nil {
		return &delivery.Failure{Err: err, Final: true}
	}
	in := &session{}
	defer in.close()
	stop := context.AfterFunc(ctx, in.close)
	defer stop()
	client, err := s.client(in)
	if err != nil {
		return &delivery.Failure{Err: err, Away: true}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil { // the server, or our name and password: no fault of the message
		return &delivery.Failure{Err: fmt.Errorf("reach the mail server: %w", err), Away: true}
	}
	err = client.SendWithSMTPClient(connection, m)
	_ = client.CloseWithSMTPClient(connection) // a server that hangs up instead has the message all the same
	if err == nil || m.IsDelivered() {
		return nil
	}
	return classify(err)
}

// classify tells what a server's answer means (RFC 5321, 4.2.1): 4xx passes,
// 5xx to our message or its recipient is final.
func classify(err error) error {
	failed, ok := errors.AsType[*mail.SendError](err)
	if !ok || failed.ErrorCode() == 0 {
		return &delivery.Failure{Err: err, Away: true}
	}
	switch code := failed.ErrorCode(); {
	case code == 421: // closing down
		return &delivery.Failure{Err: err, Away: true}
	case code == 530 || code == 534 || code == 535 || code == 538: // authentication: our configuration
		return &delivery.Failure{Err: err, Away: true}
	case code >= 500 && failed.Reason == mail.ErrSMTPMailFrom: // our sender address: our configuration
		return &delivery.Failure{Err: err, Away: true}
	case code >= 500:
		return &delivery.Failure{Err: err, Final: true}
	}
	return &delivery.Failure{Err: err}
}

// MessageID is the same for every attempt at a notification.
func (s *Sender) MessageID(n event.Notification) string { return n.ID + "@" + s.domain }

// message builds the email.
func (s *Sender) message(n event.Notification) (*mail.Msg, error) {
	p := s.page(n)
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(s.config.From); err != nil {
		return nil, fmt.Errorf("write from: %w", err)
	}
	if err := m.To(n.Email); err != nil {
		return nil, fmt.Errorf("write to the address: %w", err)
	}
	m.SetMessageIDWithValue(s.MessageID(n))
	m.SetDateWithValue(n.Decided)
	m.Subject(p.Message.Title)
	m.SetGenHeader(mail.HeaderContentLang, p.Around.Language)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	m.SetGenHeader("X-Tideline-Category", headerText(n.Notice.Category))
	if p.Unsubscribe != "" {
		m.SetGenHeader(mail.HeaderListUnsubscribe, "<"+p.Unsubscribe+">")
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	html, err := p.html()
	if err != nil {
		return nil, err
	}
	m.SetBodyString(mail.TypeTextPlain, p.text())
	m.AddAlternativeString(mail.TypeTextHTML, html)
	return m, nil
}

// headerText keeps a header to one line of ASCII.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}

// page is a notification with everything that an email shows.
func (s *Sender) page(n event.Notification) page {
	texts := s.texts()
	message, _ := texts.Render(n)
	p := page{Message: message, Around: texts.Around(n), URL: cmp.Or(message.URL, s.config.PublicURL)}
	p.Action = message.Action
	if p.Action == "" {
		p.Action = p.Around.Open
	}
	if s.config.PublicURL != "" && len(s.config.Unsubscribe) > 0 {
		p.Unsubscribe = s.config.Unsubscribe.Link(s.config.PublicURL, n.Recipient, n.Notice.Category)
	}
	return p
}
