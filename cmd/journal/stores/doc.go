// Package stores holds the tests of the journal on real databases: the
// conformance suite, several processes at once, and lists of many rows. Package
// testdb says how to name the servers.
package stores
