package event

import "time"

// date reads an RFC 3339 time or a plain YYYY-MM-DD (midnight UTC), cut to
// whole seconds, between 2000 and 2100. Empty gives nil, and a complaint if required.
func (c *checker) date(path, text string, required bool) *time.Time {
	if text == "" {
		if required {
			c.add(path, Missing, "must be an RFC 3339 time or YYYY-MM-DD")
		}
		return nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		c.add(path, BadDate, "is %q; must be an RFC 3339 time or YYYY-MM-DD", clip(text))
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	if t.Year() < 2000 || t.Year() > 2100 {
		c.add(path, BadDate, "is in the year %d; must be from 2000 to 2100", t.Year())
		return nil
	}
	return &t
}
