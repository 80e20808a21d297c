package streams

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// group plays the group coordinator: what everybody owns, and one round of balancing.
type group map[string]map[string][]int32

func (g group) rebalance(t *testing.T, generation int32) {
	t.Helper()
	b := newBalancer(copartitioned)
	var members []kmsg.JoinGroupResponseMember
	interests := slices.Concat(copartitioned, routed)
	counts := map[string]int32{Opportunities: OpportunityPartitions, Rulesets: 1}
	for _, topic := range copartitioned {
		counts[topic] = 8
	}
	for _, id := range slices.Sorted(maps.Keys(g)) {
		m := kmsg.NewJoinGroupResponseMember()
		m.MemberID = id
		m.ProtocolMetadata = b.JoinGroupMetadata(interests, g[id], generation)
		members = append(members, m)
	}
	balancing, _, err := b.MemberBalancer(members)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := balancing.(kgo.GroupMemberBalancerOrError).BalanceOrError(counts)
	if err != nil {
		t.Fatal(err)
	}
	owner := map[string]string{} // before this round
	for id, topics := range g {
		for topic, partitions := range topics {
			for _, n := range partitions {
				owner[fmt.Sprint(topic, n)] = id
			}
		}
	}
	for _, a := range plan.IntoSyncAssignment() {
		parsed, err := b.ParseSyncAssignment(a.MemberAssignment)
		if err != nil {
			t.Fatal(err)
		}
		for topic, partitions := range parsed {
			for _, n := range partitions {
				if before := owner[fmt.Sprint(topic, n)]; before != "" && before != a.MemberID {
					t.Errorf("%s[%d] goes to %s while %s has it", topic, n, a.MemberID, before)
				}
			}
		}
		g[a.MemberID] = parsed
	}
	g.check(t)
}

// check holds at every step: a unit is whole, and has one owner.
func (g group) check(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for id, topics := range g {
		for _, topic := range copartitioned[1:] {
			if !slices.Equal(topics[topic], topics[copartitioned[0]]) {
				t.Errorf("%s owns %v: units torn apart", id, topics)
			}
		}
		for topic, partitions := range topics {
			for _, n := range partitions {
				if key := fmt.Sprint(topic, n); seen[key] {
					t.Errorf("%s has two owners", key)
				} else {
					seen[key] = true
				}
			}
		}
	}
}

func (g group) counts(topic string) []int {
	var counts []int
	for _, topics := range g {
		counts = append(counts, len(topics[topic]))
	}
	slices.Sort(counts)
	return counts
}

func TestUnitsMoveWholeEvenlyAndInTwoRounds(t *testing.T) {
	g := group{"a": nil}
	g.rebalance(t, 1)
	if got := g.counts(Profiles); !slices.Equal(got, []int{8}) {
		t.Fatalf("alone: %v", got)
	}
	g["b"] = nil
	g.rebalance(t, 2)
	if got := g.counts(Profiles); !slices.Equal(got, []int{0, 4}) {
		t.Fatalf("in the first round nobody has what moves: %v", got)
	}
	g.rebalance(t, 3)
	if got := g.counts(Profiles); !slices.Equal(got, []int{4, 4}) {
		t.Fatalf("two members: %v", got)
	}
	before := slices.Clone(g["a"][Profiles])
	g["c"] = nil
	g.rebalance(t, 4)
	g.rebalance(t, 5)
	if got := g.counts(Profiles); !slices.Equal(got, []int{2, 3, 3}) {
		t.Fatalf("three members: %v", got)
	}
	for _, n := range g["a"][Profiles] {
		if !slices.Contains(before, n) {
			t.Errorf("%d came to a, who had %v: it moved for nothing", n, before)
		}
	}
	delete(g, "b")
	g.rebalance(t, 6)
	g.rebalance(t, 7)
	if got := g.counts(Profiles); !slices.Equal(got, []int{4, 4}) {
		t.Fatalf("one left: %v", got)
	}
	if got := g.counts(Opportunities); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("opportunities: %v", got)
	}
	if got := g.counts(Rulesets); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("rulesets: %v", got)
	}
}

func TestAStaleClaimDoesNotCount(t *testing.T) {
	c := claims{}
	c.claim(1, "new", 5)
	c.claim(1, "old", 3)
	if c[1].member != "new" {
		t.Errorf("claim %+v", c[1])
	}
}
