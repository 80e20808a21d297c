package streams

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// Record is one record to be produced.
type Record struct {
	topic     string
	partition int32 // -1: Kafka's default, by near, or by key where that is empty
	near      string
	key       []byte
	value     []byte
	headers   []kgo.RecordHeader
}

// maxDeadLetter leaves room for the headers in a record of Kafka's default size limit.
const maxDeadLetter = 900_000

// DeadLetter keeps a record that cannot be processed: raw key and value, the
// reason, and where it came from. A key or value that would not fit any more
// with the headers is cut; then key_bytes or value_bytes says how long it was.
// A dead letter that cannot be written would stop its partition for good.
func DeadLetter(in Input, code, message string) Record {
	r := Record{topic: DeadLetters, partition: -1, key: in.Key, value: in.Value}
	r.headers = append(cloudEvent("tideline.dead-letter.v1", in.Time),
		header("reason", code), header("message", clip(message, 8192)),
		header("origin_topic", in.Topic), header("origin_partition", strconv.Itoa(int(in.Partition))),
		header("origin_offset", strconv.FormatInt(in.Offset, 10)),
		header("origin_time", in.Time.UTC().Format(time.RFC3339Nano)))
	if in.ID != "" {
		r.headers = append(r.headers, header("origin_id", clip(in.ID, 256)))
	}
	if len(in.Key) > maxDeadLetter {
		r.key = in.Key[:maxDeadLetter]
		r.headers = append(r.headers, header("key_bytes", strconv.Itoa(len(in.Key))))
	}
	if room := maxDeadLetter - len(r.key); len(in.Value) > room {
		r.value = in.Value[:room]
		r.headers = append(r.headers, header("value_bytes", strconv.Itoa(len(in.Value))))
	}
	return r
}

func clip(s string, limit int) string {
	return strings.ToValidUTF8(s[:min(len(s), limit)], "")
}

// EngineState is one fact of a student partition; a nil value ends it. It
// carries no CloudEvents headers: only the engine reads it, and they would be
// most of its bytes.
func EngineState(partition int32, key string, value []byte) Record {
	return Record{topic: State, partition: partition, key: []byte(key), value: value}
}

// FanoutTo is a record to one student partition.
func FanoutTo(partition int32, f event.Fanout) Record { return fanoutTo(partition, f.Encode()) }

func fanoutTo(partition int32, value []byte) Record {
	return Record{topic: Fanout, partition: partition, value: value, headers: cloudEvent("tideline.fanout.v1", time.Now())}
}

// erasureHeader names the erasure that a null in signals is about.
const erasureHeader = "tideline_erasure"

// SignalsVoid tells the signals of a student partition that what a student
// has said there so far was said before an erasure.
func SignalsVoid(partition int32, student string, erasure int64) Record {
	headers := append(cloudEvent("tideline.signals.erased.v1", time.Now()), header(erasureHeader, strconv.FormatInt(erasure, 10)))
	return Record{topic: Signals, partition: partition, key: []byte(student), headers: headers}
}

// published is a record that the API, the command line or a source writes.
func published(topic, kind, key string, value []byte) Record {
	return Record{topic: topic, partition: -1, key: []byte(key), value: value, headers: cloudEvent(kind, time.Now())}
}

// cloudEvent gives the headers of the CloudEvents Kafka binding, binary mode.
func cloudEvent(kind string, at time.Time) []kgo.RecordHeader {
	id, err := uuid.NewV7()
	if err != nil { // the system has no randomness
		id = uuid.New()
	}
	return []kgo.RecordHeader{
		header("ce_specversion", "1.0"), header("ce_id", id.String()), header("ce_source", "tideline"),
		header("ce_type", kind), header("ce_time", at.UTC().Format(time.RFC3339Nano)),
		header("content-type", "application/json"),
	}
}

func header(key, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: []byte(value)}
}

// counts knows how many partitions each topic has.
type counts struct{ students int }

func (c counts) of(topic string) int {
	for _, t := range topics() {
		if t.name == topic && t.partitions > 0 {
			return t.partitions
		}
	}
	return c.students
}

// place turns a record into the client's form, on its partition.
func (c counts) place(r Record) *kgo.Record {
	partition := r.partition
	if partition < 0 {
		partition = event.Partition(cmp.Or(r.near, string(r.key)), c.of(r.topic))
	}
	return &kgo.Record{Topic: r.topic, Partition: partition, Key: r.key, Value: r.value, Headers: r.headers}
}

func input(r *kgo.Record) Input {
	in := Input{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Time: r.Timestamp}
	for _, h := range r.Headers {
		switch h.Key {
		case "ce_id":
			in.ID = string(h.Value)
		case "ce_time":
			if t, err := time.Parse(time.RFC3339, string(h.Value)); err == nil {
				in.Time = t
			}
		case erasureHeader:
			in.Erasure, _ = strconv.ParseInt(string(h.Value), 10, 64) // of somebody else's making: none
		}
	}
	return in
}

// Input is the record as who reads it sees it, without its place.
func (r Record) Input() Input {
	return input(&kgo.Record{Topic: r.topic, Key: r.key, Value: r.value, Headers: r.headers})
}

// Parts gives what the record will be: partition -1 stands for Kafka's default
// by key, of candidates by the job's id.
func (r Record) Parts() (topic string, partition int32, key, value []byte) {
	return r.topic, r.partition, r.key, r.value
}
