package match

import (
	"encoding/json"
	"math"
)

// The learning rates of ARCHITECTURE.md, "Interest": FTRL-proximal (McMahan et
// al., KDD 2013) without L1, so that every weight has a closed form.
const (
	alpha   = 0.1
	beta    = 1.0
	lambda2 = 1.0
)

// Coordinate is the state of one feature of the global model.
type Coordinate struct {
	Z float64 `json:"z"`
	N float64 `json:"n"`
}

func (c Coordinate) weight() float64 { return -c.Z / ((beta+math.Sqrt(c.N))/alpha + lambda2) }

// step moves the coordinate along a gradient.
func (c *Coordinate) step(gradient float64) {
	w := c.weight()
	s := (math.Sqrt(c.N+gradient*gradient) - math.Sqrt(c.N)) / alpha
	c.Z += gradient - s*w
	c.N += gradient * gradient
}

// Global is what all students of a partition together are interested in.
type Global struct {
	features map[string]Coordinate
}

// NewGlobal returns a model that has learnt nothing.
func NewGlobal() *Global { return &Global{features: map[string]Coordinate{}} }

// Feature gives the state of one feature.
func (g *Global) Feature(name string) Coordinate { return g.features[name] }

// Restore sets a feature from its JSON; nil removes it.
func (g *Global) Restore(name string, value []byte) error {
	if value == nil {
		delete(g.features, name)
		return nil
	}
	var c Coordinate
	if err := json.Unmarshal(value, &c); err != nil {
		return err
	}
	g.features[name] = c
	return nil
}

// Deviation is how one student's interest differs from everybody's.
type Deviation struct {
	Features map[string]Deviated `json:"features"`
	Count    int                 `json:"count"` // signals learnt from
}

// Deviated is the state of one feature of a student.
type Deviated struct {
	Coordinate
	G float64 `json:"g"` // the global weight when the student last touched the feature
}

// NewDeviation returns the state of a student who has sent no signal.
func NewDeviation() *Deviation { return &Deviation{Features: map[string]Deviated{}} }

// Weights gives the student's weight of each feature they have touched.
func (d *Deviation) Weights() map[string]float64 {
	weights := make(map[string]float64, len(d.Features))
	for name, f := range d.Features {
		weights[name] = f.G + f.weight()
	}
	return weights
}

// Train learns from one signal about an opportunity with these features, first
// for the student, then for everybody: y is 1 for interest and 0 for none, m
// how much the signal counts.
func (g *Global) Train(d *Deviation, features []string, y, m float64) {
	z := 0.0
	for _, name := range features {
		z += g.features[name].weight() + d.Features[name].weight()
	}
	gradient := m * (sigmoid(z) - y)
	total := 0.0
	for _, name := range features {
		f := d.Features[name]
		f.step(gradient)
		f.G = g.features[name].weight()
		d.Features[name] = f
		total += f.G
	}
	d.Count++
	gradient = m * (sigmoid(total) - y)
	for _, name := range features {
		c := g.features[name]
		c.step(gradient)
		g.features[name] = c
	}
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
