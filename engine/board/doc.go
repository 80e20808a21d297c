// Package board keeps in memory where every application stands, so that
// pipelines, counts and a student's list are read without a store.
//
// It is a read model: filled from the store at the start and from the
// stage-changes topic after that, and shown what this process writes at once. A
// step that is known changes nothing, so the three may overlap. Counts are never
// incremented: they are counted from what stands here, under one lock.
//
// It costs about 300 bytes an application and 150 a step. It leaves out
// everything but the steps: notes, feedback and messages are in the store.
package board
