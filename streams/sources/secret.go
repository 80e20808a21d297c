package sources

import (
	"fmt"
	"os"
	"strings"
)

// Secret is where a secret is to be found: never in the configuration itself.
type Secret struct {
	Env  string `yaml:"env"`  // name of an environment variable
	File string `yaml:"file"` // path of a file
}

// Read gives the secret. The error says where it was looked for, not what was found.
func (s Secret) Read() (string, error) {
	switch {
	case (s.Env == "") == (s.File == ""):
		return "", fmt.Errorf("say one of env and file")
	case s.Env != "":
		if value := strings.TrimSpace(os.Getenv(s.Env)); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("the environment variable %s is empty", s.Env)
	}
	data, err := os.ReadFile(s.File)
	if err != nil {
		return "", err
	}
	if value := strings.TrimSpace(string(data)); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("the file %s is empty", s.File)
}
