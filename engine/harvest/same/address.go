package same

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Greenhouse numbers jobs across all of its boards; Lever and Ashby give UUIDs.
var (
	number = regexp.MustCompile(`^[0-9]{4,}$`)
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	figure = regexp.MustCompile(`[0-9]{4,}|[0-9a-f]{8}-[0-9a-f]{4}-`)
	year   = regexp.MustCompile(`^(19|20)[0-9]{2}$`)
	locale = regexp.MustCompile(`^[a-z]{2}-[A-Za-z]{2}$`)
)

// identifying are the parameters that tell one posting of a host from another; all
// others are dropped. Under "" are those of hosts that are not named.
var identifying = map[string][]string{
	"":                       {"gh_jid", "ashby_jid", "lever_id", "jobid", "job_id", "jid", "job", "req", "reqid", "requisitionid", "positionid", "vacancyid", "jobreqid", "pid"},
	"linkedin.com":           {"currentjobid"},
	"indeed.com":             {"jk", "vjk"},
	"ycombinator.com":        {"id"},
	"careers.google.com":     {"jid"},
	"recruiting.ultipro.com": {"opportunityid"},
	"workforcenow.adp.com":   {"jobid", "cid"},
	"taleo.net":              {"job"},
	"successfactors.com":     {"career_job_req_id", "company"},
	"youtube.com":            {"v", "list"},
	"brassring.com":          {"jobid", "partnerid", "siteid"},
}

// tracking are parameters that say where a reader comes from. Pages that are no
// postings are told apart by anything else, on hosts that are not named above.
var tracking = regexp.MustCompile(`^(utm_.*|mc_[ce]id|[a-z]*clid|ref|ref_src|referrer|source|src|si|igshid|feature|cmpid|campaign|trk|via|share|amp)$`)

// read takes an address apart; nil: it is none.
func read(address string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil
	}
	return u
}

// parameters gives them by their names in small letters; the first of a name counts.
func parameters(u *url.URL) map[string]string {
	found := map[string]string{}
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if small := strings.ToLower(name); found[small] == "" {
			found[small] = query[name][0]
		}
	}
	return found
}

func hostname(u *url.URL) string {
	at := strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), "www.")
	if rest, ok := strings.CutPrefix(at, "m."); ok && strings.Contains(rest, ".") {
		return rest // the same for telephones
	}
	return at
}

func segments(u *url.URL) []string {
	return strings.FieldsFunc(u.EscapedPath(), func(r rune) bool { return r == '/' })
}

// atsOf names the posting as its ATS does: by its id, where the source is the ATS,
// or by an address that leads there; empty: neither.
func atsOf(id, address string) string {
	kind, own, _ := strings.Cut(id, ":")
	switch own = strings.ToLower(own); kind {
	case "greenhouse":
		if number.MatchString(own) {
			return id
		}
	case "lever", "ashby":
		if uuid.MatchString(own) {
			return kind + ":" + own
		}
	}
	return ATS(address)
}

// ATS names the posting that an address leads to, as its ATS does; empty: to none
// that is known.
func ATS(address string) string {
	u := read(address)
	if u == nil {
		return ""
	}
	given, path := parameters(u), segments(u)
	numbered := func(kind, value string, is *regexp.Regexp) string {
		if value = strings.ToLower(value); is.MatchString(value) {
			return kind + ":" + value
		}
		return ""
	}
	switch hostname(u) {
	case "boards.greenhouse.io", "job-boards.greenhouse.io", "boards.eu.greenhouse.io", "job-boards.eu.greenhouse.io":
		if len(path) >= 3 && path[1] == "jobs" {
			return numbered("greenhouse", path[2], number)
		}
		if len(path) == 2 && path[0] == "embed" && path[1] == "job_app" {
			return numbered("greenhouse", given["token"], number)
		}
	case "jobs.lever.co", "jobs.eu.lever.co":
		if len(path) >= 2 {
			return numbered("lever", path[1], uuid)
		}
	case "jobs.ashbyhq.com":
		if len(path) >= 2 {
			return numbered("ashby", path[1], uuid)
		}
	}
	for _, of := range []struct {
		kind, parameter string
		is              *regexp.Regexp
	}{{"greenhouse", "gh_jid", number}, {"ashby", "ashby_jid", uuid}} {
		if name := numbered(of.kind, given[of.parameter], of.is); name != "" {
			return name
		}
	}
	return ""
}

