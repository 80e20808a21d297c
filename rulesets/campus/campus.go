// Package campus is the ruleset that a campus starts with.
package campus

import "embed"

// FS holds campus.yaml.
//
//go:embed campus.yaml
var FS embed.FS
