package command

import (
	"os"

	"tideline/engine/config"
	"tideline/engine/skills"
	"tideline/rulesets"
	"tideline/rulesets/templates"
)

// loadTexts gives what people are told: the shipped texts and, over them, those
// of a directory, if there is one.
func loadTexts(dir string) (*templates.Texts, error) {
	if dir == "" {
		return templates.Load(templates.Shipped)
	}
	return templates.Load(os.DirFS(dir))
}

// ownTexts is loadTexts of a configuration.
func ownTexts(c config.Config) (*templates.Texts, error) {
	texts, err := loadTexts(c.Rulesets.Texts)
	if err != nil && c.Rulesets.Texts != "" {
		err = configError{err}
	}
	return texts, err
}

// compileOptions are those of every command and of the engine. Which texts there
// are is for who has them: nil does not ask.
func compileOptions(texts *templates.Texts) rulesets.Options {
	options := rulesets.Options{Normalize: skills.Normalize}
	if texts != nil {
		options.Template = texts.Has
	}
	return options
}
