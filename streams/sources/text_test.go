package sources

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/event"
)

func TestHTMLBecomesText(t *testing.T) {
	for in, want := range map[string]string{
		"<h2>About</h2><p>Build &amp; run<br>things</p>":                 "About\nBuild & run\nthings",
		"<ul><li>Go</li><li>SQL <b>or</b> Mongo</li></ul>":               "- Go\n- SQL or Mongo",
		"<script>alert(1)</script>Hi<style>p{}</style> you":              "Hi you",
		"<svg onload=alert(1)><text>x</text></svg>a":                     "a",
		"a<img src=x onerror=alert(1)>b":                                 "a b",
		"1 &lt;script&gt; 2":                                             "1 <script> 2",
		"C++ &nbsp; and   C#":                                            "C++ and C#",
		"</script>after":                                                 "after",
		"<b>Java</b>Script and C<b>++</b>, <b>Go</b>, R":                 "JavaScript and C++, Go, R",
		"<b>R</b>equirements<table><tr><td>a</td><td>b":                  "Requirements\na b",
		"line\nbreak <b>\nand</b>\nmore":                                 "line break and more",
		"<p>a\u202eb\u200b c\x00d\x07 e\u00adf \u0915\u094d\u200d\u0937": "ab cd ef \u0915\u094d\u200d\u0937",
		"unclosed <b>tag":                                                "unclosed tag",
	} {
		if got := PlainText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Escaped("&lt;p&gt;Salt &amp;amp; pepper&lt;/p&gt;"); got != "Salt & pepper" {
		t.Errorf("escaped twice: %q", got)
	}
}

func TestOnlyAddressesOfPagesAreLinks(t *testing.T) {
	for address, want := range map[string]string{
		" https://h.example/1 ": "https://h.example/1", "http://h.example": "http://h.example",
		"javascript:alert(1)": "", "data:text/html,x": "", "/jobs/1": "", "//h.example": "", "https:///x": "", "http://[::1": "", "": "",
	} {
		r := opportunity("x:1", "One")
		r.Opportunity.URL = address
		var got []Record
		put(t, NewSink(NewMemory(), collect(&got)), r)
		if len(got) != 1 || got[0].Opportunity.URL != want {
			t.Errorf("%q: %+v", address, got)
		}
	}
}

func TestTextsAreCutToWhatFits(t *testing.T) {
	long := strings.Repeat("héé ", 4000)
	if got := Clip(long); len(got) > maxDescription || !utf8.ValidString(got) || !strings.HasSuffix(got, "héé…") {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-10:])
	}
	if got := Clip(strings.Repeat("é", 5000)); len(got) > maxDescription || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestPayIsRead(t *testing.T) {
	for text, want := range map[string]*event.Compensation{
		"₹ 1,20,000 /month":                   {Min: 120000, Max: 120000, Currency: "INR", Period: "month"},
		"₹ 10,000-15,000 /month + Incentives": {Min: 10000, Max: 15000, Currency: "INR", Period: "month", Note: "plus incentives"},
		"₹ 2,000 lump sum":                    {Min: 2000, Max: 2000, Currency: "INR", Period: "once"},
		"Unpaid":                              {Note: "unpaid"},
		"Performance Based":                   {Note: "performance based"},
		"3-5 LPA":                             {Min: 300000, Max: 500000, Currency: "INR", Period: "year"},
		"$70,000 - $90,000 a year":            {Min: 70000, Max: 90000, Currency: "USD", Period: "year"},
		"€ 12,50 / hour":                      {Min: 12.5, Max: 12.5, Currency: "EUR", Period: "hour"},
		"$80K – $120K":                        {Min: 80000, Max: 120000, Currency: "USD"},
		"C$25 per hour":                       {Min: 25, Max: 25, Currency: "CAD", Period: "hour"},
		"1.500.000 JPY per annum":             {Min: 1500000, Max: 1500000, Currency: "JPY", Period: "year"},
		"$40-50/hr":                           {Min: 40, Max: 50, Currency: "USD", Period: "hour"},
		"US$50,000 per year":                  {Min: 50000, Max: 50000, Currency: "USD", Period: "year"},
		"CA$30/hr":                            {Min: 30, Max: 30, Currency: "CAD", Period: "hour"},
		"HK$20,000 monthly":                   {Min: 20000, Max: 20000, Currency: "HKD", Period: "month"},
		"R$ 3.000 por mês":                    {Min: 3000, Max: 3000, Currency: "BRL", Period: "month"},
		"Rs 5000 pm":                          {Min: 5000, Max: 5000, Currency: "INR", Period: "month"},
		"€1.200 pro Monat":                    {Min: 1200, Max: 1200, Currency: "EUR", Period: "month"},
		"45.000 € - 55.000 € / Jahr":          {Min: 45000, Max: 55000, Currency: "EUR", Period: "year"},
		"CHF 80'000 / year":                   {Min: 80000, Max: 80000, Currency: "CHF", Period: "year"},
		"£30,000pa":                           {Min: 30000, Max: 30000, Currency: "GBP", Period: "year"},
		"up to ₹25k":                          {Max: 25000, Currency: "INR"},
		"from $20 per hour":                   {Min: 20, Currency: "USD", Period: "hour"},
		"$500 (academic stipend)":             {Min: 500, Max: 500, Currency: "USD"},
		"$100,000 total a year":               {Min: 100000, Max: 100000, Currency: "USD", Period: "year"},
		"₹ 500 per day, 8 hours":              {Min: 500, Max: 500, Currency: "INR", Period: "day"},
		"₹ 2,000 /month + ₹ 9,000 on joining": {Min: 2000, Max: 2000, Currency: "INR", Period: "month"},
		"10% commission":                      nil,
		"-5000":                               nil,
		"competitive":                         nil,
		"10000001L":                           nil, // nobody is paid so much
		"":                                    nil,
	} {
		if got := Pay(text); !cmp.Equal(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestTimesAreRead(t *testing.T) {
	india, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-08-20T04:01:58+05:30": "2026-08-19T22:31:58Z", "2026-08-20 10:00:00": "2026-08-20T04:30:00Z",
		"2026-08-20": "2026-08-19T18:30:00Z", "1787198518": "2026-08-20T04:01:58Z", "1787198518000": "2026-08-20T04:01:58Z",
		"12 Sep' 26": "2026-09-11T18:30:00Z", "12 Sep'26": "2026-09-11T18:30:00Z", "2026-08-20T10:00+05:30": "2026-08-20T04:30:00Z", "2026-08-20T10:00Z": "2026-08-20T10:00:00Z",
		"2026-08-20 10:00:00 +0530": "2026-08-20T04:30:00Z", "20th August, 2026": "2026-08-19T18:30:00Z", "Aug 20 2026": "2026-08-19T18:30:00Z", "2026/08/20": "2026-08-19T18:30:00Z",
		"Dec 20, 2026 at 11:59pm EST": "2026-12-21T04:59:00Z", "August 20, 2026 11:59 PM (PDT)": "2026-08-21T06:59:00Z", "20 Aug 2026 23:59 IST": "2026-08-20T18:29:00Z",
		"Thu, 20 Aug 2026 04:01:58 EST": "2026-08-20T09:01:58Z", "Sat, 1 Aug 2026 04:01:58 +0530": "2026-07-31T22:31:58Z", "20-08-2026": "2026-08-19T18:30:00Z", "Thu, 20 Aug 2026 04:01:58 GMT": "2026-08-20T04:01:58Z",
	} {
		got, err := Time("at", text, india)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: %s, want %s (%v)", text, got.Format(time.RFC3339), want, err)
		}
	}
	for _, text := range []string{"soon", "08/20/2026", "0000-00-00", "-5", "99999999999999999999", "20 Aug 2026 23:59 XYZ", "31 Feb 2026", "", ",", "PM", "EST"} {
		if at, err := Time("at", text, nil); err == nil {
			t.Errorf("%q is %s", text, at)
		}
	}
	for _, c := range []struct {
		text, want string
		zone       *time.Location
	}{
		{"2026-08-20", "2026-08-20T18:30:00Z", india}, // the whole day there
		{"2026-08-20", "2026-08-21T12:00:00Z", nil},   // the whole day anywhere
		{"2026-08-20 23:59:00", "2026-08-20T18:29:00Z", india},
	} {
		got, err := Deadline("until", c.text, c.zone)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%q: %v, want %s (%v)", c.text, got, c.want, err)
		}
	}
}

