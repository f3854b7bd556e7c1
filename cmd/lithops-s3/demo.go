// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
)

type demoCommand struct{}

// A demo is the main job on the embedded server, step by step.
type demo struct {
	t      *terminal
	store  *lithopss3.Store
	bucket string
	step   int
}

// Run runs the main job and prints what it did and what to type for the same.
func (demoCommand) Run(t *terminal) error {
	server, err := devs3.Start(nil)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if _, err := fmt.Fprintf(t.stdout, "The main job on an embedded S3 and STS server at %s, over HTTP with real signatures.\n", server.URL()); err != nil {
		return err
	}
	store, err := openEmbedded(t, server)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	d := &demo{t: t, store: store}
	for _, step := range []func() error{d.open, d.ensure, d.put, d.get, d.head, d.list, d.remove} {
		if err := step(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(t.stdout, "\nThe same on your own storage: write ~/.lithops/config as for Python Lithops and leave out the demo.")
	return err
}

// openEmbedded opens the server's storage, whatever the environment says. The
// caller closes it.
func openEmbedded(t *terminal, server *devs3.Server) (*lithopss3.Store, error) {
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	if err != nil {
		return nil, err
	}
	env := server.Env()
	return lithopss3.New(t.ctx, config, &lithopss3.Options{LookupEnv: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}})
}

const (
	demoKey  = "demo/hello world.txt"
	demoText = "Hello from Go. Python Lithops reads these bytes too.\n"
)

// say prints a step: what was done, its result, and the command that does the same.
func (d *demo) say(what, result, command string) error {
	d.step++
	_, err := fmt.Fprintf(d.t.stdout, "\n%d. %s\n   %s\n   $ %s\n", d.step, what, result, command)
	return err
}

func (d *demo) open() error {
	return d.say("Read the Lithops configuration.", fmt.Sprintf("region %s, from %s", d.store.Region(), d.store.RegionSource()), "lithops-s3 config")
}

func (d *demo) ensure() (err error) {
	if d.bucket, err = d.store.EnsureBucket(d.t.ctx); err != nil {
		return err
	}
	return d.say("Ask STS who we are, name the user's bucket as Python does, create it.", d.bucket, "lithops-s3 bucket --create")
}

func (d *demo) put() error {
	if err := d.store.PutObject(d.t.ctx, d.bucket, demoKey, strings.NewReader(demoText), nil); err != nil {
		return err
	}
	return d.say("Store an object.", fmt.Sprintf("%d bytes under %q", len(demoText), demoKey), fmt.Sprintf("lithops-s3 put hello.txt %s --key %q", d.bucket, demoKey))
}

func (d *demo) get() error {
	object, err := d.store.GetObject(d.t.ctx, d.bucket, demoKey, nil)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return err
	}
	if string(data) != demoText {
		return fmt.Errorf("got %q instead of what was stored", data)
	}
	return d.say("Get it back and compare.", fmt.Sprintf("the same %d bytes", len(data)), fmt.Sprintf("lithops-s3 get %s %q --out -", d.bucket, demoKey))
}

func (d *demo) head() error {
	info, err := d.store.HeadObject(d.t.ctx, d.bucket, demoKey)
	if err != nil {
		return err
	}
	return d.say("Describe it.", fmt.Sprintf("%d bytes, %s, ETag %s", info.Size, info.ContentType, info.ETag), fmt.Sprintf("lithops-s3 head %s %q", d.bucket, demoKey))
}

func (d *demo) list() error {
	keys, err := d.store.ListKeys(d.t.ctx, d.bucket, "demo/")
	if err != nil {
		return err
	}
	return d.say("List what begins with demo/.", fmt.Sprintf("%q", keys), fmt.Sprintf("lithops-s3 list %s --prefix demo/", d.bucket))
}

func (d *demo) remove() error {
	if err := d.store.DeleteObjects(d.t.ctx, d.bucket, []string{demoKey}); err != nil {
		return err
	}
	keys, err := d.store.ListKeys(d.t.ctx, d.bucket, "")
	if err != nil {
		return err
	}
	return d.say("Delete it.", formatCount(len(keys), "object")+" left", fmt.Sprintf("lithops-s3 delete %s %q", d.bucket, demoKey))
}
