package pretend

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// owed is a callback that was not accepted yet.
type owed struct {
	Callback
	number int // in the order in which they came up
	sent   int // how often
	due    time.Time
	place  int // among those that wait; -1 while it is being sent
}

// debts are the callbacks that are owed. What is due is found without a look at the others.
type debts struct {
	made    int
	of      map[string][]*owed // by the refund's id
	waiting waiting
}

// add makes a message owed, due at once.
func (d *debts) add(c Callback) {
	if d.of == nil {
		d.of = make(map[string][]*owed)
	}
	d.made++
	o := &owed{Callback: c, number: d.made}
	o.of = o
	d.of[o.RefundID] = append(d.of[o.RefundID], o)
	heap.Push(&d.waiting, o)
}

// take returns what is due, in the order in which it came up. It is being sent from then on.
func (d *debts) take(now time.Time) []*owed {
	var taken []*owed
	for len(d.waiting) > 0 && !d.waiting[0].due.After(now) {
		taken = append(taken, heap.Pop(&d.waiting).(*owed))
	}
	return inOrder(taken)
}

// takeOf does that for one refund.
func (d *debts) takeOf(refundID string, now time.Time) []*owed {
	var taken []*owed
	for _, o := range d.of[refundID] {
		if o.place >= 0 && !o.due.After(now) {
			taken = append(taken, heap.Remove(&d.waiting, o.place).(*owed))
		}
	}
	return taken
}

// back makes a message that was being sent wait again.
func (d *debts) back(o *owed) { heap.Push(&d.waiting, o) }

// drop ends the sending of a message that was being sent.
func (d *debts) drop(o *owed) {
	left := slices.DeleteFunc(d.of[o.RefundID], func(other *owed) bool { return other == o })
	if d.of[o.RefundID] = left; len(left) == 0 {
		delete(d.of, o.RefundID)
	}
}

// list returns all of them.
func (d *debts) list() []*owed {
	var all []*owed
	for _, some := range d.of {
		all = append(all, some...)
	}
	return inOrder(all)
}

func inOrder(some []*owed) []*owed {
	slices.SortFunc(some, func(a, b *owed) int { return cmp.Compare(a.number, b.number) })
	return some
}

// waiting is a heap: what is due first is first.
type waiting []*owed

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	if c := w[i].due.Compare(w[j].due); c != 0 {
		return c < 0
	}
	return w[i].number < w[j].number
}

func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].place, w[j].place = i, j
}

func (w *waiting) Push(x any) {
	o := x.(*owed)
	o.place = len(*w)
	*w = append(*w, o)
}

func (w *waiting) Pop() any {
	last := len(*w) - 1
	o := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	o.place = -1
	return o
}
