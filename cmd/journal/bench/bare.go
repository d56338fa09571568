package main

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorefund/refund/cmd/internal/databases"
)

const (
	single    = "bare single"
	ungrouped = "bare ungrouped, 64"
	grouped   = "bare grouped, 64"
	bulk      = "bare in bulk, 64"
	inTurn    = "bare in turn, 64"
	journal1  = "journal, 1 caller"
	journal64 = "journal, 64 callers"
)

// measure is one number: what happens per second.
type measure struct {
	name string
	run  func(ctx context.Context, d time.Duration) (perSecond float64, err error)
}

// loop lets n callers repeat one for the time d.
func loop(ctx context.Context, d time.Duration, n int, one func(ctx context.Context) error) (float64, error) {
	var (
		done  atomic.Int64
		first atomic.Pointer[error]
		wg    sync.WaitGroup
	)
	begin := time.Now()
	for range n {
		wg.Go(func() {
			for time.Since(begin) < d && first.Load() == nil {
				if err := one(ctx); err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := first.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), nil
}

func measuresOf(ctx context.Context, db *sql.DB, name databases.Name) ([]measure, error) {
	bare, err := newBare(ctx, db, name)
	if err != nil {
		return nil, err
	}
	refunds, err := newRefunds(ctx, db, name)
	if err != nil {
		return nil, err
	}
	return []measure{
		{single, func(ctx context.Context, d time.Duration) (float64, error) {
			return loop(ctx, d, 1, func(ctx context.Context) error { return bare.insert(ctx, 1) })
		}},
		{ungrouped, func(ctx context.Context, d time.Duration) (float64, error) {
			return loop(ctx, d, callers, func(ctx context.Context) error { return bare.insert(ctx, 2) })
		}},
		{grouped, func(ctx context.Context, d time.Duration) (float64, error) {
			g := bare.group(bare.insertEach)
			defer g.close()
			return loop(ctx, d, callers, func(ctx context.Context) error { return g.insert(2) })
		}},
		{bulk, func(ctx context.Context, d time.Duration) (float64, error) {
			g := bare.group(bare.insertAll)
			defer g.close()
			return loop(ctx, d, callers, func(ctx context.Context) error { return g.insert(2) })
		}},
		{inTurn, func(ctx context.Context, d time.Duration) (float64, error) {
			g := bare.group(bare.insertAll)
			defer g.close()
			return loop(ctx, d, callers, func(ctx context.Context) error {
				if err := g.insert(1); err != nil {
					return err
				}
				return g.insert(1)
			})
		}},
		{journal1, func(ctx context.Context, d time.Duration) (float64, error) { return loop(ctx, d, 1, refunds.one) }},
		{journal64, func(ctx context.Context, d time.Duration) (float64, error) { return loop(ctx, d, callers, refunds.one) }},
	}, nil
}

// bare inserts rows and nothing else.
type bare struct {
	db   *sql.DB
	name databases.Name
	body string
	last atomic.Int64 // the number of the last key
	text sync.Map     // int, the number of rows, to string, the statement
}

func newBare(ctx context.Context, db *sql.DB, name databases.Name) (*bare, error) {
	body, err := sampleEntry()
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE bare (entry_key VARCHAR(255) PRIMARY KEY, body TEXT NOT NULL)")
	return &bare{db: db, name: name, body: body}, err
}

// insert inserts n rows by one statement in a transaction of its own.
func (b *bare) insert(ctx context.Context, n int) error {
	_, err := b.db.ExecContext(ctx, b.statement(n), b.args(n)...)
	return err
}

func (b *bare) args(n int) []any {
	args := make([]any, 0, 2*n)
	for range n {
		args = append(args, "refund-"+strconv.FormatInt(b.last.Add(1), 10), b.body)
	}
	return args
}

func (b *bare) statement(n int) string {
	if known, ok := b.text.Load(n); ok {
		return known.(string)
	}
	var s strings.Builder
	s.WriteString("INSERT INTO bare (entry_key, body) VALUES ")
	for i := range n {
		if i > 0 {
			s.WriteString(", ")
		}
		if b.name == databases.PostgreSQL {
			fmt.Fprintf(&s, "($%d, $%d)", 2*i+1, 2*i+2)
		} else {
			s.WriteString("(?, ?)")
		}
	}
	b.text.Store(n, s.String())
	return s.String()
}

// insertEach makes an insert for each order, all in one transaction.
func (b *bare) insertEach(ctx context.Context, orders []order) (err error) {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback()
		}
	}()
	for _, o := range orders {
		if _, err := tx.ExecContext(ctx, b.statement(o.rows), b.args(o.rows)...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// insertAll makes one insert of all orders' rows.
func (b *bare) insertAll(ctx context.Context, orders []order) error {
	rows := 0
	for _, o := range orders {
		rows += o.rows
	}
	return b.insert(ctx, rows)
}

// group shares one commit among all who wait.
type group struct {
	write func(context.Context, []order) error
	queue chan order
	ended chan struct{}
}

type order struct {
	rows int
	done chan error
}

func (b *bare) group(write func(context.Context, []order) error) *group {
	g := &group{write: write, queue: make(chan order, callers), ended: make(chan struct{})}
	go g.serve()
	return g
}

func (g *group) insert(rows int) error {
	o := order{rows, make(chan error, 1)}
	g.queue <- o
	return <-o.done
}

func (g *group) serve() {
	defer close(g.ended)
	for first := range g.queue {
		orders := []order{first}
		for waiting := len(g.queue); waiting > 0; waiting-- {
			orders = append(orders, <-g.queue)
		}
		err := g.write(context.Background(), orders)
		for _, o := range orders {
			o.done <- err
		}
	}
}

// close ends the serving. Nobody may insert any more.
func (g *group) close() {
	close(g.queue)
	<-g.ended
}
