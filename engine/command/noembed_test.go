//go:build noembed

package command

import (
	"path/filepath"
	"testing"
)

func TestCommandsWithoutEmbeddedServers(t *testing.T) {
	scripts(t, filepath.Join("testdata", "noembed"))
}
