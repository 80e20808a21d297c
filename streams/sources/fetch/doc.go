// Package fetch is the polite HTTP client of sources.
//
// It guarantees, for each request and each hop of a redirect: a pause between
// requests to one host, whoever makes them; an identifying User-Agent; robots.txt
// where the source is not an interface made for programs; a budget of requests a
// day; caps of size and time; no private address. Answers of 429 and 5xx, and
// connections that fail, are tried again after what Retry-After says or a backoff
// with jitter, and a source that keeps failing is left alone (streams/breaker).
//
// It leaves out what an answer means, cookies, proxies of the environment and
// caching beyond validators (ETag, Last-Modified). The clock is an argument, so
// tests wait for nothing.
package fetch
