package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tideline/streams"
)

// ran waits for the end of Run.
func (c *campus) ran(ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(time.Minute):
		c.t.Fatal("Run hangs")
		return nil
	}
}

func TestRunEndsWhenTheTableFailsWhileItLoads(t *testing.T) {
	c := newCampus(t)
	c.send(streams.Opportunity(anOpportunity("o1")))
	c.tableThatFailsAt(1)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(t.Context()) }()
	if err := c.ran(ended); err == nil || !strings.Contains(err.Error(), "no room for more") {
		t.Errorf("it returns %v", err)
	}
}

func TestRunEndsWhenTheTableFailsLater(t *testing.T) {
	c := newCampus(t)
	c.send(streams.Opportunity(anOpportunity("o1")))
	c.tableThatFailsAt(2)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(t.Context()) }()
	c.await(c.table.CaughtUp(), "the table has not caught up")
	c.send(streams.Opportunity(anOpportunity("o2"))) // its range makes a partition wait for the table
	if err := c.ran(ended); err == nil || !strings.Contains(err.Error(), "no room for more") {
		t.Errorf("it returns %v", err)
	}
}

func TestRunEndsWithoutErrorWhenItIsToldTo(t *testing.T) {
	c := newCampus(t)
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	c.await(c.table.CaughtUp(), "the table has not caught up")
	stop(errors.New("the API has failed"))
	if err := c.ran(ended); err != nil {
		t.Errorf("it returns %v", err)
	}
}
