//go:build crash && !noembed

package command

import (
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"tideline/api"
	"tideline/engine/config"
	"tideline/streams"
)

const (
	clientsOfSeason = 16
	endless         = campaignStudents * campaignJobs // more than there is time for
)

// The process is killed while clients are at work. They repeat what was not
// answered under the same key, or give up; after each round everything that was
// answered is there, once, and what is served equals a recomputation.
func TestASeasonSurvivesKillsUnderLoad(t *testing.T) {
	if os.Getenv("TIDELINE_TEST_BROKERS") == "" {
		t.Skip("the embedded Kafka may keep half of what it was just committing: give brokers, see make kafka")
	}
	v := newVictim(t).onRealRedis()
	v.verifying = []string{"--rules=false"}
	v.start()
	secret, err := localSecret(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	kafka := streams.Config{Brokers: v.brokers(), Group: config.Default().Kafka.Group}
	producer, err := streams.NewProducer(kafka, victimPartitions, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	auth := config.Default().Auth
	c := newCampaign(uint64(time.Now().UnixNano()), "http://"+v.api, api.AuthConfig{Secret: secret, Issuer: auth.Issuer, Audience: auth.Audience}, producer.Send)
	t.Logf("seed %d", c.seed)
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := campaignCheck{campaign: c, kafka: kafka, metrics: "http://" + v.args[slices.Index(v.args, "--admin.addr")+1] + "/metrics"}
	last := howOften(t, rounds)
	for round := range last {
		c.quit = make(chan struct{})
		var working sync.WaitGroup
		working.Go(func() { c.run(t.Context(), clientsOfSeason, endless) })
		time.Sleep(time.Duration(200+rand.IntN(1800)) * time.Millisecond) // the kill comes at any moment
		v.kill()
		close(c.quit)
		v.start()
		working.Wait() // with the process that is there again
		k.brief = round%5 != 4 && round+1 < last
		if err := k.settle(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round+1, err)
		}
		t.Logf("round %d: %s", round+1, k.found)
		if !k.brief {
			v.verify()
		}
	}
	t.Log(c.summary())
	v.stop()
}
