package command

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/rulesets/templates"
	"tideline/streams/delivery"
	"tideline/streams/delivery/webhook"
)

// hooks are the endpoints of webhooks, as their file had them when it was last right.
type hooks struct {
	config    config.Webhooks
	texts     func() *templates.Texts
	log       *slog.Logger
	reloads   *prometheus.CounterVec
	endpoints []webhook.Endpoint
	wrong     string // what was said last of a file that is wrong
}

func newHooks(c config.Webhooks, texts func() *templates.Texts, reg prometheus.Registerer, log *slog.Logger) (*hooks, error) {
	h := &hooks{config: c, texts: texts, log: log, reloads: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "tideline_webhook_reloads_total", Help: "Changes of the file of endpoints by what became of them: applied, refused (it is wrong).",
	}, []string{"outcome"})}
	for _, outcome := range []string{"applied", "refused"} {
		h.reloads.WithLabelValues(outcome) // from 0 on, or the first would not be seen as an increase
	}
	var err error
	if h.endpoints, err = h.load(); err != nil {
		return nil, configError{err}
	}
	return h, nil
}

func (h *hooks) load() ([]webhook.Endpoint, error) {
	if h.config.File == "" {
		return nil, nil
	}
	return webhook.LoadEndpoints(h.config.File)
}

// targets makes senders for the endpoints, until done is called.
func (h *hooks) targets() (targets []delivery.Target, done func()) {
	var senders []*webhook.Sender
	for _, e := range h.endpoints {
		if e.Enabled {
			sender := webhook.New(e, h.texts)
			senders = append(senders, sender)
			targets = append(targets, delivery.Target{Channel: event.Webhook, Endpoint: e.Name, Sender: sender, Wants: e.Wants})
		}
	}
	return targets, func() {
		for _, s := range senders {
			s.Close()
		}
	}
}

// changed waits until the file, or a file of a secret, says something else; false
// when ctx ended first. A file that is wrong is reported, and what it said goes on.
func (h *hooks) changed(ctx context.Context) bool {
	ticker := time.NewTicker(h.config.Reload)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		now, err := h.load()
		switch {
		case err != nil && err.Error() != h.wrong:
			h.wrong = err.Error()
			h.reloads.WithLabelValues("refused").Inc()
			h.log.Error("the endpoints are wrong; those from before go on", "error", err)
		case err == nil:
			h.wrong = ""
			if !reflect.DeepEqual(now, h.endpoints) {
				h.endpoints = now
				h.reloads.WithLabelValues("applied").Inc()
				h.log.Info("the endpoints have changed", "endpoints", len(now))
				return true
			}
		}
	}
}

// lease takes back what was registered through it.
type lease struct {
	prometheus.Registerer

	mine []prometheus.Collector
}

func (l *lease) Register(c prometheus.Collector) error {
	err := l.Registerer.Register(c)
	if err == nil {
		l.mine = append(l.mine, c)
	}
	return err
}

func (l *lease) MustRegister(list ...prometheus.Collector) {
	l.Registerer.MustRegister(list...)
	l.mine = append(l.mine, list...)
}

func (l *lease) end() {
	for _, c := range l.mine {
		l.Unregister(c)
	}
}
