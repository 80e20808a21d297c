package same

import "testing"

const (
	lever = "a102c558-c365-48cf-b1ae-766037509e5c"
	ashby = "0d9b2224-7b3f-4c5d-9fed-6e693404b0e6"
)

func TestAnAddressNamesThePostingOfAnATS(t *testing.T) {
	for address, want := range map[string]string{
		"https://boards.greenhouse.io/harbor/jobs/4012345":                           "greenhouse:4012345",
		"https://job-boards.greenhouse.io/harbor/jobs/4012345?utm_source=x&gh_src=y": "greenhouse:4012345",
		"https://boards.greenhouse.io/embed/job_app?for=harbor&token=4012345":        "greenhouse:4012345",
		"https://www.harbor.example/careers/?gh_jid=4012345&utm_source=x":            "greenhouse:4012345",
		"HTTPS://Boards.Greenhouse.io:443/harbor/jobs/4012345#app":                   "greenhouse:4012345",
		"https://jobs.lever.co/harbor/" + lever + "/apply?lever-source=x":            "lever:" + lever,
		"https://jobs.eu.lever.co/harbor/A102C558-C365-48CF-B1AE-766037509E5C":       "lever:" + lever,
		"https://jobs.ashbyhq.com/Harbor%20Labs/" + ashby + "/application":           "ashby:" + ashby,
		"https://harbor.example/jobs?ashby_jid=" + ashby:                             "ashby:" + ashby,
		"https://boards.greenhouse.io/harbor":                                        "",
		"https://boards.greenhouse.io/harbor/jobs/4012345x":                          "",
		"https://harbor.example/careers/?gh_jid=all":                                 "",
		"https://harbor.example/boards.greenhouse.io/harbor/jobs/4012345":            "",
		"https://jobs.lever.co/harbor":                                               "",
		"https://boards.greenhouse.io.evil.example/harbor/jobs/4012345":              "",
		"javascript:alert(1)": "",
		"":                    "",
	} {
		if got := ATS(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	if got := atsOf("greenhouse:4012345", "https://harbor.example/jobs"); got != "greenhouse:4012345" {
		t.Errorf("of the ATS itself: %q", got)
	}
}

func TestTheCanonicalAddressKeepsWhatIdentifies(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.Harbor.example/jobs/12345/?utm_source=x&ref=y#top":                       "harbor.example/jobs/12345",
		"http://harbor.example/jobs/12345/apply":                                              "harbor.example/jobs/12345",
		"https://harbor.example/search?JobId=12345&page=2":                                    "harbor.example/search?jobid=12345",
		"https://in.linkedin.com/jobs/view/?currentJobId=12345&jobid=9":                       "in.linkedin.com/jobs/view?currentjobid=12345",
		"https://harbor.wd5.myworkdayjobs.com/en-US/External/job/Pune/Intern_R12345?source=x": "harbor.wd5.myworkdayjobs.com/External/job/Pune/Intern_R12345",
		"https://harbor.example/o/" + lever:                                                   "harbor.example/o/" + lever,
		"https://harbor.example/careers":                                                      "",
		"https://harbor.example/careers/summer-2026":                                          "", // a year names no posting
		"https://harbor12345.example/careers":                                                 "",
		"mailto:jobs12345@harbor.example":                                                     "",
	} {
		if got := Address(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestCompaniesAndTitlesAreKnownHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		read func(string) string
		a, b string
		same bool
	}{
		{Company, "Harbor Labs, Inc.", "HARBOR LABS", true},
		{Company, "The Harbor Company Ltd", "Harbor", true},
		{Company, "Facebook", "Meta Platforms, Inc.", true},
		{Company, "Crédit Zürich", "Credit Zu\u0308rich", true}, // composed or not
		{Company, "Ｈａｒｂｏｒ", "harbor", true},                     // full width
		{Company, "Harbor Labs", "Harbor", false},
		{Company, "The", "Co", false},
		{Title, "Software Engineer, Intern", "Intern — Software Engineer", true},
		{Title, "Software Engineering Internship (R-123456)", "Software Engineering Intern", true},
		{Title, "JR12345 Data Analyst", "Data Analyst #4711", true},
		{Title, "Sr. Data Analyst", "Senior Data Analyst", true},
		{Title, "Software Engineer", "Senior Software Engineer", false},
		{Title, "Software Engineer I", "Software Engineer II", false},
		{Title, "Software Engineer Intern - Summer 2026", "Software Engineer Intern - Summer 2027", false},
		{Title, "C Developer", "C++ Developer", false},
		{Title, "C# Developer", "C Developer", false},
		{Title, "डेटा विश्लेषक", "डाटा विश्लेषक", false}, // vowel signs are letters
	} {
		if a, b := c.read(c.a), c.read(c.b); (a == b) != c.same {
			t.Errorf("%q is read as %q, %q as %q", c.a, a, c.b, b)
		}
	}
}

func TestPlaces(t *testing.T) {
	base := Place([]string{"Pune, MH", "India"}, false)
	for _, c := range []struct {
		locations []string
		remote    bool
		same      bool
	}{
		{[]string{"India", "Pune (Hybrid), India"}, false, true},
		{[]string{"Pune, MH", "India"}, true, false},
		{[]string{"India"}, true, false},
		{[]string{"Delhi", "India"}, false, false},
		{[]string{"Pune, MH", "Delhi", "India"}, false, false},
	} {
		if got := Place(c.locations, c.remote); (got == base) != c.same {
			t.Errorf("%v remote %v: %q against %q", c.locations, c.remote, got, base)
		}
	}
	if Place(nil, false) != "" {
		t.Error("nowhere is a place")
	}
}
