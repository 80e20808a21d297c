package feeds

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// nodes is the Redis Cluster of this test binary: it takes seconds to form, so
// all tests share one.
var nodes clusterNodes

type clusterNodes struct {
	once    sync.Once
	addrs   []string
	running []*exec.Cmd
	dir     string
}

const masters = 3

// cluster gives the addresses of an empty Redis Cluster of three masters. It is
// started on the first call; without TIDELINE_TEST_CLUSTER the test is skipped.
func cluster(t testing.TB) []string {
	if os.Getenv("TIDELINE_TEST_CLUSTER") == "" {
		t.Skip("TIDELINE_TEST_CLUSTER is not set")
	}
	nodes.once.Do(func() { nodes.start(t) })
	if len(nodes.addrs) < masters {
		t.Fatal("there is no cluster")
	}
	for _, addr := range nodes.addrs {
		if err := node(t, addr).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return nodes.addrs
}

// node is a client of one master.
func node(t testing.TB, addr string) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (c *clusterNodes) start(t testing.TB) {
	var err error
	if c.dir, err = os.MkdirTemp("", "tideline-cluster-"); err != nil { // outlives this test
		t.Fatal(err)
	}
	var addrs []string
	for i := range masters {
		port, bus := freePort(t), freePort(t)
		cmd := exec.Command("redis-server", "--port", port, "--cluster-port", bus, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
			"--cluster-enabled", "yes", "--cluster-config-file", fmt.Sprint("nodes-", i), "--dir", c.dir, "--zset-max-listpack-entries", "256")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c.running = append(c.running, cmd)
		addrs = append(addrs, net.JoinHostPort("127.0.0.1", port))
		answers(t, addrs[i])
		first := node(t, addrs[0])
		for _, command := range [][]any{
			{"CLUSTER", "SET-CONFIG-EPOCH", i + 1}, // else they quarrel about it first
			{"CLUSTER", "ADDSLOTSRANGE", 16384 * i / masters, 16384*(i+1)/masters - 1},
		} {
			if err := node(t, addrs[i]).Do(t.Context(), command...).Err(); err != nil {
				t.Fatalf("%v: %v", command, err)
			}
		}
		if err := first.Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", port, bus).Err(); i > 0 && err != nil {
			t.Fatal(err)
		}
	}
	formed(t, addrs)
	c.addrs = addrs
}

// formed waits until every node knows all others and that every slot is served.
func formed(t testing.TB, addrs []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, addr := range addrs {
		for {
			info := node(t, addr).ClusterInfo(ctx).Val()
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", masters)) {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("the cluster does not form: %s", info)
			}
			time.Sleep(20 * time.Millisecond) // other processes: nothing to wait on but their answers
		}
	}
}

func (c *clusterNodes) stop() {
	for _, cmd := range c.running {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if c.dir != "" {
		_ = os.RemoveAll(c.dir)
	}
}

// A master that is asked for keys of two slots in one call refuses, and counts it.
func TestNoCallCrossesSlots(t *testing.T) {
	addrs := cluster(t)
	s := open(t, Config{Addrs: addrs[:1]}) // as configured with a single seed
	if _, isCluster := s.client.(*redis.ClusterClient); isCluster {
		t.Fatal("one address is one server, unless it is said to be a cluster")
	}
	s = open(t, Config{Addrs: addrs[:1], Cluster: true})
	const partitions = 64
	for n := range int32(partitions) {
		f, err := s.Claim(t.Context(), n, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Live(t.Context(), n, f.Token); err != nil {
			t.Fatal(err)
		}
		b := Batch{Partition: n, Token: f.Token, Seq: 1}
		for i := range 30 { // more than one call
			student := fmt.Sprint("s", i)
			b.Views = append(b.Views, event.ViewOp{Student: student, View: &event.View{Profile: event.Profile{ID: student}}})
			for _, bucket := range event.Buckets {
				b.Feeds = append(b.Feeds, event.FeedOp{Student: student, Bucket: bucket, Replace: true, Add: entries(20, func(i int) int64 { return int64(i) })})
			}
		}
		b.Views = append(b.Views, event.ViewOp{Student: "gone"})
		if r, err := s.Apply(t.Context(), b); err != nil || r.Outcome != Applied {
			t.Fatalf("partition %d: %v, %v", n, r.Outcome, err)
		}
		if page, err := s.Page(t.Context(), n, "s7", event.Content, 100); err != nil || len(page) != 20 {
			t.Errorf("partition %d: %d entries, %v", n, len(page), err)
		}
		if _, err := s.View(t.Context(), n, "s7"); err != nil {
			t.Errorf("partition %d: %v", n, err)
		}
	}
	const perPartition = 1 + 30*4 // the fence, views and feeds
	var total int64
	for _, addr := range addrs {
		keys := node(t, addr).DBSize(t.Context()).Val()
		if total += keys; keys < partitions/masters/2*perPartition {
			t.Errorf("%s has %d keys: it has no fair share of the partitions", addr, keys)
		}
		stats := node(t, addr).Info(t.Context(), "errorstats").Val()
		if strings.Contains(stats, "CROSSSLOT") {
			t.Errorf("%s: %s", addr, stats)
		}
	}
	if total != partitions*perPartition {
		t.Errorf("%d keys, want %d", total, partitions*perPartition)
	}
}