// Address gives the canonical form of a posting's address: host and path, and of the
// parameters those that identify. It is empty for an address that names no posting,
// such as a company's page of careers: nothing in it is a number, but perhaps a year.
func Address(address string) string {
	u := read(address)
	if u == nil {
		return ""
	}
	at := hostname(u)
	rest := pathOf(u) + query(u, func(name string) bool { return slices.Contains(allowed(at), name) })
	if !numbers(rest) {
		return ""
	}
	return at + rest
}

// Page gives the canonical form of the address of anything else: with all parameters
// but those that track, unless the host is known.
func Page(address string) string {
	u := read(address)
	if u == nil {
		return ""
	}
	at := hostname(u)
	if path := segments(u); at == "youtu.be" && len(path) == 1 {
		return "youtube.com/watch?v=" + path[0]
	}
	keep := func(name string) bool { return !tracking.MatchString(name) }
	if names, known := named(at); known {
		keep = func(name string) bool { return slices.Contains(names, name) }
	}
	page := at + pathOf(u) + query(u, keep)
	if strings.HasPrefix(u.Fragment, "/") || strings.HasPrefix(u.Fragment, "!") {
		page += "#" + u.Fragment // which a script reads as a path
	}
	return page
}

// pathOf gives a path without what stands on it for the same posting.
func pathOf(u *url.URL) string {
	path := segments(u)
	if strings.HasSuffix(hostname(u), ".myworkdayjobs.com") && len(path) > 0 && locale.MatchString(path[0]) {
		path = path[1:] // the language it is shown in
	}
	if n := len(path); n > 1 && (path[n-1] == "apply" || path[n-1] == "application") {
		path = path[:n-1] // the form behind the posting
	}
	return "/" + strings.Join(path, "/")
}

// query gives the parameters that are kept, in the order of the alphabet.
func query(u *url.URL, keep func(name string) bool) string {
	kept := url.Values{}
	for name, value := range parameters(u) {
		if value != "" && keep(name) {
			kept.Set(name, value)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + kept.Encode()
}

// numbers says whether there is a number of a posting; a year is none.
func numbers(text string) bool {
	return slices.ContainsFunc(figure.FindAllString(text, -1), func(n string) bool { return !year.MatchString(n) })
}

// allowed are the parameters that identify on a host.
func allowed(at string) []string {
	if names, known := named(at); known {
		return names
	}
	return identifying[""]
}

// named finds a host, or the one that it belongs to.
func named(at string) (names []string, known bool) {
	for host := at; host != ""; _, host, _ = strings.Cut(host, ".") {
		if names, known = identifying[host]; known {
			return names, true
		}
	}
	return nil, false
}

// requisitionID is the number that a company gives an opening, as it stands in
// addresses: R-00122995, JR1998765, REQ_24881, IRC93689.
var requisitionID = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(r|jr|req|irc)[-_]?([0-9]{4,})(?:[^0-9]|$)`)

// requisitions are those that an address names.
func requisitions(address string) (list []string) {
	for _, found := range requisitionID.FindAllStringSubmatch(address, -1) {
		list = append(list, strings.ToLower(found[1])+found[2])
	}
	return list
}

// differ says whether both lists name something, and nothing in common.
func differ(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// host of a canonical address.
func host(address string) string {
	at, _, _ := strings.Cut(address, "/")
	return at
}
