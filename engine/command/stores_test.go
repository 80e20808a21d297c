//go:build !noembed

package command

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/streams"
)

// compacted are the topics of which the latest record of a key is kept for ever.
var compacted = []string{
	streams.Opportunities, streams.Profiles, streams.ProfileScores, streams.State, streams.Candidates, streams.Preferences, streams.Rulesets, streams.Deliveries,
}

// everywhere looks into every store for texts: all keys and values of Redis, all
// documents of MongoDB, and the latest record of every key of the compacted
// topics. It gives where they are, as "store: key or document".
func (a *app) everywhere(ctx context.Context, t *testing.T, texts ...string) (found []string) {
	t.Helper()
	has := func(where, text string) {
		for _, wanted := range texts {
			if strings.Contains(strings.ToLower(text), wanted) {
				found = append(found, where+": "+text)
				return
			}
		}
	}
	a.inRedis(ctx, t, has)
	a.inMongo(ctx, t, has)
	for _, topic := range compacted {
		latest := map[string]string{}
		err := streams.ReadLog(ctx, a.backend.kafka(a.config), a.log, topic, func(in streams.Input) error {
			if latest[string(in.Key)] = string(in.Value); in.Value == nil {
				delete(latest, string(in.Key))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range latest {
			has(topic, fmt.Sprintf("%q %s", key, value))
		}
	}
	return found
}

func (a *app) inRedis(ctx context.Context, t *testing.T, has func(where, text string)) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: a.backend.Redis[0]})
	defer client.Close()
	keys := client.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		kind, err := client.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		var value any
		switch kind {
		case "string":
			value, err = client.Get(ctx, key).Result()
		case "hash":
			value, err = client.HGetAll(ctx, key).Result()
		case "zset":
			value, err = client.ZRange(ctx, key, 0, -1).Result()
		default:
			t.Fatalf("%s is a %s, which nobody looks into", key, kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		has("redis", fmt.Sprint(key, " ", value))
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
}

func (a *app) inMongo(ctx context.Context, t *testing.T, has func(where, text string)) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(a.backend.MongoURI))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	database := client.Database(a.config.Mongo.Database)
	names, err := database.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cursor, err := database.Collection(name).Find(ctx, bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cursor.Next(ctx) {
			has("mongo "+name, cursor.Current.String())
		}
		if err := cursor.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
