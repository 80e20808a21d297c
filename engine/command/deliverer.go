package command

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/engine/unsubscribe"
	"tideline/rulesets/templates"
	"tideline/streams"
	"tideline/streams/delivery"
	"tideline/streams/delivery/email"
	"tideline/streams/delivery/webhook"
)

// deliverer sends email and webhooks: the queue, and what drives it.
type deliverer struct {
	kafka    streams.Config
	queue    *delivery.Queue
	producer *streams.Producer
	hooks    []*webhook.Sender
	registry prometheus.Registerer
	log      *slog.Logger
}

// newDeliverer is for P student partitions. The key signs links to unsubscribe;
// without one emails have none.
func newDeliverer(c config.Config, kafka streams.Config, partitions int, key unsubscribe.Key, reg prometheus.Registerer, log *slog.Logger) (*deliverer, error) {
	texts, err := templates.Load(templates.Shipped)
	if err != nil {
		return nil, err
	}
	d := &deliverer{kafka: kafka, registry: reg, log: log}
	targets, err := d.targets(c, key, func() *templates.Texts { return texts })
	if err != nil {
		return nil, err
	}
	if d.producer, err = streams.NewProducer(kafka, partitions, log); err != nil {
		return nil, err
	}
	d.queue = delivery.New(delivery.Config{Targets: targets}, d, reg, log)
	return d, nil
}

func (d *deliverer) targets(c config.Config, key unsubscribe.Key, texts func() *templates.Texts) (targets []delivery.Target, err error) {
	if c.Email() {
		if c.PublicURL == "" {
			d.log.Warn("emails have no links to unsubscribe and to Tideline: set public_url")
		}
		sender, err := email.New(email.Config{
			Host: c.SMTP.Host, Port: c.SMTP.Port, TLS: c.SMTP.TLS, From: c.SMTP.From,
			Username: c.SMTP.Username, Password: c.SMTP.Password, PublicURL: c.PublicURL, Unsubscribe: key,
		}, texts)
		if err != nil {
			return nil, configError{err}
		}
		targets = append(targets, delivery.Target{Channel: event.Email, Sender: sender, Wants: email.Wants})
	}
	if c.Webhooks.File == "" {
		return targets, nil
	}
	endpoints, err := webhook.LoadEndpoints(c.Webhooks.File)
	if err != nil {
		return nil, configError{err}
	}
	for _, e := range endpoints {
		if !e.Enabled {
			continue
		}
		sender := webhook.New(e, texts)
		d.hooks = append(d.hooks, sender)
		targets = append(targets, delivery.Target{Channel: event.Webhook, Endpoint: e.Name, Sender: sender, Wants: e.Wants})
	}
	return targets, nil
}

func (d *deliverer) close() {
	d.producer.Close()
	for _, h := range d.hooks {
		h.Close()
	}
}

// run delivers until ctx ends or reading is no longer possible.
func (d *deliverer) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sending sync.WaitGroup
	sending.Go(func() { _ = d.queue.Run(ctx) })
	err := streams.RunDeliveries(ctx, d.kafka, d, d.registry, d.log)
	cancel()
	sending.Wait()
	return err
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
