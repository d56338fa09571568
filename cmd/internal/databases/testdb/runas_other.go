//go:build !unix

package testdb

import "syscall"

// runAs leaves the user as it is: the servers of these tests need Unix.
func runAs(uint32, uint32) *syscall.SysProcAttr { return nil }
