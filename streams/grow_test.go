package streams

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAnEmptyCandidatesTopicOfOldGrows(t *testing.T) {
	for name, written := range map[string]bool{"empty": false, "in use": true} {
		t.Run(name, func(t *testing.T) {
			config, _ := brokers(t)
			cl := client(t, config)
			admin := kadm.NewClient(cl)
			if _, err := admin.CreateTopic(t.Context(), 2, 1, map[string]*string{policy: new("compact")}, Candidates); err != nil {
				t.Fatal(err)
			}
			if written {
				if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: Candidates, Key: []byte("k")}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			_, err := EnsureTopics(t.Context(), config, students, 0, 1, quietly)
			if !written && err != nil {
				t.Error(err)
			}
			if written && (err == nil || !strings.Contains(err.Error(), "topic candidates has 2 partitions")) {
				t.Errorf("in use: %v", err)
			}
		})
	}
}
