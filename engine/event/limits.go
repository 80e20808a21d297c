package event

// Limits of one value. They keep a record far below Kafka's message limit and
// the index's accumulators inside 16 bits (MaxSkills x 10 x 60 = 38,400;
// MaxTopics x (10 + 10) x 60 = 60,000).
const (
	MaxSkills    = 64   // skills of one profile or opportunity
	MaxTopics    = 50   // skills that one piece of content is about
	MaxAlso      = 64   // other listings of one opportunity
	MaxLevel     = 5    // 1 heard of it .. 5 expert
	MaxWeight    = 10   // importance of one required skill
	maxID        = 128  // bytes
	maxName      = 200  // bytes: names, titles, organisations, one skill, one location
	maxTitle     = 500  // bytes
	maxURL       = 2048 // bytes
	maxText      = 8192 // bytes: description
	maxLocations = 32
	maxYears     = 16
	maxFeatures  = 96
	minYear      = 2000 // graduation years
	maxYear      = 2063
	defaultLevel = 3
)
