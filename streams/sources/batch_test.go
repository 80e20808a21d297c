package sources

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBatchesAreRead(t *testing.T) {
	for text, want := range map[string][]int{
		"Batch of 2026":                                  {2026},
		"SDE Intern (2026 batch)":                        {2026},
		"Open to 2025, 2026 and 2027 batches.":           {2025, 2026, 2027},
		"2025-2027 batch":                                {2025, 2026, 2027},
		"2025-27 passouts":                               {2025, 2026, 2027},
		"Batch: 2026/27":                                 {2026, 2027},
		"Class of 2027 or 2028 only":                     {2027, 2028},
		"2026 pass-outs can apply":                       {2026},
		"Year of passing out: 2026":                      {2026},
		"You are graduating in 2026":                     {2026},
		"graduating between December 2025 and June 2027": {2025, 2026, 2027},
		"Expected graduation: May 2027":                  {2027},
		"graduating in 2026 or later":                    {2026, 2027, 2028, 2029, 2030, 2031},
		"batch of 2025 or earlier":                       nil,
		"Our class of 2012 built this":                   nil, // history
		"Graduate C++ Developer (2027)":                  nil,
		"Graduate Programme 2026":                        nil,
		"Founded in 2025, we serve 2026 users":           nil,
		"First class of service. In 2026 we go":          nil,
		"Summer 2026":                                    nil,
		"":                                               nil,
	} {
		if got := Batches(text, 2024); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := Batches("batch of "+strings.Repeat("2030, 2031, ", 2)+"2040 to 2050", 2000); len(got) != 2+11 {
		t.Errorf("%d years", len(got))
	}
}

func TestAPostingIsForTheBatchesItNames(t *testing.T) {
	p := Posting{ID: "1", Title: "Graduate Engineer", Text: "Only the batch of 2027 may apply. The batch of 2019 made us.", Posted: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
	if got := p.Record("x", time.Time{}).Opportunity.GraduationYears; !slices.Equal(got, []int{2027}) {
		t.Errorf("%v", got)
	}
	p = Posting{ID: "1", Title: "Intern, Summer 2026", Text: "For the class of 2027."} // its own words are surer than the term
	if got := p.Record("x", time.Time{}).Opportunity.GraduationYears; !slices.Equal(got, []int{2027}) {
		t.Errorf("%v", got)
	}
}
