package command

import (
	"context"
	"fmt"
	"time"

	"tideline/streams"
)

// near is how many records the engine or a projection may be behind when a
// comparison is worth its time: they are done before it has read the logs.
const near = 100

// progressEvery is how often a wait says what it waits for.
const progressEvery = 3 * time.Second

// catchUp waits until what is compared has come near the ends of the topics, but
// no longer than until a deadline: a comparison with what is still under way
// takes as long as any and has to be made again.
func (v verifier) catchUp(ctx context.Context, deadline time.Time) error {
	if v.lag == nil {
		return nil
	}
	if err := v.await(ctx, deadline, "the engine", v.lag.Behind); err != nil || !v.rules {
		return err
	}
	return v.await(ctx, deadline, "the record of notifications in MongoDB", func(ctx context.Context) (int64, error) {
		return v.lag.Projected(ctx, "notifications", streams.Notifications)
	})
}

// await waits for one of them, and says so.
func (v verifier) await(ctx context.Context, deadline time.Time, who string, behind func(context.Context) (int64, error)) error {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for said := time.Now(); ; {
		n, err := behind(ctx)
		if err != nil {
			return fmt.Errorf("find out how far %s is behind: %w", who, err)
		}
		if n <= near {
			return nil
		}
		if time.Now().After(deadline) {
			v.log.Warn("compared although something is behind: what differs may be on its way", "who", who, "records", n)
			return nil
		}
		if time.Since(said) >= progressEvery {
			said = time.Now()
			v.log.Info("waiting", "for", who, "records", n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
