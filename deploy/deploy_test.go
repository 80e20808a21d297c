// Package deploy holds what containers are made from; its tests hold it to what
// the program and the project say.
package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tideline/engine/config"
)

// composition is what is checked of compose.yaml.
type composition struct {
	Services map[string]struct {
		Image       string         `yaml:"image"`
		Command     []string       `yaml:"command"`
		Environment map[string]any `yaml:"environment"`
		DependsOn   map[string]any `yaml:"depends_on"`
		Health      *struct {
			Test []string `yaml:"test"`
		} `yaml:"healthcheck"`
		Volumes []string `yaml:"volumes"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func compose(t *testing.T) (c composition) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// find gives the first group of a pattern in a file.
func find(t *testing.T, path, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(read(t, path))
	if found == nil {
		t.Fatalf("%s: no %s", path, pattern)
	}
	return found[1]
}

// The container's environment and compose's must together be a configuration
// that starts, and names every server that the image does not embed.
func TestTheContainersAreConfiguredCompletely(t *testing.T) {
	env := strings.Fields(find(t, "Containerfile", `(?m)^ENV (.*)$`))
	for name, value := range compose(t).Services["tideline"].Environment {
		text, _ := value.(string)
		if strings.HasPrefix(text, "${") {
			text = strings.Repeat("s", 32)
		}
		env = append(env, name+"="+text)
	}
	got, err := config.Load(config.Source{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Kafka.Brokers) == 0 || len(got.Redis.Addrs) == 0 || got.Mongo.URI == "" || got.Origins["instance"] == "" {
		t.Errorf("servers or the instance's name are missing: %v", got.Origins)
	}
}

func TestRedisKeepsFeedsCompact(t *testing.T) {
	command := compose(t).Services["redis"].Command
	if i := slices.Index(command, "--zset-max-listpack-entries"); i < 0 || command[i+1] != "256" {
		t.Errorf("command %q", command)
	}
}

func TestTheCompositionHoldsTogether(t *testing.T) {
	c := compose(t)
	for name, service := range c.Services {
		for other := range service.DependsOn {
			if c.Services[other].Health == nil {
				t.Errorf("%s waits for the health of %s, which nobody checks", name, other)
			}
		}
		for _, volume := range service.Volumes {
			if _, ok := c.Volumes[strings.Split(volume, ":")[0]]; !ok {
				t.Errorf("%s: no volume %s", name, volume)
			}
		}
	}
}

func TestVersionsAreTheTestedOnes(t *testing.T) {
	if image, tested := compose(t).Services["kafka"].Image, find(t, "kafka/pom.xml", `<version>(\d+\.\d+\.\d+)</version>`); image != "apache/kafka:"+tested {
		t.Errorf("compose runs %s, the tests %s", image, tested)
	}
	if image, module := find(t, "Containerfile", `FROM golang:(\S+)`), find(t, "../go.mod", `(?m)^go (\d+\.\d+)`); image != module {
		t.Errorf("the image is built by Go %s, go.mod says %s", image, module)
	}
}
