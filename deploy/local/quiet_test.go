//go:build !noembed

package local

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestAnEmbeddedServerSaysOnlyWhatMatters(t *testing.T) {
	var said bytes.Buffer
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := slog.New(quiet{to: slog.NewTextHandler(&said, &slog.HandlerOptions{ReplaceAttr: plain})})
	server := log.With("name", "server").WithGroup("at")
	server.With("id", 1).Warn("trouble", "code", 2)
	server.Info("all is well")
	server.Warn("Response header: length: 121")
	server.Error("Response message:\n{}")
	server.Warn("more")
	want := "level=WARN msg=trouble name=server at.id=1 at.code=2\nlevel=WARN msg=more name=server\n"
	if said.String() != want {
		t.Errorf("said %q, want %q", &said, want)
	}
}
