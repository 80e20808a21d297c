package skills

import (
	"slices"
	"strings"
	"testing"
)

func TestExtract(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		"Software Engineer Intern - Java":    "java, software engineering",
		"C++/C# developer":                   "c#, c++",
		"Modern C++17 and ASP.NET Core":      "asp.net, c++",
		"Senior .NET or Node.js, Next.js.":   ".net, next.js, node.js",
		"Embedded Software Engineer (C/C++)": "c, c++, embedded systems",
		"Machine Learning/AI":                "artificial intelligence, machine learning",
		"CI/CD with Kubernetes":              "ci/cd, kubernetes",
		"Full-Stack Web Developer":           "full stack development, web development",
		"JavaScript is not Java":             "javascript",
		"Javanese and Scalable Pythonista":   "",
		"UI/UX Design Intern":                "user experience design",
		"R&D Engineer":                       "research",
		"Java (Spring Boot), PostgreSQL":     "java, postgresql, spring",
		"data science, Data Scientist":       "data science",
		"Kubernetes's operators":             "kubernetes",
		"machine, learning":                  "",
	} {
		check(t, text, want)
	}
}

func TestExtractTakesAmbiguousWordsOnlyInContext(t *testing.T) {
	for text, want := range map[string]string{
		// C
		"Man-Computer Symbiosis, J. C. R. Licklider": "",
		"A library written in C":                     "c",
		"USB-C and Bill C-22 at 45°C":                "",
		"Vitamin C and Series C":                     "",
		"the C compiler, C programmers":              "c, compilers",
		"Intel(C) Software Engineer":                 "software engineering",
		"Software Engineer (C)":                      "c, software engineering",
		"C&C of the Python":                          "python",
		// R
		"Too many R packages":               "r",
		"H.R. 6028 passed":                  "",
		"Philip K. Dick by R. Crumb":        "",
		"R, Python and SQL":                 "python, r, sql",
		"Internet of R things":              "",
		"Intel(R) Software Engineer Intern": "software engineering",
		// Go
		"Successful Companies Go Blind":   "",
		"How to go with the flow":         "",
		"Pokémon Go for cats":             "",
		"Go 1.27 released":                "go",
		"Generic methods in Go":           "go",
		"ready to go, Python":             "go, python", // a list vouches; the price of lower-case tag lists
		"Golang maps":                     "go",
		"We use Go.":                      "go",
		"Go is a plus":                    "go",
		"You know R, we write C":          "c, r",
		"Some knowledge of C":             "c",
		"We go the extra mile":            "",
		"use this to go far":              "",
		"Vitamin C is essential":          "",
		"Backend Engineer - Go":           "backend development, go",
		"Go, Rust and Swift":              "go, rust, swift",
		"GTM Intern (Go-To-Market)":       "go-to-market",
		"Go to the Python meetup in a go": "python",
		// Swift, Rust
		"A swift response":                  "",
		"Rebuilding our engine in Swift":    "swift",
		"Swift Transportation Intern":       "",
		"Rust Belt towns; rust on the door": "",
		"Rust CLI to query databases":       "databases, rust",
		// Spring
		"Software Engineering Intern - Spring 2025":  "software engineering",
		"Data Science, Spring":                       "data science",
		"Software Engineer, Spring Internship, Java": "java, software engineering",
		"Java/Spring Intern":                         "java",
		"Java, Spring, SQL":                          "java, spring, sql",
		"Java/Spring backend":                        "backend development, java, spring",
		"Spring":                                     "",
		// others
		"American Express Software Engineer": "software engineering",
		"Express, Node.js and MongoDB":       "mongodb, node.js",
		"Excel at what you do":               "",
		"Excel skills":                       "excel",
		"How people react to change":         "",
		"How People React to Change":         "",
		"USB-C, Go faster":                   "",
		"React Developer":                    "react",
		"IT Intern":                          "information technology",
		"Is it in?":                          "",
		"T-Mobile Intern":                    "",
		"Mobile Intern":                      "mobile development",
		"Intern - Security - Summer 2024":    "cybersecurity",
		"Social Security reform":             "",
		"Data center water use":              "",
		"a 10 ml bottle, the ML Intern":      "machine learning",
		"SAS, sas":                           "sas",
		"SAP":                                "sap",
		"rust":                               "",
		"Rust":                               "rust",
	} {
		check(t, text, want)
	}
}

func TestExtractReadsRowsOfWords(t *testing.T) {
	for text, want := range map[string]string{
		// a plural role is its singular, whichever the table holds
		"Site Reliability Engineers; Backend Engineers": "backend development, site reliability engineering",
		"Product Designers":                             "user experience design",
		// a role after other words with capitals
		"Security Platform Engineer":          "cybersecurity, platform engineering",
		"Senior Security Tooling Intern":      "cybersecurity",
		"Security of one Engineer":            "",
		"Security, Front Team":                "cybersecurity", // alone between marks
		"Campus Safety and Security Intern":   "",
		"Security Clearance for the Engineer": "",
		// tags and themes
		"Our Jam ; Education ; Health":               "education, healthcare",
		"Education: a degree. Health, education":     "",
		"Photoshop ; Illustrator ; Figma":            "figma, illustrator, photoshop",
		"sql ; excel ; communication":                "communication, excel, sql",
		"Know Java; excel at teamwork":               "java",
		"Java ; Spring ; SQL":                        "java, spring, sql",
		"Data Science ; Spring":                      "data science",
		"Data Science ; Spring Internship ; Fall":    "data science",
		"AI Research Fellow":                         "artificial intelligence, research",
		"Social Justice Hackathon":                   "",
		"A campaign manager, Social":                 "social media marketing",
		"Spacecraft Operations":                      "aerospace engineering",
		"Finance Operations":                         "finance, operations management",
		"a smooth operations team, no ads":           "",
		"A tour of the Zig programming language":     "zig",
		"Course on Compilers, Programming Languages": "compilers",
	} {
		check(t, text, want)
	}
}

