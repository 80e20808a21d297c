package apify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
)

// account is what a server of Apify was asked, and what it is to answer.
type account struct {
	start  int    // status of the answer to a start
	status string // of the run whenever it is asked for
	items  int    // of the dataset, every third empty
	limit  int    // the most a page may hold
	lost   bool   // it does not tell how the run goes
	asked  []string
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = append(a.asked, r.Method+" "+r.URL.Path)
	run := `{"data":{"id":"run1","status":"%s","defaultDatasetId":"set1"}}`
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/v2/acts/me~actor/runs":
		w.WriteHeader(a.start)
		fmt.Fprintf(w, run, "READY")
	case "/v2/datasets/set1/items":
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		limit = min(limit, a.limit)
		page := []any{}
		for i := offset; i < min(offset+limit, a.items); i++ {
			if i%3 > 0 {
				page = append(page, map[string]any{"id": i, "title": "Intern"})
			}
		}
		w.Header().Set("X-Apify-Pagination-Total", strconv.Itoa(a.items))
		w.Header().Set("X-Apify-Pagination-Limit", strconv.Itoa(limit))
		_ = json.NewEncoder(w).Encode(page)
	case "/v2/actor-runs/run1":
		if a.lost {
			http.NotFound(w, r)
			return
		}
		fallthrough
	default:
		fmt.Fprintf(w, run, a.status)
	}
}

func (a *account) poll(t *testing.T) (ids []string, coverage sources.Coverage, err error) {
	server := httptest.NewServer(a)
	defer server.Close()
	t.Setenv("APIFY_TEST_TOKEN", "secret-token")
	s, err := NewSource(Config{Actor: "me~actor", Token: sources.Secret{Env: "APIFY_TEST_TOKEN"}, MaxCharge: 1, Preset: "internshala", Complete: true, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	clock := fetchtest.NewClock()
	hosts := fetch.NewHosts(clock)
	defer hosts.Close()
	limits := fetch.DefaultLimits()
	limits.AllowPrivate, limits.Robots = true, false
	sink := sources.NewPoll(clock.Now(), func(r sources.Record) error {
		ids = append(ids, r.ID)
		return nil
	})
	coverage, err = s.Poll(t.Context(), fetch.New(hosts, limits, &breaker.Breaker{}, nil), sink)
	return ids, coverage, err
}

func TestPagesWithEmptyItemsAreReadToTheEnd(t *testing.T) {
	for _, limit := range []int{perPage, 400} {
		a := &account{start: http.StatusCreated, status: "SUCCEEDED", items: 2500, limit: limit}
		ids, coverage, err := a.poll(t)
		slices.Sort(ids)
		if err != nil || !coverage.Complete || len(slices.Compact(ids)) != 1666 {
			t.Errorf("pages of %d: %d read, %+v, %v", limit, len(ids), coverage, err)
		}
	}
}

// A run costs money: whatever the answer to its start, it is started once.
func TestARunIsStartedOnce(t *testing.T) {
	for status, want := range map[int]string{http.StatusPaymentRequired: "no credit", http.StatusRequestTimeout: "408", http.StatusInternalServerError: "500"} {
		a := &account{start: status}
		_, coverage, err := a.poll(t)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-token") || coverage.Complete || len(a.asked) != 1 {
			t.Errorf("%d: %v, asked %v", status, err, a.asked)
		}
	}
}

func TestARunThatDoesNotEndIsAborted(t *testing.T) {
	for _, lost := range []bool{false, true} {
		a := &account{start: http.StatusCreated, status: "RUNNING", lost: lost}
		_, coverage, err := a.poll(t)
		if err == nil || coverage.Complete || a.asked[len(a.asked)-1] != "POST /v2/actor-runs/run1/abort" {
			t.Errorf("%v, at last asked %s", err, a.asked[len(a.asked)-1])
		}
	}
}

func TestHowARunEndsDecidesWhatItProves(t *testing.T) {
	for status, complete := range map[string]bool{"SUCCEEDED": true, "TIMED-OUT": false} {
		a := &account{start: http.StatusCreated, status: status, items: 5, limit: perPage}
		if ids, coverage, err := a.poll(t); err != nil || len(ids) != 3 || coverage.Complete != complete {
			t.Errorf("%s: %d read, %+v, %v", status, len(ids), coverage, err)
		}
	}
	for _, status := range []string{"FAILED", "ABORTED"} {
		a := &account{start: http.StatusCreated, status: status, items: 5, limit: perPage}
		if _, coverage, err := a.poll(t); err == nil || coverage.Complete {
			t.Errorf("%s: %+v", status, coverage)
		}
	}
}
