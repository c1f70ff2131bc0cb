package main

import (
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startEtcd starts a single etcd on sockets in the working folder, so that it takes no port and
// only who may enter the folder reaches it.
func startEtcd(folder string) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = folder
	// Its default addresses stay what it tells of itself; it has no peer, and the API server knows the socket.
	config.ListenClientUrls = []url.URL{{Scheme: "unix", Host: "etcd.sock"}}
	config.ListenPeerUrls = []url.URL{{Scheme: "unix", Host: "etcd-peers.sock"}}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = "warn"
	config.LogOutputs = []string{"stderr"}
	// Alone, it waits for no one: a short election makes a restart quick.
	config.TickMs, config.ElectionMs = 10, 100
	// The data outlives every killed process; only a power cut could cost the last writes of a sandbox.
	config.UnsafeNoFsync = true

	store, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case err := <-store.Err():
		return nil, err
	case <-time.After(30 * time.Second):
		store.Close()
		return nil, fmt.Errorf("not ready after 30 seconds")
	}
}
