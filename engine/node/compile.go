package node

import (
	"sync"

	"tideline/engine/skills"
	"tideline/rulesets"
)

// compiler remembers what it compiled, so that the partitions of a process
// compile a ruleset once and share it.
type compiler struct {
	mu   sync.Mutex
	sets map[[2]string]*rulesets.Set // by name and source
}

func newCompiler() *compiler { return &compiler{sets: map[[2]string]*rulesets.Set{}} }

func (c *compiler) compile(name, source string) (*rulesets.Set, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{name, source}
	if set := c.sets[key]; set != nil {
		return set, nil
	}
	set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: skills.Normalize})
	if set == nil {
		return nil, problems.Err()
	}
	if len(c.sets) >= maxCompiled {
		clear(c.sets)
	}
	c.sets[key] = set
	return set, nil
}

// maxCompiled bounds what is remembered: several rulesets, and versions that came and went.
const maxCompiled = 64
