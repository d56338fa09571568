// Bench measures what the journal costs a refund, on each database, beside the
// least that any journal would have to write there. In the folder of the whole
// module, one command:
//
//	go run ./cmd/journal/bench
//
// It measures SQLite in a temporary file (-dir says where: a file system in
// memory proves nothing), and PostgreSQL and MySQL or MariaDB where
// JOURNAL_TEST_POSTGRES and JOURNAL_TEST_MYSQL name a server. The provider answers
// at once, without HTTP, so all that is measured is the library and the database.
//
// The bare rows are what a refund's entry is, as JSON, under its key in a table
// with nothing but a primary key:
//
//	single    one caller; one row and one commit
//	ungrouped 64 callers; each two rows and a commit of its own
//	grouped   64 callers; each an INSERT of two rows, up to 64 of them in one commit
//	bulk      64 callers; each two rows, those of up to 64 callers in one INSERT
//	in turn   64 callers; each one row and then, when it is durable, the other,
//	          both grouped: a refund has to wait for its begin before it is sent
//
// The measures take turns. Each number is the median of the turns, and so is each
// ratio, of those within a turn: what slows the machine down for a while slows both.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/gorefund/refund/cmd/internal/databases"
)

// callers is how many refund at once.
const callers = 64

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type settings struct {
	each    time.Duration // of one measure
	rounds  int
	profile string
	dsn     map[databases.Name]string
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s := settings{dsn: map[databases.Name]string{}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&s.each, "time", time.Second, "how long one measure takes")
	flags.IntVar(&s.rounds, "rounds", 7, "how often each measure is made; the median counts")
	dir := flags.String("dir", os.TempDir(), "the folder for SQLite's file")
	flags.StringVar(&s.profile, "cpuprofile", "", "a file for the processor profile of the journal's measures with 64 callers")
	only := flags.String("only", "", "one kind of database: sqlite, postgresql or mysql")
	if err := flags.Parse(args); err != nil {
		return err
	}
	kinds := []databases.Name{databases.SQLite, databases.PostgreSQL, databases.MySQL}
	switch {
	case s.rounds < 1 || s.each <= 0:
		return errors.New("-rounds and -time must be positive")
	case flags.NArg() > 0:
		return fmt.Errorf("what is %q?", flags.Arg(0))
	case *only != "" && !slices.Contains(kinds, databases.Name(*only)):
		return fmt.Errorf("-only must be one of %v", kinds)
	case *only != "":
		kinds = []databases.Name{databases.Name(*only)}
	}

	s.dsn[databases.SQLite] = *dir
	s.dsn[databases.PostgreSQL] = os.Getenv("JOURNAL_TEST_POSTGRES")
	s.dsn[databases.MySQL] = os.Getenv("JOURNAL_TEST_MYSQL")

	fmt.Fprintf(out, "%d callers, the median of %d measures of %s each, all per second\n", callers, s.rounds, s.each)
	for _, name := range kinds {
		if s.dsn[name] == "" {
			fmt.Fprintf(out, "\n%s: not measured, no server is named\n", name)
			continue
		}
		if err := measureDatabase(ctx, out, &s, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func measureDatabase(ctx context.Context, out io.Writer, s *settings, name databases.Name) (err error) {
	dsn, drop, err := databases.Fresh(ctx, name, s.dsn[name])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(ctx)) }()
	db, err := databases.Open(ctx, name, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	measures, err := measuresOf(ctx, db, name)
	if err != nil {
		return err
	}
	found := make(map[string][]float64)
	for range s.rounds {
		for _, m := range measures {
			perSecond, err := s.measure(ctx, m)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			found[m.name] = append(found[m.name], perSecond)
		}
	}
	return report(ctx, out, db, name, found)
}

func (s *settings) measure(ctx context.Context, m measure) (perSecond float64, err error) {
	if s.profile != "" && m.name == journal64 {
		// The last round's profile remains.
		f, err := os.Create(s.profile)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	return m.run(ctx, s.each)
}

func report(ctx context.Context, out io.Writer, db *sql.DB, name databases.Name, found map[string][]float64) error {
	ask := "SELECT version()"
	if name == databases.SQLite {
		ask = "SELECT sqlite_version()"
	}
	var version string
	if err := db.QueryRowContext(ctx, ask).Scan(&version); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s, %s\n", name, version)
	for _, line := range []struct{ name, what string }{
		{single, "commits"}, {ungrouped, "pairs of rows"}, {grouped, "pairs of rows"}, {bulk, "pairs of rows"}, {inTurn, "pairs of rows"},
		{journal1, "refunds"}, {journal64, "refunds"},
	} {
		fmt.Fprintf(out, "  %-22s %9.0f %s\n", line.name, spread(found[line.name]).median, line.what)
	}
	for _, ratio := range []struct {
		text      string
		times     float64
		this      string
		of        string
		requested float64 // 0 = nothing
	}{
		{"a lone caller's commits (two for a refund) : bare single commits", 2, journal1, single, 0.5},
		{"a lone caller's refunds : bare single commits", 1, journal1, single, 0},
		{"64 callers' refunds : bare grouped pairs", 1, journal64, grouped, 0.5},
		{"64 callers' refunds : bare pairs in bulk", 1, journal64, bulk, 0},
		{"64 callers' refunds : bare pairs in turn", 1, journal64, inTurn, 0},
		{"64 callers' refunds : bare ungrouped pairs", 1, journal64, ungrouped, 0},
	} {
		var each []float64
		for round, of := range found[ratio.of] {
			each = append(each, ratio.times*found[ratio.this][round]/of)
		}
		target := ""
		if ratio.requested > 0 {
			target = fmt.Sprintf("  (asked for: %.2f)", ratio.requested)
		}
		s := spread(each)
		fmt.Fprintf(out, "  %5.2f (%.2f to %.2f)  %s%s\n", s.median, s.least, s.most, ratio.text, target)
	}
	return nil
}

type figures struct{ least, median, most float64 }

func spread(of []float64) figures {
	sorted := slices.Sorted(slices.Values(of))
	return figures{sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]}
}
