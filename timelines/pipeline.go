package timelines

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/application"
)

// setting is a document that is replaced as a whole; the last one counts.
type setting struct {
	ID      string `bson:"_id"`
	Content bson.D `bson:"content"`
}

type taxonomy struct {
	Reasons application.Reasons `json:"reasons"`
}

func (s *Store) pipelines() *mongo.Collection { return s.database.Collection("pipelines") }
func (s *Store) reasons() *mongo.Collection   { return s.database.Collection("rejection_reasons") }

// Pipeline gives the pipeline of a job, without the reasons of its organisation;
// the zero value when it has none.
func (s *Store) Pipeline(ctx context.Context, job string) (application.Pipeline, error) {
	var p application.Pipeline
	if err := getSetting(ctx, s.pipelines(), job, &p); err != nil {
		return application.Pipeline{}, fmt.Errorf("pipeline of job %q: %w", job, err)
	}
	return p, nil
}

// PutPipeline stores the pipeline of a job, without the reasons of its organisation.
func (s *Store) PutPipeline(ctx context.Context, p application.Pipeline) error {
	if err := putSetting(ctx, s.pipelines(), p.Job, p); err != nil {
		return fmt.Errorf("store the pipeline of job %q: %w", p.Job, err)
	}
	return nil
}

// Reasons gives an organisation's reasons for rejections; nil when it has none of its own.
func (s *Store) Reasons(ctx context.Context, organisation string) (application.Reasons, error) {
	var t taxonomy
	if err := getSetting(ctx, s.reasons(), organisation, &t); err != nil {
		return nil, fmt.Errorf("rejection reasons of organisation %q: %w", organisation, err)
	}
	return t.Reasons, nil
}

// PutReasons stores an organisation's reasons for rejections.
func (s *Store) PutReasons(ctx context.Context, organisation string, reasons application.Reasons) error {
	if err := putSetting(ctx, s.reasons(), organisation, taxonomy{reasons}); err != nil {
		return fmt.Errorf("store the rejection reasons of organisation %q: %w", organisation, err)
	}
	return nil
}

// getSetting reads a setting into v, which stays as it is when there is none.
func getSetting(ctx context.Context, c *mongo.Collection, id string, v any) error {
	var stored setting
	err := c.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&stored)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	if err != nil {
		return err
	}
	return fromBSON(stored.Content, v)
}

func putSetting(ctx context.Context, c *mongo.Collection, id string, v any) error {
	stored := setting{ID: id}
	var err error
	if stored.Content, err = toBSON(v); err != nil {
		return err
	}
	_, err = c.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}}, stored, options.Replace().SetUpsert(true))
	return err
}
