package registry

import (
	"maps"
	"slices"

	"tideline/streams/sources"
	"tideline/streams/sources/apify"
	"tideline/streams/sources/ashby"
	"tideline/streams/sources/courses"
	"tideline/streams/sources/devpost"
	"tideline/streams/sources/devto"
	"tideline/streams/sources/greenhouse"
	"tideline/streams/sources/hackernews"
	"tideline/streams/sources/jsonld"
	"tideline/streams/sources/lever"
	"tideline/streams/sources/mapping"
	"tideline/streams/sources/syndication"
	"tideline/streams/sources/unstop"
)

// Kind is one kind of source that can be configured, any number of times.
type Kind struct {
	// Programs says that the interface is documented and made for programs:
	// robots.txt, which speaks to crawlers of pages, is then not asked.
	Programs bool
	// Unofficial says that nobody promised the interface: such a source is off
	// unless its configuration turns it on.
	Unofficial bool
	// New makes a source of the options that decode reads into what it is given.
	New func(decode func(into any) error) (sources.Source, error)
}

// Kinds gives all kinds by name.
func Kinds() map[string]Kind {
	return map[string]Kind{
		"apify":      {Programs: true, Unofficial: true, New: maker(apify.NewSource)},
		"ashby":      {Programs: true, New: maker(ashby.NewSource)},
		"courses":    {New: maker(courses.NewSource)},
		"csv":        {New: maker(mapping.NewCSV)},
		"devpost":    {Unofficial: true, New: maker(devpost.NewSource)},
		"devto":      {Programs: true, New: maker(devto.NewSource)},
		"feed":       {New: maker(syndication.NewSource)},
		"greenhouse": {Programs: true, New: maker(greenhouse.NewSource)},
		"hackernews": {Programs: true, New: maker(hackernews.NewSource)},
		"json":       {New: maker(mapping.NewJSON)},
		"jsonld":     {New: maker(jsonld.NewSource)},
		"lever":      {Programs: true, New: maker(lever.NewSource)},
		"unstop":     {Unofficial: true, New: maker(unstop.NewSource)},
	}
}

// KindNames gives the names of all kinds, sorted.
func KindNames() []string { return slices.Sorted(maps.Keys(Kinds())) }

// maker lets a constructor be called with options that are still to be read.
func maker[C any, S sources.Source](construct func(C) (S, error)) func(func(any) error) (sources.Source, error) {
	return func(decode func(any) error) (sources.Source, error) {
		var config C
		if err := decode(&config); err != nil {
			return nil, err
		}
		return construct(config)
	}
}
