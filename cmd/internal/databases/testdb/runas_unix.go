//go:build unix

package testdb

import "syscall"

// runAs makes a program run as another user.
func runAs(uid, gid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
}
