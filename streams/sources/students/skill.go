package students

import (
	"strings"

	"tideline/engine/event"
	"tideline/engine/skills"
)

// implied is what someone who works with a framework or platform necessarily
// uses: the survey's answers name frameworks, postings mostly name languages.
// Keys and values are canonical spellings.
var implied = map[string][]string{
	"angular":           {"typescript", "frontend development"},
	"asp.net":           {"c#", ".net"},
	"astro":             {"javascript"},
	"aws":               {"cloud computing"},
	"azure":             {"cloud computing"},
	"blazor":            {"c#", ".net"},
	"codeigniter":       {"php"},
	"django":            {"python", "backend development"},
	"drupal":            {"php"},
	"express":           {"javascript", "node.js", "backend development"},
	"fastapi":           {"python", "backend development"},
	"fastify":           {"javascript", "node.js"},
	"flask":             {"python", "backend development"},
	"gatsby":            {"javascript", "react"},
	"google cloud":      {"cloud computing"},
	"jquery":            {"javascript", "html", "css"},
	"laravel":           {"php", "backend development"},
	"nestjs":            {"typescript", "node.js", "backend development"},
	"next.js":           {"javascript", "react", "frontend development"},
	"node.js":           {"javascript"},
	"nuxt.js":           {"javascript", "vue.js"},
	"openshift":         {"kubernetes"},
	"phoenix framework": {"elixir"},
	"react":             {"javascript", "html", "css", "frontend development"},
	"remix":             {"javascript", "react"},
	"ruby on rails":     {"ruby", "backend development"},
	"solid.js":          {"javascript"},
	"spring":            {"java", "backend development"},
	"svelte":            {"javascript", "html", "css", "frontend development"},
	"symfony":           {"php"},
	"vue.js":            {"javascript", "html", "css", "frontend development"},
	"wordpress":         {"php", "web development"},
	"yii":               {"php"},
}

// occupations is what a kind of developer does.
var occupations = map[string][]string{
	"Academic Researcher":     {"research"},
	"Back-End Developer":      {"software engineering", "backend development", "web development"},
	"Blockchain Developer":    {"software engineering", "blockchain"},
	"Cloud Engineer":          {"cloud computing", "devops"},
	"Cyber Security":          {"cybersecurity"},
	"Data Analyst":            {"data analysis", "sql"},
	"Data Engineer":           {"data engineering", "sql"},
	"Data Science/ML":         {"data science", "machine learning", "python"},
	"Databases Administrator": {"databases", "sql"},
	"DevOps Engineer":         {"devops", "linux"},
	"Front-End Developer":     {"software engineering", "frontend development", "web development"},
	"Full-Stack Developer":    {"software engineering", "full stack development", "web development"},
	"Game Developer":          {"software engineering", "game development"},
	"Hardware Engineer":       {"hardware engineering", "embedded systems"},
	"ML Engineer":             {"machine learning", "artificial intelligence", "python"},
	"Mobile App Developer":    {"software engineering", "mobile development"},
	"Professional Researcher": {"research"},
	"Project Manager":         {"project management"},
	"QA Engineer":             {"software testing", "test automation"},
	"Sales Professional":      {"sales"},
	"Software Engineer":       {"software engineering"},
	"System Administrator":    {"system administration", "linux"},
	"UI/UX Designer":          {"user interface design", "user experience design"},
}

// skills gives what the respondent named, then what the occupation adds, then
// what follows from what was named, each once, at most as many as a profile may
// hold. Platforms count one level less than frameworks: one uses a platform,
// but builds with a framework.
func (a answer) skills() []event.Skill {
	var list []event.Skill
	have := map[string]bool{}
	add := func(name string, level int) {
		if !have[name] && len(list) < event.MaxSkills {
			have[name] = true
			list = append(list, event.Skill{Name: name, Level: level})
		}
	}
	level := a.level()
	for _, framework := range a.Frameworks {
		if skills.Known(framework) {
			add(skills.Normalize(framework), level)
		}
	}
	for _, platform := range a.Platforms {
		if skills.Known(platform) { // "Managed Hosting" is none
			add(skills.Normalize(platform), max(level-1, 1))
		}
	}
	for _, name := range occupations[a.DevType] {
		add(name, level)
	}
	for _, named := range list {
		for _, name := range implied[named.Name] {
			add(name, named.Level)
		}
	}
	return list
}

// level is 1 to 5: how the respondent writes code, one up with a master's
// degree or higher, one down under 18.
func (a answer) level() int {
	level := 2
	switch {
	case strings.HasPrefix(a.Branch, "I am a developer"):
		level = 4
	case strings.HasPrefix(a.Branch, "I used to be"), strings.Contains(a.Branch, "hobby"):
		level = 3
	}
	if strings.HasPrefix(a.Education, "Master") || strings.HasPrefix(a.Education, "Professional") {
		level++
	}
	if strings.HasPrefix(a.Age, "Under 18") {
		level--
	}
	return min(max(level, 1), event.MaxLevel)
}
