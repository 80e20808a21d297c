package streams

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAProjectionTriesAgainUntilItWorks(t *testing.T) {
	c, _ := brokers(t)
	ensure(t, c)
	p := producer(t, c)
	if err := p.DeleteOpportunity(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	projection, err := NewProjection(c, "store", []string{Opportunities}, 10, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer projection.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tries := 0
	err = projection.Run(ctx, func(_ context.Context, inputs []Input) error {
		tries++
		if len(inputs) != 1 || string(inputs[0].Key) != "a" || inputs[0].Value != nil {
			t.Errorf("got %+v", inputs)
		}
		if tries < 3 {
			return errors.New("the store is away")
		}
		cancel()
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
