package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// order is one line of standard input: start a program under a name, or stop the one of that name.
type order struct {
	Name        string   `json:"name"`
	Start       []string `json:"start"`
	Environment []string `json:"environment"`
	Log         string   `json:"log"`
	Stop        bool     `json:"stop"`
}

// event is one line of standard output: a program got a process id, or its process ended.
type event struct {
	Name    string `json:"name"`
	Process int    `json:"process"`
	Ended   string `json:"ended,omitempty"`
}

// keeper runs programs beside the API server, starts those again that end unasked, and leaves none behind.
type keeper struct {
	mutex    sync.Mutex
	events   *json.Encoder
	kept     map[string]*kept
	stopping bool
}

type kept struct {
	stopped chan struct{} // closed when it shall not be started again
	ended   chan struct{} // closed when its last process is gone
	process *os.Process
}

// restart is the time from a program's unasked end until it is started again.
const restart = time.Second

func newKeeper(events io.Writer) *keeper {
	return &keeper{events: json.NewEncoder(events), kept: map[string]*kept{}}
}

// obey follows orders until there is no one left to give them.
func (k *keeper) obey(orders io.Reader) {
	lines := json.NewDecoder(orders)
	for {
		var o order
		if lines.Decode(&o) != nil {
			return
		}
		k.stop(o.Name)
		if !o.Stop {
			k.start(o)
		}
	}
}

func (k *keeper) start(o order) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.stopping || len(o.Start) == 0 {
		return
	}
	one := &kept{stopped: make(chan struct{}), ended: make(chan struct{})}
	k.kept[o.Name] = one
	go k.keep(o, one)
}

func (k *keeper) keep(o order, one *kept) {
	// A child that dies with its parent dies with the thread that started it: this one stays.
	runtime.LockOSThread()
	defer close(one.ended)
	for {
		how := k.runOnce(o, one)
		k.tell(event{Name: o.Name, Ended: how})
		select {
		case <-one.stopped:
			return
		case <-time.After(restart):
		}
	}
}

// runOnce runs the program until its process ends, and says how it ended.
func (k *keeper) runOnce(o order, one *kept) string {
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	command := exec.Command(o.Start[0], o.Start[1:]...)
	command.Env = append(os.Environ(), o.Environment...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = ofItsOwn()
	// Never written to: the parts of this program end when it closes.
	if _, err := command.StdinPipe(); err != nil {
		return err.Error()
	}

	k.mutex.Lock()
	select {
	case <-one.stopped:
		k.mutex.Unlock()
		return "stopped"
	default:
	}
	if err := command.Start(); err != nil {
		k.mutex.Unlock()
		return err.Error()
	}
	one.process = command.Process
	k.mutex.Unlock()

	k.tell(event{Name: o.Name, Process: command.Process.Pid})
	_ = command.Wait()
	// What it started and left behind goes with it.
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	k.mutex.Lock()
	one.process = nil
	k.mutex.Unlock()
	return command.ProcessState.String()
}

func (k *keeper) tell(e event) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	_ = k.events.Encode(e)
}

// stop kills the program of that name, and returns when it is gone. None has anything to finish: what they
// know is in the API server.
func (k *keeper) stop(name string) {
	k.mutex.Lock()
	one := k.kept[name]
	delete(k.kept, name)
	if one != nil {
		close(one.stopped)
		if one.process != nil {
			_ = syscall.Kill(-one.process.Pid, syscall.SIGKILL)
		}
	}
	k.mutex.Unlock()
	if one != nil {
		<-one.ended
	}
}

// stopAll ends every program at once, and accepts no new one.
func (k *keeper) stopAll() {
	k.mutex.Lock()
	k.stopping = true
	var names []string
	for name := range k.kept {
		names = append(names, name)
	}
	k.mutex.Unlock()
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { k.stop(name) })
	}
	all.Wait()
}
