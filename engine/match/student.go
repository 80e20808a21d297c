package match

import (
	"math"
	"slices"

	"tideline/engine/event"
)

// Student is a student ready for matching, a few dozen bytes beside the skills.
type Student struct {
	skills    []uint32 // skill number << 3 | level, sorted
	locations []uint32 // sorted; empty: anywhere
	extras    *extras  // nil for most
	career    int8     // 0..100; -1 unknown
	activity  int8     // 0..100; -1 unknown
	interview int8     // 0..100; -1 unknown
	ability   int8     // what follows from career and interview: 0..100; -1 unknown
	year      uint8    // graduation year - 2000 + 1; 0 unknown
	remote    bool     // accepts remote work
	seeking   bool     // open to work
}

// extras is what only students have who sent signals.
type extras struct {
	ignored []event.Member // sorted
	weights map[uint32]float64
}

const levelBits = 3

func compileStudent(dict *Dictionary, p event.Profile) Student {
	s := Student{
		career: int8(whole(p.AIProfile.CareerScore)), activity: int8(whole(p.AIProfile.ActivityScore)),
		interview: int8(whole(p.AIProfile.InterviewScore)), remote: p.AcceptsRemote(), seeking: p.OpenToWork,
	}
	s.ability = ability(s.career, s.interview)
	if p.GraduationYear != 0 {
		s.year = uint8(p.GraduationYear - 2000 + 1)
	}
	for _, skill := range p.Skills {
		s.skills = append(s.skills, dict.skill(skill.Name)<<levelBits|uint32(skill.Level))
	}
	for _, gap := range p.Gaps {
		if level := needed(gap.Severity); level > 0 {
			s.skills = append(s.skills, dict.need(dict.skill(gap.Skill))<<levelBits|level)
		}
	}
	slices.Sort(s.skills)
	s.skills = highest(s.skills)
	for _, l := range p.Locations {
		s.locations = append(s.locations, dict.location(l))
	}
	slices.Sort(s.locations)
	s.locations = slices.Clip(slices.Compact(s.locations))
	return s
}

// needed is a gap's severity, 0..1, as the level of a need.
func needed(severity float64) uint32 { return uint32(math.Ceil(severity * event.MaxLevel)) }

// ability is what is compared with an opportunity's difficulty: the career score,
// to a quarter how interviews went, or the one of the two that is known.
func ability(career, interview int8) int8 {
	switch {
	case interview < 0:
		return career
	case career < 0:
		return interview
	}
	return int8((3*int(career) + int(interview) + 2) / 4)
}

// highest keeps, of the entries of one skill in a sorted list, the last.
func highest(skills []uint32) []uint32 {
	kept := skills[:0]
	for i, s := range skills {
		if i+1 < len(skills) && skills[i+1]>>levelBits == s>>levelBits {
			continue
		}
		kept = append(kept, s)
	}
	return slices.Clip(kept)
}

// profile gives back what matching knows of a student.
func (s *Student) profile(dict *Dictionary, id string) event.Profile {
	p := event.Profile{ID: id, OpenToWork: s.seeking}
	for _, packed := range s.skills {
		if name, need := dict.named(packed >> levelBits); !need {
			p.Skills = append(p.Skills, event.Skill{Name: name, Level: int(packed & (1<<levelBits - 1))})
		}
	}
	slices.SortFunc(p.Skills, func(a, b event.Skill) int { return compareText(a.Name, b.Name) })
	if s.year != 0 {
		p.GraduationYear = int(s.year) + 2000 - 1
	}
	for _, l := range s.locations {
		p.Locations = append(p.Locations, dict.name(l))
	}
	slices.Sort(p.Locations)
	if !s.remote {
		p.Remote = new(false)
	}
	p.AIProfile = event.AIProfile{CareerScore: score(s.career), ActivityScore: score(s.activity), InterviewScore: score(s.interview)}
	return p
}

func score(v int8) *float64 {
	if v < 0 {
		return nil
	}
	return new(float64(v))
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// level of a skill, 0 when the student does not have it.
func (s *Student) level(skill uint32) int {
	at, _ := slices.BinarySearch(s.skills, skill<<levelBits)
	if at < len(s.skills) && s.skills[at]>>levelBits == skill {
		return int(s.skills[at] & (1<<levelBits - 1))
	}
	return 0
}

func (s *Student) ignores(m event.Member) bool {
	if s.extras == nil {
		return false
	}
	_, found := slices.BinarySearch(s.extras.ignored, m)
	return found
}

func (s *Student) weighted() bool { return s.extras != nil && len(s.extras.weights) > 0 }
