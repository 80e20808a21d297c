// Package campus is the ruleset that a campus starts with.
package campus

import "embed"

// FS holds campus.yaml and its tests, campus_test.yaml.
//
//go:embed *.yaml
var FS embed.FS