func TestExtractTakesLanguagesThatCoursesAndPosts(t *testing.T) {
	for text, want := range map[string]string{
		"Learn Rust from zero":          "rust",
		"Swift for Beginners":           "swift",
		"Swift for the tired":           "",
		"Dart Course with exercises":    "dart",
		"Build it with Swift 5":         "swift",
		"Everything in Swift 5 and Git": "git, swift",
		"Go 10 miles":                   "",
		"Unity 6":                       "unity",
		"Rust 2026 in review":           "",
		"From C to Rust":                "c, rust",
		"rust to Swift answers":         "",
		"from rust to swift answers":    "",
		"Zig, and Rust":                 "rust, zig",
		"zig, and rust":                 "",
	} {
		check(t, text, want)
	}
}

func TestExtractLeavesOutWhatIsNegated(t *testing.T) {
	for text, want := range map[string]string{
		"No Java needed":                              "",
		"Python role, no Java needed":                 "python",
		"No prior experience with Java or SQL":        "",
		"Java is not required":                        "",
		"Java or Python experience not required, SQL": "sql",
		"No Java needed, Python required":             "python",
		"Java required, Python not required":          "java",
		"Java but not Python":                         "java",
		"Not only Java but Python":                    "java, python",
		"You don't need to know Java":                 "",
		"non-Java":                                    "",
		"No-code AI hackathon":                        "artificial intelligence, low-code",
		"No Sponsorship - Java":                       "java",
		"No Java. Java!":                              "java",
		"Docker, Go, no K8s":                          "docker, go",
		"AI will not be needed":                       "",
	} {
		check(t, text, want)
	}
}

func check(t *testing.T, text, want string) {
	t.Helper()
	if got := strings.Join(Extract(text), ", "); got != want {
		t.Errorf("Extract(%q)\n got %q\nwant %q", text, got, want)
	}
}

func TestEverySkillIsFoundByTheOnlyTextThatIsItsName(t *testing.T) {
	v := words()
	for spelling, name := range v.canonical {
		tokens := tokenize(nil, spelling)
		m, end, ok := v.phrases.longest(tokens, 0)
		if !ok || v.phrases.skills[m.skill] != name {
			t.Errorf("%q is not found as %q", spelling, name)
		}
		if m.how == always && end == len(tokens) && !slices.Contains(Extract(spelling), name) {
			t.Errorf("Extract(%q) lacks %q", spelling, name)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, seed := range []string{"C++ & C# (R), .net", "no\xffJava", "a-b_c/d'e’f", "..", "Go's 1.22-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := Extract(text)
		if !slices.IsSorted(found) || len(slices.Compact(slices.Clone(found))) != len(found) {
			t.Errorf("Extract(%q) = %q is not sorted and unique", text, found)
		}
		for _, name := range found {
			if Normalize(name) != name || !Known(name) {
				t.Errorf("Extract(%q) gives %q, which is not canonical", text, name)
			}
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	title := "2025 Summer Internship - Software Engineer (Python/Go), Machine Learning Platform - Remote"
	body := strings.Repeat("We write services in Go and C++, run them on Kubernetes, and need no Java. ", 20)
	for name, text := range map[string]string{"title": title, "body": body} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Extract(text)
			}
		})
	}
}

// What lists of skills and titles of job boards name and everyday words do not.
func TestExtractReadsTheWordsOfOfficesAndServers(t *testing.T) {
	for text, want := range map[string]string{
		"jsp ; servlets ; EJB ; Maven ; tomcat ; WebLogic": "ejb, jsp, maven, tomcat, weblogic",
		"SharePoint Developer":                             "sharepoint",
		"Eclipse ; Java":                                   "eclipse, java",
		"A solar eclipse over a citrus maven":              "",
		"BPO ; inbound calls ; voice process":              "business process outsourcing, customer service",
		"SOX Auditor, CPA":                                 "accounting, auditing, sarbanes-oxley",
		"my sox":                                           "",
		"VAT, income tax ; budgeting":                      "budgeting, taxation",
		"a vat of dye, and I was budgeting my time":        "",
		"Program Manager, Risk":                            "program management, risk management",
		"Risk Analyst":                                     "risk management",
		"at risk of rain":                                  "",
		"Senior Legal Counsel":                             "legal",
		"HRBP, Staffing":                                   "human resources, recruiting",
		"Telecaller ; sales executive ; lead generation":   "lead generation, sales",
		"Executive Assistant":                              "administrative support",
		"Value Engineer":                                   "value engineering",
		"Enterprise Architect":                             "enterprise architecture",
		"Travel ; English ; Training":                      "english, training, travel and tourism",
		"Travel to the English coast after training":       "",
		"Buyer - Korean Speaker":                           "korean",
		"Design Engineer":                                  "",
		"물류센터 운영":                                          "operations management, supply chain management",
	} {
		check(t, text, want)
	}
}
