package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"tideline/api"
	"tideline/engine/config"
)

func deliverCommand() *cobra.Command {
	return &cobra.Command{
		Use: "deliver", Short: "Send email and webhooks, apart from the engine", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, log, err := load(cmd)
			if err != nil {
				return err
			}
			return deliver(cmd.Context(), loaded.Config, log)
		},
	}
}

// deliver runs a deliverer and its metrics until ctx ends.
func deliver(ctx context.Context, c config.Config, log *slog.Logger) error {
	if !deliverable(c) {
		return configError{errNothingToDeliver}
	}
	b := &backend{Brokers: c.Kafka.Brokers}
	if len(b.Brokers) == 0 {
		var err error
		if b, err = findBackend(c); err != nil {
			return err
		}
	}
	partitions, err := b.topics(ctx, c, log)
	if err != nil {
		return err
	}
	var local string
	if c.UnsubscribeSecret() == "" && c.Auth.JWKSURL == "" {
		if local, err = localSecret(c.DataDir); err != nil {
			return err
		}
	}
	kafka := b.kafka(c)
	kafka.Instance += "-deliver" // serve on the same machine may be a member, too
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d, err := newDeliverer(c, kafka, partitions, unsubscribeKey(c.UnsubscribeSecret(), local), registry, log)
	if err != nil {
		return err
	}
	defer d.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	metrics, err := serveAdmin(ctx, c.Admin.Addr, registry)
	if err != nil {
		return err
	}
	log.Info("delivering", "metrics", c.Admin.Addr)
	err = d.run(ctx)
	cancel()
	return errors.Join(err, <-metrics)
}

// serveAdmin serves metrics until ctx ends; then its error comes.
func serveAdmin(ctx context.Context, addr string, registry *prometheus.Registry) (<-chan error, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	server := &http.Server{Handler: api.Admin(addr, registry), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			ended <- err
			return
		}
		ended <- nil
	}()
	return ended, nil
}
