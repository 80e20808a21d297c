package sources

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tideline/engine/event"
)

func TestPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"Austin, TX":                  "Austin, TX|United States",
		"Sunnyvale CA":                "Sunnyvale CA|United States",
		"Toronto, ON, Canada":         "Toronto, ON, Canada|Canada",
		"Ottawa, ON":                  "Ottawa, ON|Canada",
		"SF":                          "San Francisco, CA|United States",
		"London; Paris":               "London, UK|United Kingdom|Paris|France",
		"Munich, Germany":             "Munich, Germany|Germany",
		"Spain - Madrid":              "Spain - Madrid|Spain",
		"Pune, Maharashtra":           "Pune, Maharashtra|India",
		"Delhi; Chennai Tamil Nadu":   "Delhi|India|Chennai Tamil Nadu",
		"Barcelona, Spain (Downtown)": "Barcelona, Spain (Downtown)|Spain",
		"London (Hybrid)":             "London, UK|United Kingdom",
		"Hybrid - London":             "London, UK|United Kingdom",
		"In-Office - Austin, TX":      "Austin, TX|United States",
		"Remote – EMEA":               "EMEA|remote",
		"Remote - US":                 "United States|remote",
		"Not remote":                  "",
		"WFH":                         "|remote",
		"Pune, MH, IN":                "Pune, MH, IN|India",
		"Pune, IN":                    "Pune, IN|India",
		"Berlin, DE":                  "Berlin, DE|Germany",
		"Toronto, CA":                 "Toronto, CA|Canada",
		"San Francisco, CA, US":       "San Francisco, CA, US|United States",
		"Downtown, San Francisco, CA": "Downtown, San Francisco, CA|United States",
		"Halifax, Nova Scotia, CA":    "Halifax, Nova Scotia, CA|Canada",
		"Dover, DE":                   "Dover, DE|United States",
		"Dublin, IE":                  "Dublin, IE|Ireland",
		"Dublin, CA":                  "Dublin, CA|United States",
		"Seoul, KOR":                  "Seoul, KOR|South Korea",
		"Mumbai":                      "Mumbai|India",
		"Delhi, Gurgaon (Hybrid)":     "Delhi|India|Gurugram, India",
		"Bengaluru & Pune":            "Bengaluru, India|India|Pune",
		"Mumbai/Pune":                 "Mumbai|India|Pune",
		"SF, NYC":                     "San Francisco, CA|United States|New York, NY",
		"US-Chicago, IN-Satara":       "Chicago, IL|United States|Satara, India|India",
		"US-NYC or US-Remote":         "New York, NY|United States|remote",
		"London OR Dublin":            "London, UK|United Kingdom|Dublin|Ireland",
		"Co-op, Dublin":               "Co-op, Dublin",
		"Pan India":                   "India",
		"Remote in India":             "India|remote",
		"Indore, XX":                  "Indore, XX|India",
		"Barcelona, Spain (Hybrid)":   "Barcelona, Spain|Spain",
		"Washington, D.C.":            "Washington, D.C|United States",
		"Beaverton, Oregon":           "Beaverton, Oregon|United States",
		"CA":                          "CA",
		"USA":                         "United States",
		"Remote":                      "|remote",
		"Remote in USA":               "United States|remote",
		"Boston, MA or Remote":        "Boston, MA|United States|remote",
		"Canada, Remote":              "Canada|remote",
		"Santa Clara Convention Center and Online": "Santa Clara Convention Center|remote",
		"Home Based - Americas":                    "Americas|remote",
		"Multiple Locations":                       "",
		"":                                         "",
		"Town Library":                             "Town Library",
		"İ remote İ":                               "İ İ|remote",
	} {
		locations, remote := Places(text)
		got := strings.Join(locations, "|")
		if remote {
			got += "|remote"
		}
		if got != want {
			t.Errorf("Places(%q) = %q, want %q", text, got, want)
		}
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf("Town %d", i))
	}
	if got, _ := Places(many...); len(got) != maxPlaces {
		t.Errorf("%d places, want %d", len(got), maxPlaces)
	}
}

func TestCountryMeetsPlaces(t *testing.T) {
	for survey, posting := range map[string]string{
		"United States of America":                             "Austin, TX",
		"United Kingdom of Great Britain and Northern Ireland": "London",
		"Viet Nam": "Hanoi, Vietnam",
	} {
		locations, _ := Places(posting)
		if !slices.Contains(locations, Country(survey)) {
			t.Errorf("a student in %q does not meet a posting in %q: %q", survey, posting, locations)
		}
	}
	if got := Country("  Ruritania  Nova "); got != "Ruritania Nova" {
		t.Errorf("unknown country became %q", got)
	}
}

func TestGraduationYears(t *testing.T) {
	for text, want := range map[string][]int{
		"Summer 2025":             {2025, 2026, 2027, 2028, 2029, 2030},
		"Fall 2024|Spring 2026":   {2024, 2025, 2026, 2027, 2028, 2029, 2030, 2031},
		"Intern (Winter 2027)":    {2027, 2028, 2029, 2030, 2031, 2032},
		"Intern 2027":             nil,
		"Summer":                  nil,
		"Summer 1925":             nil,
		"":                        nil,
		"Summer 2001|Summer 2050": {2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010, 2011, 2012, 2013, 2014, 2015, 2016},
	} {
		if got := GraduationYears(strings.Split(text, "|")...); !slices.Equal(got, want) {
			t.Errorf("GraduationYears(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestRequiredKeepsTextsApartAndStaysInBounds(t *testing.T) {
	got := Required(2, "Machine", "learning Java")
	if len(got) != 1 || got[0] != (event.RequiredSkill{Name: "java", Level: 2, Weight: 1}) {
		t.Errorf("got %v", got)
	}
	many := "python java javascript kotlin haskell ocaml perl lua php zig clojure erlang fortran cobol matlab solidity sql html css json " +
		"yaml vhdl verilog cuda opencl opengl vulkan docker kubernetes terraform ansible jenkins git github gitlab linux unix nginx redis " +
		"mysql mariadb mongodb sqlite dynamodb elasticsearch postgresql hadoop numpy scipy tensorflow pytorch xgboost fpga arduino iot " +
		"blockchain bitcoin ethereum figma photoshop devops microservices compilers algorithms mechatronics optics payroll accounting auditing"
	if got := Required(2, many); len(got) != event.MaxSkills {
		t.Errorf("%d skills, want %d", len(got), event.MaxSkills)
	}
}
