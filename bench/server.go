// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"golang.org/x/sync/errgroup"
)

// A server is where the bench's server listens.
type server struct {
	endpoint  string // over http
	secure    string // over https
	authority string // the file with the certificate of its authority
}

// serverMain serves until the process is ended, and prints where: over http and
// over https. It writes the certificate of its authority to a file.
func serverMain(authority string) error {
	at, serve, err := listen(authority)
	if err != nil {
		return err
	}
	fmt.Println(at.endpoint, at.secure)
	return serve()
}

// listen opens a server's ports. serve answers them until both are closed.
func listen(authority string) (at server, serve func() error, err error) {
	config, certificate, err := s3null.Authority(s3null.AWSHosts()...)
	if err != nil {
		return at, nil, err
	}
	if err := os.WriteFile(authority, certificate, 0o600); err != nil {
		return at, nil, err
	}
	var ports [2]net.Listener
	for i := range ports {
		if ports[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil { //nolint:noctx // it ends with the process
			return at, nil, err
		}
	}
	at = server{"http://" + ports[0].Addr().String(), "https://" + ports[1].Addr().String(), authority}
	s := s3null.New()
	s.TLS = config
	return at, func() error {
		var group errgroup.Group
		group.Go(func() error { return s.Serve(ports[0]) })
		group.Go(func() error { return s.Serve(tls.NewListener(ports[1], config)) })
		return group.Wait()
	}, nil
}

// startServer starts the server in a process of its own, on ports that are free.
// The certificate of its authority is in folder then.
func startServer(ctx context.Context, self, folder string) (at server, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	at.authority = filepath.Join(folder, "authority.pem")
	command := exec.CommandContext(ctx, self, "server", at.authority)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		return at, nil, err
	}
	stop = func() { cancel(); _ = command.Wait() }
	if _, err := fmt.Fscanln(output, &at.endpoint, &at.secure); err != nil {
		stop()
		return at, nil, err
	}
	return at, stop, nil
}
