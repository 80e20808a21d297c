package streams

import (
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// balancer assigns partition n of all co-partitioned topics to one member, as
// one unit: no built-in cooperative strategy does. Units stay where they are as
// far as balance allows; the cooperative adjustment makes a unit that moves go
// through a round in which nobody has it.
type balancer struct {
	kgo.GroupBalancer // cooperative-sticky: member metadata and assignments are the same
	unit              []string
}

func newBalancer(unit []string) kgo.GroupBalancer {
	return &balancer{kgo.CooperativeStickyBalancer(), unit}
}

// listening tells everything this member is to own, at every generation, before
// the client acts on it.
type listening struct {
	kgo.GroupBalancer
	synced func(all map[string][]int32)
}

// ParseSyncAssignment reads what the leader's plan gives this member.
func (l *listening) ParseSyncAssignment(assignment []byte) (map[string][]int32, error) {
	all, err := l.GroupBalancer.ParseSyncAssignment(assignment)
	if err == nil {
		l.synced(all)
	}
	return all, err
}

// ProtocolName differs from the strategy it borrows from: mixing the two would tear units apart.
func (*balancer) ProtocolName() string { return "tideline-copartitioned" }

func (b *balancer) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	consumer, err := kgo.NewConsumerBalancer(b, members)
	if err != nil {
		return nil, nil, err
	}
	return consumer, consumer.MemberTopics(), nil
}

// Balance plans one generation.
func (x *balancer) Balance(b *kgo.ConsumerBalancer, partitions map[string]int32) kgo.IntoSyncAssignment {
	owned := map[string]claims{} // topic of the unit -> unit -> member and generation
	var members []string
	byID := map[string]*kmsg.JoinGroupResponseMember{}
	b.EachMember(func(member *kmsg.JoinGroupResponseMember, meta *kmsg.ConsumerMemberMetadata) {
		members = append(members, member.MemberID)
		byID[member.MemberID] = member
		for _, topic := range meta.OwnedPartitions {
			for _, n := range topic.Partitions {
				if owned[topic.Topic] == nil {
					owned[topic.Topic] = claims{}
				}
				owned[topic.Topic].claim(n, member.MemberID, meta.Generation)
			}
		}
	})
	plan := b.NewPlan()
	assign := func(lead string, with []string) {
		for member, units := range distribute(members, owned[lead], partitions[lead]) {
			for _, topic := range with {
				plan.AddPartitions(byID[member], topic, slices.Clone(units))
			}
		}
	}
	assign(x.unit[0], x.unit)
	for topic := range partitions {
		if !slices.Contains(x.unit, topic) {
			assign(topic, []string{topic})
		}
	}
	plan.AdjustCooperative(b)
	return plan
}

// claims says who last owned each unit.
type claims map[int32]claim

type claim struct {
	member     string
	generation int32
}

// claim keeps the newest claim: a member that missed rebalances may claim what others got since.
func (c claims) claim(unit int32, member string, generation int32) {
	if old, ok := c[unit]; !ok || generation > old.generation {
		c[unit] = claim{member, generation}
	}
}

// distribute spreads units 0..n-1 evenly, within one, moving as few as it must.
func distribute(members []string, owned claims, n int32) map[string][]int32 {
	slices.SortFunc(members, strings.Compare)
	plan := make(map[string][]int32, len(members))
	for _, m := range members {
		plan[m] = nil
	}
	var free []int32
	for unit := range n {
		if _, present := plan[owned[unit].member]; present && owned[unit].member != "" {
			plan[owned[unit].member] = append(plan[owned[unit].member], unit)
		} else {
			free = append(free, unit)
		}
	}
	share, extra := int(n)/len(members), int(n)%len(members)
	// Those who have most may keep the odd ones.
	order := slices.SortedStableFunc(maps.Keys(plan), func(a, b string) int {
		if d := len(plan[b]) - len(plan[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	target := map[string]int{}
	for i, m := range order {
		target[m] = share
		if i < extra {
			target[m]++
		}
		if over := len(plan[m]) - target[m]; over > 0 {
			keep := len(plan[m]) - over
			free = append(free, plan[m][keep:]...)
			plan[m] = plan[m][:keep]
		}
	}
	slices.Sort(free)
	for _, m := range order {
		missing := min(target[m]-len(plan[m]), len(free))
		plan[m] = append(plan[m], free[:missing]...)
		free = free[missing:]
	}
	return plan
}
