package sources

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"tideline/streams/sources/fetch"
)

// AskJSON asks for a document and decodes it; not when the server says that it
// has not changed, which it is only asked if conditional. The error names the address.
func AskJSON(ctx context.Context, web *fetch.Client, r fetch.Request, into any) (*fetch.Response, error) {
	r.Accept = fetch.JSON
	answer, err := web.Do(ctx, r)
	if err != nil || answer.NotModified {
		return answer, err
	}
	if err := Unmarshal(answer.Body, into); err != nil {
		address, _, _ := strings.Cut(r.URL, "?")
		return nil, fmt.Errorf("the answer of %s is not as expected: %w", address, err)
	}
	return answer, nil
}

// Base checks the address that a source is to be asked at; empty: the usual one.
func Base(given, usual string) (string, error) {
	if given == "" {
		given = usual
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("base_url %q must be an address such as https://example.org, without name, password and query", given)
	}
	return strings.TrimSuffix(given, "/"), nil
}

// Named checks an option that goes into a path.
func Named(option, value string) error {
	if value == "" || strings.ContainsAny(value, "/?#% \t\n") {
		return fmt.Errorf("%s is %q; must be a name as it stands in the address of the board", option, value)
	}
	return nil
}

// Query adds a parameter to a query, where it has a value.
func Query(query, name, value string) string {
	if value == "" {
		return query
	}
	return query + "&" + name + "=" + url.QueryEscape(value)
}
