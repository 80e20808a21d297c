package devpost

// themes says in words the vocabulary knows what a theme is about. An empty
// text is about no skill. Themes that are not here are read like a title.
var themes = map[string]string{
	"AR/VR":                      "augmented reality, virtual reality",
	"Beginner Friendly":          "",
	"Communication":              "",
	"Design":                     "user experience design",
	"E-commerce/Retail":          "e-commerce",
	"Education":                  "edtech",
	"Enterprise":                 "",
	"Gaming":                     "game development",
	"Health":                     "healthcare",
	"IoT":                        "internet of things",
	"Lifehacks":                  "",
	"Low/No Code":                "low-code",
	"Machine Learning/AI":        "machine learning, artificial intelligence",
	"Mobile":                     "mobile development",
	"Music/Art":                  "",
	"Open Ended":                 "",
	"Productivity":               "",
	"Quantum":                    "quantum computing",
	"Social Good":                "",
	"Voice skills":               "voice assistants",
	"Web":                        "web development",
	"Robotic Process Automation": "robotic process automation",
}

func themeText(name string) string {
	if words, ok := themes[name]; ok {
		return words
	}
	return name
}
