package main

import "syscall"

// ofItsOwn gives a child a process group of its own, and has the kernel end it when its parent dies.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
