package match

import (
	"math"
	"time"

	"tideline/engine/event"
)

// Config says how each bucket ranks, in the order of event.Buckets.
type Config struct {
	Buckets [3]Weights
}

// Weights are the exponents of relevance and the pace at which things age.
type Weights struct {
	Overlap  float64       // exponent of the skill overlap
	Fit      float64       // exponent of the difficulty fit
	Interest float64       // exponent of the learnt interest
	Sigma    float64       // width of the fit, in points of 0..100
	HalfLife time.Duration // a posting this much older stands as a posting half as relevant
}

// Default gives the weights of ARCHITECTURE.md.
func Default() Config {
	const day = 24 * time.Hour
	of := func(halfLife time.Duration) Weights {
		return Weights{Overlap: 1, Fit: 1, Interest: 1, Sigma: 40, HalfLife: halfLife}
	}
	return Config{Buckets: [3]Weights{of(7 * day), of(5 * day), of(3 * day)}}
}

func (c Config) weights(b event.Bucket) Weights { return c.Buckets[b.Index()] }

// unit is how many steps of a key make a doubling of relevance.
const unit = 65536

// epoch is 2020-01-01, from which freshness counts.
const epoch = 1577836800

func (w Weights) overlapTerm(n, d int) int64 {
	return int64(math.Round(unit * w.Overlap * math.Log2(float64(n)/float64(d))))
}

func (w Weights) fitTerm(difficulty, ability int) int64 {
	if difficulty < 0 || ability < 0 {
		return 0
	}
	d := float64(difficulty - ability)
	return int64(math.Round(-unit * w.Fit * (d / w.Sigma) * (d / w.Sigma) * math.Log2E))
}

// fit is how well a difficulty suits an ability, 1 at best.
func fit(w Weights, difficulty, ability int) float64 {
	d := float64(difficulty-ability) / w.Sigma
	return math.Exp(-d * d)
}

func (w Weights) interestTerm(z float64) int64 {
	return int64(math.Round(unit * w.Interest * math.Log2(interest(z))))
}

// interestBound is the most that interest can add: it stays below a doubling.
func (w Weights) interestBound() int64 { return int64(math.Ceil(unit * w.Interest)) }

func (w Weights) freshTerm(posted time.Time) int64 {
	return int64(math.Round(unit * float64(posted.Unix()-epoch) / w.HalfLife.Seconds()))
}

func interest(z float64) float64 { return 2 / (1 + math.Exp(-z)) }
