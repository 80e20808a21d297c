package command

import (
	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/board"
	"tideline/engine/event"
)

// standing says how many applications stand in each stage, counted from the board
// at each scrape: nine series, and none per job. There are none until the board
// is loaded, so that a start does not look like a loss. Every process counts all.
type standing struct {
	board  *board.Board
	loaded func() bool
}

var standingDesc = prometheus.NewDesc("tideline_applications", "Applications by stage; of all processes, each says the same.", []string{"stage"}, nil)

func (s standing) Describe(ch chan<- *prometheus.Desc) { ch <- standingDesc }

func (s standing) Collect(ch chan<- prometheus.Metric) {
	if !s.loaded() {
		return
	}
	counts := s.board.CountAll()
	for _, stage := range event.Stages {
		ch <- prometheus.MustNewConstMetric(standingDesc, prometheus.GaugeValue, float64(counts[stage]), string(stage))
	}
}
