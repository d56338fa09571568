// Package sim is a small world in which several shops refund the same payments through
// pretend gateways while everything goes wrong: answers get lost, callbacks come early,
// late, twice, out of order or from nobody, processes die or sleep at any point, clocks
// differ, the database says no for a while, people decide in a hurry, and others refund
// the same payments in a dashboard.
//
// One thing happens at a time. A scheduler of its own lets one task run until it next
// waits for something, and chooses the next one by the seed; time, ids and faults come
// from the seed, too. So a seed is a history, and it is the same each time: Run writes it
// down as a person would tell it, and [History.Sum] is its digest.
//
//	go test ./internal/sim                                  # some hundred seeds
//	SIM_SEEDS=200000 go test -timeout 60m ./internal/sim    # many
//	SIM_SEED=4711 go test -v -run TestSeed ./internal/sim   # one, with its history
//
// After each step the world is compared with what the library promises, see check.go and
// check_entry.go. What runs is the library itself: clients, adapters, journal and poller;
// on SQLite in cmd/journal/stores. What does not are sockets, other databases, and real
// gateways: DESIGN.md says which tests see those.
package sim
