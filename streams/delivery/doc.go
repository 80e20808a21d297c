// Package delivery takes notifications out of the house: by email and to
// webhooks, apart from the engine, in a consumer group of its own.
//
// It guarantees at least once: a delivery is written to the deliveries topic
// before the notification counts as read, and leaves it when its destination
// has it or it is given up. The id that a destination sees is the
// notification's, in every attempt, so that a receiver can drop the second of
// two. A destination that is slow or away holds up nothing but itself.
//
// What is bounded, and what happens at the bound:
//
//   - Attempts under way: Target.Parallel. Further ones wait in the queue.
//   - Deliveries waiting for one target: Config.MaxPerTarget. Further ones are
//     given up at once (overflow): a receiver that is away must not fill the
//     memory of all.
//   - Deliveries waiting in a process: Config.MaxQueued. Then no more
//     notifications are read; they stay in their topic and its lag grows.
//   - Age: Config.MaxAge after it was decided, a notification is no news any
//     more and is given up (expired), whatever its attempts.
//
// It leaves out who is told what: the gates decided that. It knows no Kafka;
// package streams drives a Queue and keeps its Journal.
package delivery
