//go:build !noembed

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"time"

	"tideline/api"
)

type person struct {
	role    api.Role
	subject string
}

// answer is what a client was told. Without a status nobody answered, and the
// client did not ask again.
type answer struct {
	status int
	body   []byte
}

// What the API says of an application, as far as the clients look at it.
type toldOf struct {
	ID      string
	Stage   string
	Step    string
	Version int
	Seq     int
	N       int
	Current struct {
		Stage   string
		Version int
	}
	Errors []struct{ Code string }
}

func (a answer) told() (t toldOf) {
	_ = json.Unmarshal(a.body, &t) // what is not there stays empty, and is found out
	return t
}

var campaignHTTP = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}

func (c *campaign) token(p person) string {
	if token, ok := c.tokens.Load(p); ok {
		return token.(string)
	}
	token, err := api.Mint(c.auth, p.role, p.subject, time.Now(), 3*time.Hour)
	if err != nil {
		panic(err)
	}
	c.tokens.Store(p, token)
	return token
}

// ask sends a request, again and again under its key while nobody answers or the
// service is unavailable; now and then a client gives up where nobody answered.
// Match is what If-Match says, if anything.
func (c *campaign) ask(ctx context.Context, p person, method, path, key string, body any, match ...string) (a answer) {
	data := []byte{}
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			panic(err)
		}
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, text, err := c.once(ctx, p, method, path, key, data, match)
		switch {
		case err != nil:
			c.count("no answer")
			if givesUp(key) || ctx.Err() != nil {
				return answer{}
			}
		case status == http.StatusServiceUnavailable:
			c.count("503")
		default:
			c.count(fmt.Sprint(status))
			a.status, a.body = status, text
			return a
		}
		select {
		case <-ctx.Done():
			return answer{}
		case <-ticker.C: // the process is being started again
		}
	}
}

func (c *campaign) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[what]++
}

// givesUp says which requests a client does not repeat.
func givesUp(key string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return len(key) > 0 && key[0] != '!' && h.Sum32()%4 == 0
}

func (c *campaign) once(ctx context.Context, p person, method, path, key string, body []byte, match []string) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token(p))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	for _, version := range match {
		r.Header.Set("If-Match", version)
	}
	resp, err := campaignHTTP.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}
