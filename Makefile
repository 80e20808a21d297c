# Tideline. `make help` lists what can be done.

GO    ?= go
BIN   := bin/tideline
DATA  ?=
TOOL  := $(GO) tool -modfile=tools/go.mod
FILES  = $(shell git ls-files -co --exclude-standard '*.go')

.DEFAULT_GOAL := help

.PHONY: help
help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tideline
	$(GO) build -o $(BIN) .

.PHONY: run
run: build ## serve a demonstration campus with everything embedded (data in ./data)
	$(BIN) serve --demo

.PHONY: test
test: ## all fast tests
	$(GO) test ./...
	$(GO) test -tags noembed ./engine/command/... ./deploy/...

.PHONY: race
race: ## all fast tests with the race detector
	$(GO) test -race ./...
	$(GO) test -tags noembed ./engine/command/... ./deploy/...

.PHONY: crash
crash: ## 20 rounds of kill -9 under load and 12 among runs of sources, stops under load, a Redis that forgets; checked against the oracle
	$(GO) test -count=1 -timeout 30m -tags crash -run "UnderLoad|LosesNothing" -v ./engine/command

.PHONY: season
season: ## 3,000 applications by many clients at once, then 20 rounds of kill -9 among them, checked against the topics
	$(GO) test -count=1 -timeout 30m -tags crash -run AWholeSeason -v ./engine/command
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run ASeasonSurvives -v ./engine/command

.PHONY: stops
stops: ## orderly stops under load, everything embedded, checked against the oracle
	$(GO) test -count=1 -timeout 30m -tags crash -run AStopUnderLoad -v ./engine/command

.PHONY: servers
servers: ## the tests of feeds on a Redis Cluster of three masters (needs redis-server)
	TIDELINE_TEST_CLUSTER=1 $(GO) test -count=1 ./feeds

.PHONY: kafka
kafka: ## streams, kill -9 and frozen processes on a real Apache Kafka (needs Java 17 and Maven)
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 10m ./streams
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run FrozenProcess -v ./engine/command
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run CrashUnderLoad -v ./engine/command
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run EmptiesRedis -v ./engine/command
	deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run SourcesAreRead -v ./engine/command
	TIDELINE_TEST_ROUNDS=$${TIDELINE_TEST_ROUNDS:-8} deploy/kafka/with-kafka $(GO) test -count=1 -timeout 30m -tags crash -run ASeasonSurvives -v ./engine/command

.PHONY: alerts
alerts: ## check and test deploy/prometheus (needs promtool, of Debian's package prometheus)
	@command -v promtool >/dev/null || { echo 'promtool is not on the PATH' >&2; exit 1; }
	promtool check rules deploy/prometheus/tideline.rules.yaml
	promtool test rules deploy/prometheus/tideline.tests.yaml

.PHONY: realdata
realdata: build ## measure the skills found in DATA, put its postings through everything, check against the oracle
	@test -n "$(DATA)" || { echo 'say where the data is: make realdata DATA=DIR' >&2; exit 2; }
	TIDELINE_DATA="$(abspath $(DATA))" $(GO) test -count=1 -v -run 'PrecisionAndRecall' ./engine/skills
	TIDELINE_DATA="$(abspath $(DATA))" $(GO) test -count=1 -run 'Real' ./streams/sources/...
	$(BIN) realdata --data "$(DATA)"

.PHONY: bench
bench: ## measure against the limits, write bench/results
	$(GO) run ./bench

.PHONY: image-binary
image-binary: ## build bin/tideline without the embedded servers
	$(GO) build -tags noembed -trimpath -ldflags='-s -w' -o $(BIN) .

.PHONY: fmt
fmt: ## format
	$(TOOL) gofumpt -w $(FILES)

.PHONY: lint
lint: ## formatters, vet, golangci-lint, go fix
	@out="$$($(TOOL) gofumpt -l $(FILES))"; test -z "$$out" || { echo "not formatted (make fmt):"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags noembed ./...
	@out="$$($(GO) fix -diff ./... 2>&1)"; test -z "$$out" || { echo "$$out"; echo "go fix has something to say"; exit 1; }
	$(TOOL) golangci-lint run ./...
