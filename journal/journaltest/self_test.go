package journaltest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund"
	"github.com/gorefund/refund/money"
)

// TestBrokenJournals tests the suite: a journal with one bug must be noticed by
// the rule that the bug breaks, and by no other than those named.
func TestBrokenJournals(t *testing.T) {
	t.Parallel()
	for _, b := range []struct {
		bug    bug
		breaks []int // the first is the bug's own rule
	}{
		{none, nil},
		{"Begin stores nothing", from(1)},
		{"Begin loses the lease", []int{1, 3, 13, 14, 26}},
		{"a taken key is fresh", []int{2, 3, 14, 16, 25, 26}},
		{"a taken key is an error", []int{2, 3, 14, 16, 25, 26}},
		{"a taken key changes its entry", []int{2, 26}},
		{"a refused refund frees its key", []int{2, 3, 26}},
		{"no key is ever free", []int{3, 16, 24, 26}},
		{"a free key loses its history", []int{3, 26}},
		{"a free key stays in its payment", []int{3, 26}},
		{"a failed repeat frees the key", []int{3, 26}},
		{"keys without case", []int{4, 25}},
		{"keys without trailing space", []int{4, 25}},
		{"keys without accents", []int{4, 25}},
		{"keys cut at 254 bytes", []int{4}},
		{"payments without case", []int{4}},
		{"providers without case", []int{4}},
		{"providers share payments", []int{4, 5, 7}},
		{"gateways have payments of their own", []int{5, 3}},
		{"two open refunds", []int{3, 4, 5, 17, 25, 26}},
		{"unknown is not open", []int{5, 3}},
		{"what is refused is stored", []int{5, 3, 6, 7, 8, 9, 17, 19, 25, 26}},
		{"an error without its type", []int{3, 4, 5, 6, 7, 8, 9, 17, 19, 25, 26}},
		{"pending takes nothing", []int{6, 8, 24}},
		{"failed takes its part", []int{6, 8, 26}},
		{"sees ten other entries", []int{6, 17}},
		{"forgets closed entries", []int{6, 7, 8, 9, 17, 24, 25, 26}},
		{"the amount of a gateway is the asked one", []int{6}},
		{"pending entries are not seen", []int{8, 6, 24}},
		{"the amount is the asked one", []int{9}},
		{"Move takes any version", []int{10, 3, 18}},
		{"Move takes a later version", []int{10}},
		{"Move makes entries", []int{10}},
		{"the version stays", from(10)},
		{"the history has ten changes", []int{11}},
		{"the history is sorted by time", []int{11, 3, 10}},
		{"a move's cause is lost", []int{11, 10, 12, 13}},
		{"a move's trust is lost", []int{11, 13}},
		{"a missing result removes", []int{12, 5, 6, 8, 26}},
		{"an error stays for ever", []int{12}},
		{"milliseconds", []int{13, 14}},
		{"local time", []int{13}},
		{"an amount is a float", []int{13, 6, 14}},
		{"params are lost", []int{13, 14, 3}},
		{"the snapshot is lost", []int{13, 14, 24}},
		{"the code of an error is lost", []int{13}},
		{"the cause of an error is lost", []int{13}},
		{"texts are cut", []int{13}},
		{"Begin shares its entry", []int{14}},
		{"Begin keeps the caller's params", []int{14}},
		{"Entry shares its entry", []int{14}},
		{"Move keeps the caller's result", []int{14}},
		{"Move changes the caller's result", []int{14}},
		{"Begin ignores the context", []int{15}},
		{"Move ignores the context", []int{15}},
		{"Entry ignores the context", []int{15}},
		{"Begin looks first and writes later", []int{16, 17}},
		{"Admit looks first and Begin writes later", []int{17, 16, 19}},
		{"Move looks first and writes later", []int{18}},
		{"callers get each other's entries", []int{19, 17, 18}},
		{"a snapshot that proves nothing is kept", []int{24}},
		{"no snapshot survives another refund", []int{24}},
		{"a key that is used again keeps its snapshot", []int{24}},
		{"environments share payments", []int{25}},
		{"environments without case", []int{25}},
		{"a key belongs to no environment", []int{25, 2, 26}},
		{"the environment is lost", []int{13, 14, 25}},
		{"who asked is lost", []int{13, 14, 26}},
		{"a move's flag is lost", []int{11, 13}},
		{"Again is not heeded", []int{26}},
		{"Again frees the key of any refused refund", []int{26}},
		{"Again frees the key of the same request", []int{26, 14}},
	} {
		t.Run(string(b.bug), func(t *testing.T) {
			t.Parallel()
			failed := check(t, b.bug)
			if b.bug == none {
				assert.Empty(t, failed)
				return
			}
			require.Contains(t, failed, b.breaks[0], "the suite did not notice")
			assert.Contains(t, failed[b.breaks[0]], fmt.Sprintf("rule %d: ", b.breaks[0]), "the failure must print the rule")
			for number, failure := range failed {
				assert.Contains(t, b.breaks, number, "another rule failed too: %s", failure)
			}
		})
	}
}

