//go:build !linux

package main

import "syscall"

// ofItsOwn gives a child a process group of its own. Where the kernel can't end it with its parent, the
// keeper does, unless it is itself killed.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
