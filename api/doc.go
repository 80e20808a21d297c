// Package api is Tideline over HTTP: feeds, explanations, signals, profiles and
// opportunities, for students, recruiters, ops and other services.
//
// It guarantees that a student reads only what is theirs, that every answer
// which is not 2xx is an RFC 9457 problem naming the fields that are wrong, and
// that the OpenAPI document lists exactly the routes there are: one table
// (routes.go) registers them, guards them and documents them. Errors and their
// status stand in one table too (problem.go).
//
// It decides nothing about feeds. It reads and publishes through the interfaces
// in ports.go, knows no Kafka, Redis or MongoDB, and keeps nothing but caches
// of checked tokens and rendered opportunities.
package api
