package stores_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/cmd/internal/databases"
	"github.com/gorefund/refund/cmd/internal/databases/testdb"
	"github.com/gorefund/refund/journal"
)

// old makes the refunds that the files of version 1 have.
func old(ctx context.Context, j refund.Journal) error {
	for _, o := range []struct {
		key, payment string
		moves        []refund.Move
	}{
		{"open", "TRX-1", nil},
		{"done", "TRX-2", []refund.Move{
			{Change: refund.Change{Status: refund.StatusPending, At: start.Add(time.Second), Cause: refund.CauseAnswer}, Result: &refund.Result{
				Gateway: "tlpe", Key: "done", Status: refund.StatusPending, Kind: refund.KindPartial, PaymentID: "TRX-2", RefundID: "R-2", Code: "PN.00", At: start}},
			{Change: refund.Change{Status: refund.StatusSucceeded, At: start.Add(time.Hour), Cause: refund.CausePerson, By: "Ana", Note: "in the gateway's books"}},
		}},
		{"free", "TRX-3", []refund.Move{
			{Change: refund.Change{Status: refund.StatusNotSent, At: start.Add(time.Second), Cause: refund.CauseAnswer},
				Err: &refund.Error{Gateway: "tlpe", Op: "refund", Code: refund.Unavailable, Status: refund.StatusNotSent, Message: "no route", Err: context.DeadlineExceeded}},
		}},
	} {
		e, _, err := j.Begin(ctx, intent(o.key, o.payment))
		for _, m := range o.moves {
			if err == nil {
				e, err = j.Move(ctx, o.key, e.Version, m)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A journal of version 1, as its files have it: the first program's own tables,
// and refunds that it has made. Nothing here may ever be changed.
func TestUpgradeFromVersion1(t *testing.T) {
	t.Parallel()
	for _, name := range testdb.Names {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			at := testdb.New(t, name)
			db := at.Open(t)
			text, err := os.ReadFile("testdata/version1-" + string(name) + ".sql")
			require.NoError(t, err)
			for statement := range strings.SplitSeq(strings.TrimSpace(string(text)), ";\n") {
				_, err := db.ExecContext(t.Context(), strings.TrimSuffix(statement, ";"))
				require.NoError(t, err, statement)
			}

			store := at.Journal(t)
			want := journal.Memory()
			require.NoError(t, old(t.Context(), want))
			for _, key := range []string{"open", "done", "free"} {
				e, err := want.Entry(t.Context(), key)
				require.NoError(t, err)
				got, err := store.Entry(t.Context(), key)
				require.NoError(t, err)
				assert.Equal(t, asJSON(t, e), asJSON(t, got))
			}

			// The refunds of before count.
			_, fresh, err := store.Begin(t.Context(), intent("open", "TRX-1"))
			require.NoError(t, err)
			assert.False(t, fresh, "it would be sent again")
			_, _, err = store.Begin(t.Context(), intent("beside", "TRX-1"))
			require.ErrorIs(t, err, refund.InProgress)
			moved, err := store.Move(t.Context(), "open", 1, refund.Move{Change: refund.Change{Status: refund.StatusSucceeded, At: start.Add(time.Hour), Cause: refund.CauseLookUp}})
			require.NoError(t, err)
			assert.Len(t, moved.History, 2)
			rest := intent("rest", "TRX-2")
			rest.Request = refund.Full("TRX-2")
			rest.Request.Key = "rest"
			e, fresh, err := store.Begin(t.Context(), rest)
			require.NoError(t, err)
			assert.True(t, fresh)
			assert.Equal(t, "93.00 PHP", e.Amount.String())
			e, fresh, err = store.Begin(t.Context(), intent("free", "TRX-3"))
			require.NoError(t, err)
			assert.True(t, fresh)
			assert.Len(t, e.History, 3)
			page, err := store.List(t.Context(), journal.Filter{Status: []refund.Status{refund.StatusUnknown}, Limit: 10})
			require.NoError(t, err)
			assert.Len(t, page.Entries, 2)

			// And it has all that a new journal has.
			fresh, err = store.Receive(t.Context(), "shop", refund.Event{Gateway: "tlpe", ID: "e-1", PaymentID: "TRX-1", Status: refund.StatusSucceeded}, start)
			require.NoError(t, err)
			assert.True(t, fresh)
			anew := testdb.New(t, name)
			anew.Journal(t)
			assert.Equal(t, shape(t, anew.Open(t), name), shape(t, db, name))
		})
	}
}

func asJSON(t *testing.T, e *refund.Entry) string {
	t.Helper()
	text, err := json.MarshalIndent(e, "", " ")
	require.NoError(t, err)
	return string(text)
}

// shape is what there is in a database: columns, indexes, functions, and the
// versions that it has gone through.
func shape(t *testing.T, db *sql.DB, name databases.Name) string {
	t.Helper()
	ask := map[databases.Name][]string{
		databases.SQLite: {
			`SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c ORDER BY m.name, c.cid`,
			"SELECT m.name, i.name, i.\"unique\", c.name FROM sqlite_master AS m JOIN pragma_index_list(m.name) AS i JOIN pragma_index_info(i.name) AS c ORDER BY m.name, i.name, c.seqno",
			"SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
		},
		databases.PostgreSQL: {
			"SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
			"SELECT replace(indexdef, current_schema(), '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
			"SELECT proname, prosrc, proconfig::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace ORDER BY 1",
		},
		databases.MySQL: {
			"SELECT table_name, column_name, column_type, collation_name, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
			"SELECT table_name, index_name, non_unique, column_name FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index",
			"SELECT COUNT(*) FROM refund_locks",
		},
	}
	var b strings.Builder
	for _, query := range append(ask[name], "SELECT version FROM refund_migrations ORDER BY version") {
		answer := table(t, db, query)
		require.NotEmpty(t, answer, query)
		b.WriteString(answer + "\n")
	}
	return b.String()
}