// from is all rules, the bug's own first: for a bug that breaks nearly all.
func from(own int) []int {
	all := []int{own}
	for _, r := range rules {
		all = append(all, r.number)
	}
	return all
}

func TestRulesAreNumbered(t *testing.T) {
	t.Parallel()
	for i, rule := range rules {
		assert.Equal(t, i+1, rule.number)
		assert.NotEmpty(t, rule.text)
	}
}

func check(t *testing.T, b bug) map[int]string {
	failed := make(map[int]string)
	for _, rule := range rules {
		rec := &recorder{TB: t}
		rec.do(func() { rule.check(&named{TB: rec, rule: rule}, newBroken(b)) })
		if rec.failure != "" {
			failed[rule.number] = rec.failure
		}
	}
	return failed
}

// recorder takes the failures that would fail the test.
type recorder struct {
	testing.TB
	mu      sync.Mutex
	failure string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure == "" {
		r.failure = fmt.Sprintf(format, args...)
	}
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Skip ends a rule that a journal need not keep.
func (r *recorder) Skip(...any) { runtime.Goexit() }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure != ""
}

// do runs f so that Fatalf ends f alone, and a panic is a failure.
func (r *recorder) do(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		f()
	}()
	<-done
}

// bug is what is wrong with a broken journal.
type bug string

const none bug = "none"

// broken is a journal with a bug.
type broken struct {
	bug     bug
	mu      sync.Mutex
	entries map[string]*refund.Entry
	last    *refund.Entry // moved
}

func newBroken(b bug) *broken { return &broken{bug: b, entries: make(map[string]*refund.Entry)} }

func (j *broken) is(b bug) bool { return j.bug == b }

// gap lets others run, as a journal does that looks and writes in two steps.
func (j *broken) gap(b bug) {
	if j.is(b) {
		j.mu.Unlock()
		for range 10 {
			runtime.Gosched()
		}
		j.mu.Lock()
	}
}

var unaccented = strings.NewReplacer("\u0301", "", "é", "e", "É", "E")

func (j *broken) key(k string) string {
	switch {
	case j.is("keys without case"):
		return strings.ToLower(k)
	case j.is("keys without trailing space"):
		return strings.TrimRight(k, " ")
	case j.is("keys without accents"):
		return unaccented.Replace(k)
	case j.is("keys cut at 254 bytes") && len(k) > 254:
		return k[:254]
	}
	return k
}

