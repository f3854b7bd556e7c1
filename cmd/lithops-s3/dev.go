package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/lithops-go/lithopss3/internal/devs3"
)

type devCommand struct {
	Addr   string `default:"127.0.0.1:9000" help:"The loopback address to listen on; port 0 takes any."`
	Region string `default:"us-east-1" help:"The region to be."`
	Debug  bool   `short:"d" help:"Say more on stderr."`
}

// Run serves until it is interrupted.
func (c *devCommand) Run(t *terminal) error {
	opts := &devs3.Options{Addr: c.Addr, Region: c.Region}
	if c.Debug {
		opts.Logger = slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := devs3.Start(opts)
	if err != nil {
		return err
	}
	if err := printDev(t, server); err != nil {
		return err
	}
	<-t.ctx.Done()
	_, _ = fmt.Fprintln(t.stderr, "stopped; everything stored is gone")
	return server.Close()
}

func printDev(t *terminal, server *devs3.Server) error {
	_, err := fmt.Fprintf(t.stdout, "S3 and STS in memory at %s, until interrupted.\n\n# the environment that points boto3, Python Lithops and this command at it:\n", server.URL())
	if err != nil {
		return err
	}
	env := server.Env()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, err := fmt.Fprintf(t.stdout, "export %s=%s\n", name, env[name]); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(t.stdout, "\n# the same as a Lithops configuration (AWS_ENDPOINT_URL is still needed):\n%s", server.Config())
	return err
}
