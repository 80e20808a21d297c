package sources

import (
	"context"
	"errors"
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
	if err := Page("base_url", given); err != nil {
		return "", err
	}
	if strings.Contains(given, "?") {
		return "", errors.New("base_url must have no query")
	}
	return strings.TrimSuffix(given, "/"), nil
}

// Page checks an option that is an address. The error does not repeat a password,
// nor a query, which may hold one.
func Page(option, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("%s is no address; must be such as https://example.org/jobs", option)
	case u.User != nil:
		return fmt.Errorf("%s must have no name and password", option)
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		u.RawQuery = ""
		return fmt.Errorf("%s is %q; must be an address such as https://example.org/jobs", option, u)
	}
	return nil
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
