// Package registry names all formats of recordings, so that a command can be
// told one by name. It holds no state: every call makes new Formats.
package registry

import (
	"maps"
	"slices"

	"tideline/streams/sources"
	"tideline/streams/sources/devpost"
	"tideline/streams/sources/greenhouse"
	"tideline/streams/sources/hackernews"
	"tideline/streams/sources/internships"
	"tideline/streams/sources/students"
)

// Formats gives, by name, how to make a Format that has read nothing yet.
func Formats() map[string]func() sources.Format {
	return map[string]func() sources.Format{
		"devpost":     func() sources.Format { return devpost.New() },
		"greenhouse":  func() sources.Format { return greenhouse.New() },
		"hackernews":  func() sources.Format { return hackernews.New() },
		"internships": func() sources.Format { return internships.New() },
		"students":    func() sources.Format { return students.New() },
	}
}

// Names gives the names of all formats, sorted.
func Names() []string { return slices.Sorted(maps.Keys(Formats())) }