func TestTagsStandForThemselves(t *testing.T) {
	names := func(list []event.RequiredSkill) (all string) {
		for _, s := range list {
			all += s.Name + " "
		}
		return all
	}
	if got := names(Tagged(2, "ready to go", "go", " R ", "c", "Python, SQL", "beginners")); got != "c go python r sql " {
		t.Errorf("%q", got)
	}
	p := Posting{ID: "1", Title: "Analyst", Text: "We go far.", Skills: []string{"go", "r"}}
	if got := names(p.Record("x", time.Time{}).Opportunity.Skills); got != "go r " {
		t.Errorf("%q", got)
	}
}

func TestYearsOfASkillAreALevel(t *testing.T) {
	levels := map[string]int{}
	for _, s := range Asked(3, "Engineer", "- 5+ years of Python\n- 2 years of Java\n- 8 years of SQL\n- 1 year of C++\n- basic Docker\n- Go") {
		levels[s.Name] = s.Level
	}
	for name, want := range map[string]int{"python": 4, "java": 3, "sql": 5, "c++": 2, "docker": 1, "go": 3} {
		if levels[name] != want {
			t.Errorf("%s is asked for at %d, want %d (%v)", name, levels[name], want, levels)
		}
	}
}

func TestSkillsWeighByWhereTheyAreNamed(t *testing.T) {
	got := Asked(3, "Backend Engineer (Go)", "Requirements\n- PostgreSQL and Docker\n- Java is a plus\nNice to have:\n- Kubernetes\n- Docker")
	weights := map[string]int{}
	for _, s := range got {
		weights[s.Name] = s.Weight
	}
	for name, want := range map[string]int{"go": 3, "postgresql": 2, "docker": 2, "java": 1, "kubernetes": 1} {
		if weights[name] != want {
			t.Errorf("%s weighs %d, want %d (%v)", name, weights[name], want, weights)
		}
	}
}

// Each word is one that something is read by; a field of nothing else must not be
// read anew for each.
func TestFieldsOfAnySizeAreReadInTime(t *testing.T) {
	for _, word := range []string{"remote ", "batch ", "batch of 2026 ", "2026 ", "hybrid (", "1,", "12 LPA ", "US-x, ", "<b>", "pass out ", "Go, "} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			long := strings.Repeat(word, 200_000/len(word))
			p := Posting{ID: "1", Title: long, Text: PlainText(long), Places: []string{long}, Pay: Pay(long), Skills: []string{long}, Language: long}
			p.Record("x", time.Time{})
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second): // it takes a quarter of one
			t.Fatalf("a field of %q is read without end", word)
		}
	}
}
