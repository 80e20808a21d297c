package config

import "os"

// Sources says which outside sources there are and who reads them.
type Sources struct {
	// Files are YAML; see "Sources" in ARCHITECTURE.md. None: there are no sources.
	Files []string `yaml:"files"`
	// Enabled lets this process run them; else it only shows how they stand.
	Enabled bool `yaml:"enabled"`
}

// sources checks that the files are there; what is in them is read by who runs them.
func (l *loader) sources() {
	for _, path := range l.config.Sources.Files {
		info, err := os.Stat(path)
		l.check("sources.files", err == nil && !info.IsDir(), "has %q, which is not a file that can be read: %v", path, err)
	}
}
