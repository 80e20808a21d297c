package match

import (
	"strings"
	"sync"
)

// Dictionary gives skills, locations and features small numbers, one per
// distinct text, for the life of the process. It is safe for concurrent use.
type Dictionary struct {
	normalize func(string) string // of skills

	mu    sync.RWMutex
	ids   map[string]uint32
	names []string
	raw   map[string]uint32 // skill as written -> id of its normal form; saves normalising again
}

// NewDictionary returns an empty dictionary. Normalize gives the canonical
// spelling of a skill.
func NewDictionary(normalize func(string) string) *Dictionary {
	return &Dictionary{normalize: normalize, ids: map[string]uint32{}, raw: map[string]uint32{}}
}

// maxRaw bounds the memory that odd spellings can take.
const maxRaw = 1 << 16

// skill numbers a skill by its canonical spelling.
func (d *Dictionary) skill(name string) uint32 {
	d.mu.RLock()
	id, known := d.raw[name]
	d.mu.RUnlock()
	if known {
		return id
	}
	id = d.id(d.normalize(name))
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.raw) < maxRaw {
		d.raw[strings.Clone(name)] = id
	}
	return id
}

// needPrefix begins the text of a need. No skill begins so: normal forms have no control characters.
const needPrefix = "\x1fneed\x1f"

// need numbers the need for a skill: students have it who have a gap there, and
// content asks for it that is about the skill.
func (d *Dictionary) need(skill uint32) uint32 { return d.id(needPrefix + d.name(skill)) }

// named gives a skill's name, or that of the skill that is needed.
func (d *Dictionary) named(id uint32) (skill string, need bool) {
	return strings.CutPrefix(d.name(id), needPrefix)
}

// Canonical gives the canonical spelling of a skill.
func (d *Dictionary) Canonical(skill string) string { return d.name(d.skill(skill)) }

// location numbers a place, compared trimmed, in lower case, with single blanks.
func (d *Dictionary) location(name string) uint32 { return d.id(fold(name)) }

func (d *Dictionary) id(text string) uint32 {
	d.mu.RLock()
	id, known := d.ids[text]
	d.mu.RUnlock()
	if known {
		return id
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, known := d.ids[text]; known {
		return id
	}
	text = strings.Clone(text)
	id = uint32(len(d.names))
	d.ids[text] = id
	d.names = append(d.names, text)
	return id
}

// name gives back the text of a number.
func (d *Dictionary) name(id uint32) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.names[id]
}

// Skills names the skills an opportunity asks for, or is about.
func (d *Dictionary) Skills(o *Opportunity) []string {
	names := make([]string, 0, len(o.skills))
	for _, r := range o.skills {
		if name, need := d.named(r.skill); !need {
			names = append(names, name)
		}
	}
	return names
}

// fold trims, lowers and makes every run of white space one blank.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
