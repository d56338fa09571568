// Package callbacks holds the test in which a service refunds through all four
// gateways, is killed and started again, and gets its callbacks in every disorder.
package callbacks
