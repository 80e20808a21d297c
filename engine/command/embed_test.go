//go:build !noembed

package command

import (
	"path/filepath"
	"testing"
)

func TestCommandsWithEmbeddedServers(t *testing.T) { scripts(t, filepath.Join("testdata", "embedded")) }
