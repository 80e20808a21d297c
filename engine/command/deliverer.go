package command

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/engine/unsubscribe"
	"tideline/rulesets/templates"
	"tideline/streams"
	"tideline/streams/delivery"
	"tideline/streams/delivery/email"
)

// deliverer sends email and webhooks: the queue, and what drives it.
type deliverer struct {
	kafka    streams.Config
	mail     []delivery.Target // to the mail server, if there is one
	hooks    *hooks
	queue    *delivery.Queue // of the endpoints as they are now
	producer *streams.Producer
	registry prometheus.Registerer
	log      *slog.Logger
}

// newDeliverer is for P student partitions. The key signs links to unsubscribe;
// without one emails have none.
func newDeliverer(c config.Config, kafka streams.Config, partitions int, key unsubscribe.Key, reg prometheus.Registerer, log *slog.Logger) (*deliverer, error) {
	words, err := ownTexts(c)
	if err != nil {
		return nil, err
	}
	texts := func() *templates.Texts { return words }
	d := &deliverer{kafka: kafka, registry: reg, log: log}
	if d.mail, err = mailTarget(c, key, texts, log); err != nil {
		return nil, err
	}
	if d.hooks, err = newHooks(c.Webhooks, texts, reg, log); err != nil {
		return nil, err
	}
	d.producer, err = streams.NewProducer(kafka, partitions, log)
	return d, err
}

func mailTarget(c config.Config, key unsubscribe.Key, texts func() *templates.Texts, log *slog.Logger) ([]delivery.Target, error) {
	if !c.Email() {
		return nil, nil
	}
	if c.PublicURL == "" {
		log.Warn("emails have no links to unsubscribe and to Tideline: set public_url")
	}
	sender, err := email.New(email.Config{
		Host: c.SMTP.Host, Port: c.SMTP.Port, TLS: c.SMTP.TLS, From: c.SMTP.From,
		Username: c.SMTP.Username, Password: c.SMTP.Password, PublicURL: c.PublicURL, Unsubscribe: key,
	}, texts)
	if err != nil {
		return nil, configError{err}
	}
	return []delivery.Target{{Channel: event.Email, Sender: sender, Wants: email.Wants}}, nil
}

func (d *deliverer) close() { d.producer.Close() }

// run delivers until ctx ends or reading is no longer possible. When the
// endpoints change it begins anew: what waits is in deliveries.
func (d *deliverer) run(ctx context.Context) error {
	for {
		if changed, err := d.deliver(ctx); err != nil || !changed {
			return err
		}
	}
}

// deliver delivers to the endpoints as they are now, until they have changed.
func (d *deliverer) deliver(ctx context.Context) (changed bool, err error) {
	registry := &lease{Registerer: d.registry}
	defer registry.end()
	targets, done := d.hooks.targets()
	defer done()
	d.queue = delivery.New(delivery.Config{Targets: slices.Concat(d.mail, targets)}, d, registry, d.log)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	beside.Go(func() { _ = d.queue.Run(ctx) })
	beside.Go(func() {
		changed = d.hooks.changed(ctx)
		cancel()
	})
	err = streams.RunDeliveries(ctx, d.kafka, d, registry, d.log)
	cancel()
	beside.Wait()
	return changed, err
}

// Write implements delivery.Journal.
func (d *deliverer) Write(ctx context.Context, partition int32, entries ...delivery.Entry) error {
	records := make([]streams.Record, len(entries))
	for i, e := range entries {
		records[i] = streams.Delivery(partition, e.Key, e.Value)
	}
	return d.producer.Send(ctx, records...)
}

// Take implements streams.Outbox, as do the following.
func (d *deliverer) Take(ctx context.Context, partition int32, queue []streams.Input) error {
	entries := make([]delivery.Entry, len(queue))
	for i, in := range queue {
		entries[i] = delivery.Entry{Key: string(in.Key), Value: in.Value}
	}
	return d.queue.Take(ctx, partition, entries)
}

// Release ends a partition.
func (d *deliverer) Release(ctx context.Context, partition int32) { d.queue.Release(ctx, partition) }

// Room waits until more may be read.
func (d *deliverer) Room(ctx context.Context) error { return d.queue.Room(ctx) }

// Accept queues what was sent. The engine wrote the records; one that cannot be
// read is a bug of ours or somebody else's writing, and is passed over.
func (d *deliverer) Accept(ctx context.Context, partition int32, inputs []streams.Input) error {
	var list []event.Notification
	for _, in := range inputs {
		n, err := event.DecodeNotification(in.Value)
		if err != nil {
			d.log.Error("a notification cannot be read and is not delivered", "partition", in.Partition, "offset", in.Offset, "error", err)
			continue
		}
		list = append(list, n)
	}
	return d.queue.Accept(ctx, partition, list)
}

// openDelivery makes the deliverer of a process that serves, if it is to have one.
func (a *app) openDelivery(kafka streams.Config) (err error) {
	if !a.config.Delivery.Enabled || !deliverable(a.config) {
		return nil
	}
	a.deliverer, err = newDeliverer(a.config, kafka, a.partitions, a.unsubscribeKey(), a.registry, a.log)
	if err == nil {
		a.defers("delivery", a.deliverer.close)
	}
	return err
}

func deliverable(c config.Config) bool { return c.Email() || c.Webhooks.File != "" }

// unsubscribeKey is nil when there is no secret to derive it from.
func (a *app) unsubscribeKey() unsubscribe.Key {
	return unsubscribeKey(a.config.UnsubscribeSecret(), a.auth.Secret)
}

func unsubscribeKey(configured, local string) unsubscribe.Key {
	for _, secret := range []string{configured, local} {
		if secret != "" {
			return unsubscribe.NewKey(secret)
		}
	}
	return nil
}

var errNothingToDeliver = errors.New("there is nothing to deliver to: set smtp.host or webhooks.file")
