// The control plane of a simulated cluster, as one program: its first argument says which part it is.
//
// kube-apiserver holds etcd in itself and keeps the other parts: see keeper.go. It lives as long as its
// standard input stays open, so it ends with the daemon that started it, however that one ends.
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("name a part: kube-apiserver, kube-controller-manager or kube-scheduler")
	}
	part := os.Args[1]
	os.Args = append([]string{part}, os.Args[2:]...)
	switch part {
	case "kube-apiserver":
		os.Exit(serve())
	case "kube-controller-manager":
		go endWithInput()
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kube-scheduler":
		go endWithInput()
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	default:
		fail("there is no part " + part)
	}
}

// serve runs etcd, the API server and what the keeper is told to run, and ends them in the opposite order.
func serve() int {
	// Stopped at the end without its servers, which would wait 5 seconds for the API server's watches.
	store, err := startEtcd("etcd")
	if err != nil {
		fail("etcd did not start: " + err.Error())
	}
	keeper := newKeeper(os.Stdout)
	command := apiserver.NewAPIServerCommand()
	go func() {
		keeper.obey(os.Stdin)
		keeper.stopAll()
		genericapiserver.RequestShutdown()
		// A connection on which nothing was asked yet would be waited for 5 seconds more.
		time.Sleep(farewell)
		store.Server.Stop()
		os.Exit(0)
	}()
	code := cli.Run(command)
	keeper.stopAll()
	store.Server.Stop()
	return code
}

// farewell is how long the API server may take to end the calls under way.
const farewell = 500 * time.Millisecond

// endWithInput ends a part when the process that holds the other end of its standard input is gone.
func endWithInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