func (j *broken) Begin(ctx context.Context, in refund.Intent) (*refund.Entry, bool, error) {
	if err := ctx.Err(); err != nil && !j.is("Begin ignores the context") {
		return nil, false, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	taken := j.entries[j.key(in.Key)]
	j.gap("Begin looks first and writes later")
	free := taken != nil && in.Replaces(taken)
	switch {
	case j.is("Again is not heeded"):
		free = taken != nil && taken.Free()
	case j.is("Again frees the key of any refused refund"):
		free = taken != nil && (free || in.Request.Again && taken.Status == refund.StatusRefused)
	case j.is("Again frees the key of the same request"):
		free = taken != nil && (free || in.Request.Again && in.Same(taken))
	case j.is("a key belongs to no environment"):
		free = taken != nil && (free || in.Environment != taken.Environment)
	case j.is("a refused refund frees its key"):
		free = taken != nil && (free || taken.Status == refund.StatusRefused)
	case j.is("no key is ever free"):
		free = false
	case j.is("a taken key is fresh") && taken != nil && !free:
		return taken.Clone(), true, nil
	case j.is("a taken key is an error") && taken != nil && !free:
		return nil, false, &refund.Error{Gateway: in.Gateway, Op: "refund", Code: refund.KeyConflict, Status: refund.StatusNotSent}
	}
	if taken != nil && !free {
		if j.is("a taken key changes its entry") {
			changed := taken.Clone()
			changed.Request = in.Request
			j.entries[in.Key] = changed
		}
		return taken.Clone(), false, nil
	}
	before := in.Before
	others := j.others(&in)
	amount, err := in.Admit(others)
	if j.is("a snapshot that proves nothing is kept") {
		in.Before = before
	}
	j.gap("Admit looks first and Begin writes later")
	if err != nil {
		switch {
		case j.is("what is refused is stored"):
			j.entries[in.Key] = in.NewEntry(in.Request.Amount, taken)
		case j.is("a failed repeat frees the key"):
			delete(j.entries, in.Key)
		case j.is("an error without its type"):
			err = fmt.Errorf("cannot begin: %s", err)
		}
		return nil, false, err
	}
	if j.is("the amount is the asked one") {
		amount = in.Request.Amount
	}
	replaced := taken
	if j.is("a free key loses its history") {
		replaced = nil
	}
	e := in.NewEntry(amount, replaced)
	j.change(e)
	switch {
	case j.is("no snapshot survives another refund") && len(others) > 0:
		e.Before = nil
	case j.is("a key that is used again keeps its snapshot") && e.Before == nil && taken != nil:
		e.Before = taken.Before
	case j.is("Begin loses the lease"):
		e.LeaseUntil = e.BeganAt
	case j.is("Begin keeps the caller's params"):
		e.Request.Params = in.Request.Params
	case j.is("params are lost"):
		e.Request.Params = nil
	case j.is("the snapshot is lost"):
		e.Before = nil
	case j.is("the environment is lost"):
		e.Environment = ""
	case j.is("who asked is lost"):
		e.History[len(e.History)-1].By = ""
	}
	if taken != nil && j.is("a free key stays in its payment") {
		j.entries["an old try of "+in.Key+fmt.Sprint(len(j.entries))] = func() *refund.Entry {
			old := taken.Clone()
			old.Status = refund.StatusUnknown
			return old
		}()
	}
	if !j.is("Begin stores nothing") {
		j.entries[j.key(in.Key)] = e
	}
	if j.is("Begin shares its entry") {
		return e, true, nil
	}
	return e.Clone(), true, nil
}

// others are the entries that Admit gets to see.
func (j *broken) others(in *refund.Intent) (others []*refund.Entry) {
	for key, e := range j.entries {
		payment := e.Request.Payment.ID == in.Request.Payment.ID || j.is("payments without case") && strings.EqualFold(e.Request.Payment.ID, in.Request.Payment.ID)
		provider := e.Provider == in.Provider || j.is("providers share payments") || j.is("providers without case") && strings.EqualFold(e.Provider, in.Provider)
		environment := e.Environment == in.Environment || j.is("environments share payments") || j.is("environments without case") && strings.EqualFold(string(e.Environment), string(in.Environment))
		if key == in.Key || !payment || !provider || !environment {
			continue
		}
		seen := e.Clone()
		closed := e.Status != refund.StatusUnknown
		switch {
		case j.is("two open refunds") && e.Status == refund.StatusUnknown,
			j.is("unknown is not open") && e.Status == refund.StatusUnknown && len(e.History) > 1,
			j.is("gateways have payments of their own") && e.Gateway != in.Gateway,
			j.is("forgets closed entries") && closed,
			j.is("pending entries are not seen") && e.Status == refund.StatusPending,
			j.is("sees ten other entries") && len(others) == 10:
			continue
		case j.is("pending takes nothing") && e.Status == refund.StatusPending:
			seen.Status = refund.StatusRefused
		case j.is("failed takes its part") && e.Status == refund.StatusFailed:
			seen.Status = refund.StatusSucceeded
		case j.is("the amount of a gateway is the asked one") && !e.Amount.IsSet():
			seen.Amount = e.Request.Amount
			if !seen.Amount.IsSet() {
				seen.Status = refund.StatusRefused
			}
		}
		others = append(others, seen)
	}
	return others
}

func (j *broken) Move(ctx context.Context, key string, version int64, m refund.Move) (*refund.Entry, error) {
	if err := ctx.Err(); err != nil && !j.is("Move ignores the context") {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[j.key(key)]
	if e == nil {
		if j.is("Move makes entries") {
			j.entries[key] = &refund.Entry{Key: key}
		}
		return nil, refund.ErrNoEntry
	}
	if e.Version != version && !j.is("Move takes any version") && (version < e.Version || !j.is("Move takes a later version")) {
		return nil, refund.ErrStale
	}
	j.gap("Move looks first and writes later")
	moved := e.Clone()
	if j.is("a move's cause is lost") {
		m.Cause = refund.CauseAnswer
	}
	if j.is("a move's trust is lost") {
		m.Trust = refund.TrustNone
	}
	if j.is("a move's flag is lost") {
		m.Flag = false
	}
	if j.is("an error stays for ever") && moved.Err != nil {
		m.Err = nil
	}
	moved.Apply(m)
	if j.is("Move changes the caller's result") && m.Result != nil {
		m.Result.At = m.Result.At.UTC()
	}
	if !j.is("Move keeps the caller's result") {
		moved = moved.Clone()
	}
	switch {
	case j.is("the version stays"):
		moved.Version = e.Version
	case j.is("the history has ten changes") && len(moved.History) > 10:
		moved.History = moved.History[len(moved.History)-10:]
	case j.is("the history is sorted by time"):
		slices.SortStableFunc(moved.History, func(a, b refund.Change) int { return a.At.Compare(b.At) })
	case j.is("a missing result removes") && m.Result == nil:
		moved.Result = nil
	case j.is("the code of an error is lost") && moved.Err != nil && moved.Err.Code == refund.WindowExpired:
		moved.Err.Code = refund.Declined
	case j.is("the cause of an error is lost") && moved.Err != nil:
		moved.Err.Err = nil
	case j.is("texts are cut") && moved.Result != nil && len(moved.Result.Message) > 4096:
		moved.Result.Message = moved.Result.Message[:4096]
	}
	j.change(moved)
	j.entries[j.key(key)] = moved
	j.last = moved
	if j.gap("callers get each other's entries"); j.is("callers get each other's entries") {
		moved = j.last
	}
	return moved.Clone(), nil
}

// change makes the bugs of any entry.
func (j *broken) change(e *refund.Entry) {
	for _, t := range times(e) {
		switch *t = t.UTC().Round(time.Microsecond); j.bug {
		case "milliseconds":
			*t = t.Truncate(time.Millisecond)
		case "local time":
			*t = t.In(time.FixedZone("local", 3600))
		}
	}
	if j.is("an amount is a float") && e.Amount.IsSet() {
		f := float64(e.Amount.Minor())
		if f >= 1<<63 {
			f = 1<<63 - 1024
		}
		e.Amount, _ = money.FromMinor(int64(f), e.Amount.Currency())
	}
}

func (j *broken) Entry(ctx context.Context, key string) (*refund.Entry, error) {
	if err := ctx.Err(); err != nil && !j.is("Entry ignores the context") {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[j.key(key)]
	switch {
	case e == nil:
		return nil, refund.ErrNoEntry
	case j.is("Entry shares its entry"):
		return e, nil
	}
	return e.Clone(), nil
}
