//go:build !noembed

package local

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// quiet lets only warnings and worse of an embedded server through, and of these not
// the answers that it prints whole: whoever asked has got them, as errors.
//
// The server adds attributes for each request, though it seldom says anything; they
// are formatted when it does.
type quiet struct {
	to   slog.Handler
	adds []func(slog.Handler) slog.Handler
}

// Enabled implements slog.Handler, as do the following.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.to.Enabled(ctx, level)
}

// Handle lets a record through.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "Response header:") || strings.HasPrefix(r.Message, "Response message:") {
		return nil
	}
	to := q.to
	for _, add := range q.adds {
		to = add(to)
	}
	return to.Handle(ctx, r)
}

// WithAttrs remembers attributes.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return q.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup remembers a group.
func (q quiet) WithGroup(name string) slog.Handler {
	return q.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (q quiet) with(add func(slog.Handler) slog.Handler) slog.Handler {
	return quiet{q.to, append(slices.Clip(q.adds), add)}
}
