package rulesets

import (
	"flag"
	"os"
	"testing"
)

var updateSchema = flag.Bool("update-schema", false, "write schema.json anew")

func TestTheSchemaIsCurrent(t *testing.T) {
	want, err := schemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	if *updateSchema {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(want) != string(Schema) {
		t.Error("schema.json is not that of the format: go test ./rulesets -run Schema -update-schema")
	}
}
