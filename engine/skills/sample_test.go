package skills

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// item is one text of the data and where it stands.
type item struct{ file, place, text string }

func (i item) at() string { return i.file + "\t" + i.place }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// second marks the strata of the second drawing.
const second = "second drawing: "

// strata are the kinds of text. Of each, the first plain items and after them the
// first lurking ones with a word of lurk are in the sample, in the order of the
// digests of where they stand; a text that was drawn already is passed over.
var strata = []struct {
	name           string
	plain, lurking int
	items          func(corpus) []item
}{
	{"job boards, titles", 50, 25, corpus.boards},
	{"job boards, titles and departments", 30, 0, corpus.departments},
	{"early careers", 30, 12, corpus.early},
	{"internships", 45, 20, corpus.internships},
	{"new graduates", 15, 10, corpus.graduates},
	{"Hacker News", 45, 35, corpus.news},
	{"dev.to", 20, 0, corpus.articles},
	{"Devpost", 25, 0, corpus.hackathons},
	{"courses", 30, 10, corpus.courses},
	{"lists of skills", 22, 0, corpus.lists},
	// The second drawing goes on where the first ended.
	{second + "lists of skills", 52, 0, corpus.lists},
	{second + "job boards, titles", 20, 0, corpus.boards},
	{second + "new graduates", 20, 0, corpus.graduates},
}

// lurk holds words that mean a skill in one text and something else in another.
var lurk = regexp.MustCompile(`(?i)(^|[^a-z0-9])(ada|ar|astro|bash|bun|c|chef|cloud|crystal|crypto|dart|elm|ember|excel|express|flask|flutter|gin|go|hive|ios|it|java|julia|lead|lua|mobile|node|no|non|not|operations|oracle|perl|puppet|quantum|r|rails|react|remix|rest|ruby|rust|sap|scala|scheme|security|shell|sketch|snowflake|spark|spring|swift|unity|vision|without|zig)([^a-z0-9+#]|$)`)

// isPosting tells whether the texts of a file are job postings' titles and skills;
// the others are of articles, hackathons and courses.
func isPosting(file string) bool {
	folder, _, _ := strings.Cut(file, "/")
	return folder == "greenhouse" || folder == "internships" || folder == "skills"
}

// picked is an item of the sample and the stratum that it was drawn from.
type picked struct {
	item
	stratum string
}

// draw gives the sample.
func draw(c corpus) []picked {
	var sample []picked
	drawn := map[string]bool{}
	for _, s := range strata {
		items := s.items(c)
		slices.SortFunc(items, func(a, b item) int { return cmp.Compare(digest(a.at()), digest(b.at())) })
		take := func(most int, fits func(string) bool) {
			for _, i := range items {
				if most > 0 && !drawn[i.text] && fits(i.text) {
					sample, drawn[i.text], most = append(sample, picked{i, s.name}), true, most-1
				}
			}
		}
		take(s.plain, func(string) bool { return true })
		take(s.lurking, lurk.MatchString)
	}
	return sample
}
