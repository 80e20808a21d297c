package streams

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

func TestProducersPutRecordsWhereKafkaWould(t *testing.T) {
	c, _ := brokers(t)
	ensure(t, c)
	p := producer(t, c)
	hasher := kgo.StickyKeyPartitioner(nil).ForTopic(Profiles)
	for i := range 50 {
		id := fmt.Sprint("student-", i)
		if err := p.PutProfile(t.Context(), event.Profile{ID: id}); err != nil {
			t.Fatal(err)
		}
		if want := hasher.Partition(&kgo.Record{Key: []byte(id)}, students); int32(want) != event.Partition(id, students) {
			t.Fatalf("%s: Kafka's default is %d, ours %d", id, want, event.Partition(id, students))
		}
	}
	for _, in := range log(t, c, Profiles) {
		if in.Partition != event.Partition(string(in.Key), students) {
			t.Errorf("%s is in partition %d", in.Key, in.Partition)
		}
	}
}
