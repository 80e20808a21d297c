//go:build !noembed

package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // FerretDB's own driver, at FerretDB's own version
)

// idExpression is exactly what FerretDB's look-ups by _id compare; its own
// index is on another expression, so without this one each is a full scan.
const idExpression = `_ferretdb_sjson->'$._id'`

// IndexIDs gives every collection of a database of the embedded MongoDB an
// index by _id. It is called after collections have been created, and does
// nothing when MongoDB is not embedded or the database does not exist.
func (s *Servers) IndexIDs(ctx context.Context, database string) error {
	if s.mongoDir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(s.mongoDir, database+".sqlite"))
	if err != nil || len(files) == 0 {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+files[0]+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("open the embedded MongoDB's file: %w", err)
	}
	defer db.Close()
	tables, err := collectionTables(ctx, db)
	if err != nil {
		return fmt.Errorf("list the embedded MongoDB's tables: %w", err)
	}
	for _, table := range tables {
		_, err := db.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %q ON %q (%s)`, "tideline_id_"+table, table, idExpression))
		if err != nil {
			return fmt.Errorf("index the embedded MongoDB's table %s: %w", table, err)
		}
	}
	return nil
}

// collectionTables lists the tables that hold documents.
func collectionTables(ctx context.Context, db *sql.DB) (tables []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return nil, err
		}
		if strings.Contains(definition, "_ferretdb_sjson") && !strings.HasPrefix(name, "_ferretdb") {
			tables = append(tables, name)
		}
	}
	return tables, rows.Err()
}
