package main

import (
	"context"
	"fmt"

	"tideline/engine/event"
	"tideline/feeds"
)

// bytesPerEntry is what a full feed costs Redis, key and sentinel included.
func (l *lab) bytesPerEntry() row {
	return row{
		name: "Redis memory per stored feed entry", unit: "bytes", against: "limit", bar: 1, runs: 1,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			store := server.store()
			f := &fanoutRun{server: server, store: store, campus: newCampus(l.seed, streamFeeds)}
			return func() (sample, error) { return f.bytes(ctx) }, func() { store.Close() }, nil
		},
	}
}

func (f *fanoutRun) bytes(ctx context.Context) (sample, error) {
	if err := f.server.client.FlushAll(ctx).Err(); err != nil {
		return sample{}, err
	}
	before, err := f.server.usedMemory(ctx)
	if err != nil {
		return sample{}, err
	}
	fence, err := f.store.Claim(ctx, 0, 0, 0)
	if err != nil {
		return sample{}, err
	}
	w := &storeWriter{f.store, feeds.Batch{Token: fence.Token, Seq: 1}}
	for i := range fanoutFeeds {
		if err := w.write(ctx, []event.FeedOp{f.op(i, event.FeedStore, true)}); err != nil {
			return sample{}, err
		}
	}
	after, err := f.server.usedMemory(ctx)
	if err != nil {
		return sample{}, err
	}
	key := "feed:{p000}:jobs:" + studentID(0)
	if encoding, err := f.server.client.ObjectEncoding(ctx, key).Result(); err != nil || encoding != "listpack" {
		return sample{}, fmt.Errorf("%s is encoded as %q (%w); a full feed must be a listpack", key, encoding, err)
	}
	return sample{(after - before) / (fanoutFeeds * event.FeedStore), 20}, nil
}
