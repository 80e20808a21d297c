package streams

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
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

// projected runs a projection until it has brought a record.
func projected(t *testing.T, c Config) Input {
	t.Helper()
	projection, err := NewProjection(c, "store", []string{Opportunities}, 10, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer projection.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var got Input
	err = projection.Run(ctx, func(_ context.Context, inputs []Input) error {
		got = inputs[0]
		cancel()
		return nil
	})
	if err != nil || got.Topic == "" {
		t.Fatalf("no record, %v", err)
	}
	return got
}

func TestAProjectionTellsATopicFromItsSuccessor(t *testing.T) {
	c, _ := brokers(t)
	ensure(t, c)
	send(t, producer(t, c), Opportunity(opportunityOf("a")))
	first := projected(t, c)
	if _, err := kadm.NewClient(client(t, c)).DeleteTopic(t.Context(), Opportunities); err != nil {
		t.Fatal(err)
	}
	ensure(t, c)
	c.Group += "-anew" // a broker may keep what the group has read of the first
	send(t, producer(t, c), Opportunity(opportunityOf("b")))
	second := projected(t, c)
	if first.Incarnation == "" || first.Incarnation == second.Incarnation {
		t.Errorf("%q, then %q", first.Incarnation, second.Incarnation)
	}
	if again := projected(t, Config{Brokers: c.Brokers, Group: "another", Instance: "b"}); again.Incarnation != second.Incarnation {
		t.Errorf("%q for one reader, %q for another", second.Incarnation, again.Incarnation)
	}
}
