package config

import (
	"strings"
	"testing"
)

func TestFilesOfSourcesMustBeThere(t *testing.T) {
	_, err := Load(Source{Flags: map[string]string{"sources.files": "/nowhere/a.yaml," + t.TempDir()}})
	if err == nil || strings.Count(err.Error(), "sources.files (--sources.files)") != 2 {
		t.Error(err)
	}
}
