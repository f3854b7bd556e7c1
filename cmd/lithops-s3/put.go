// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// objectFlags say how an object is stored.
type objectFlags struct {
	ContentType string   `name:"content-type" placeholder:"TYPE" help:"The content type; none if not given, as Lithops stores it. An object that is copied from S3 to S3 keeps its headers and metadata, unless this or --metadata replaces all of them."`
	Metadata    []string `sep:"none" placeholder:"NAME=VALUE" help:"Metadata of the object; can be repeated."`
	Class       string   `name:"storage-class" placeholder:"CLASS" help:"The storage class, such as STANDARD_IA; the bucket's default if not given."`
	SSE         string   `name:"sse" placeholder:"KIND" help:"How the server encrypts: AES256, aws:kms or aws:kms:dsse; the bucket's default if not given."`
	SSEKMSKeyID string   `name:"sse-kms-key-id" placeholder:"KEY" help:"The ID, ARN or alias of the key in KMS."`
}

// options returns the options for a put.
func (f *objectFlags) options() (lithopss3.PutOptions, error) {
	opts := lithopss3.PutOptions{
		ContentType: f.ContentType, StorageClass: f.Class, ServerSideEncryption: f.SSE, SSEKMSKeyID: f.SSEKMSKeyID,
	}
	for _, text := range f.Metadata {
		for _, pair := range splitPairs(text) {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				return opts, usagef("--metadata takes NAME=VALUE, not %q", text)
			}
			if opts.Metadata == nil {
				opts.Metadata = map[string]string{}
			}
			opts.Metadata[name] = value
		}
	}
	sent := struct{ Metadata map[string]string }{opts.Metadata}
	if err := validate.Input(&sent); err != nil {
		return opts, usagef("--metadata: %w", err)
	}
	return opts, nil
}

// splitPairs splits a=1,b=2, as aws has it, and keeps a=1,2 together.
func splitPairs(text string) []string {
	parts := strings.Split(text, ",")
	for _, part := range parts {
		if !strings.Contains(part, "=") {
			return []string{text}
		}
	}
	return parts
}

type putCommand struct {
	storageFlags
	objectFlags
	Args      []string `arg:"" optional:"" type:"file" name:"file" help:"The files to store, - for standard input, and then the bucket, or s3://BUCKET/KEY. The bucket is the configuration's if it is . or if there is only a file."`
	IfAbsent  bool     `name:"if-absent" help:"Store only if there is no such object yet."`
	Key       string   `short:"k" help:"The object's key, or the folder's prefix; the file's name if not given."`
	Recursive bool     `short:"r" help:"Store a folder, with all that is below it."`
	DryRun    bool     `short:"n" help:"Only print what would be stored."`
	Quiet     bool     `short:"q" help:"Print nothing but errors."`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// Usage is shown by put --help.
func (putCommand) Usage() string { return "FILE... [BUCKET | s3://BUCKET/KEY]" }

// Help is shown by put --help.
func (putCommand) Help() string {
	return `Examples:
  lithops-s3 put data.csv my-bucket --key data/2026.csv
  lithops-s3 put data.csv s3://my-bucket/data/
  lithops-s3 put -r results .
  tar c folder | lithops-s3 put - my-bucket -k folder.tar`
}

// A putPlan is what the arguments of put say.
type putPlan struct {
	files  []string
	target objectName // with the key, or with the prefix of a URL
	isURL  bool
}

// plan reads the arguments.
func (c *putCommand) plan() (*putPlan, error) {
	if len(c.Args) == 0 {
		return nil, usagef("put takes a file and a bucket")
	}
	plan := &putPlan{files: c.Args}
	if len(c.Args) > 1 {
		last := len(c.Args) - 1
		name, err := parseFolder(c.Args[last])
		if err != nil {
			return nil, err
		}
		_, plan.isURL, _ = parseURL(c.Args[last])
		plan.files, plan.target = c.Args[:last], name
	}
	if c.Key != "" && plan.target.key != "" {
		return nil, usagef("the key is given twice, by --key and by the URL")
	}
	if c.Key != "" {
		plan.target.key = c.Key
	}
	return plan, plan.check(c)
}

func (p *putPlan) check(c *putCommand) error {
	for _, file := range p.files {
		if file == "-" && c.Recursive {
			return usagef("standard input is no folder")
		}
		if file == "-" && (p.target.key == "" || len(p.files) > 1 || strings.HasSuffix(p.target.key, "/") && p.isURL) {
			return usagef("standard input needs --key")
		}
	}
	if len(p.files) > 1 && !c.Recursive && p.target.key != "" && !strings.HasSuffix(p.target.key, "/") {
		return usagef("several files need a key that ends with a slash")
	}
	return nil
}

// keyOf returns the key of a file, or the prefix of a folder. A missing file is an error.
func (p *putPlan) keyOf(file string, recursive bool) (string, error) {
	if err := checkFile(file); err != nil {
		return "", err
	}
	key := p.target.key
	belowKey := len(p.files) > 1 || p.isURL && strings.HasSuffix(key, "/") && !recursive
	if key != "" && !belowKey {
		return key, nil
	}
	name, err := baseName(file)
	if err != nil {
		return "", err
	}
	if recursive && key != "" {
		key = folderPrefix(key)
	}
	return key + name, checkKeyOf(name)
}

// Run stores the files, or the folders.
func (c *putCommand) Run(t *terminal) error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	opts, err := c.options()
	if err != nil {
		return err
	}
	if len(plan.files) == 1 { // before any request
		if _, err := plan.keyOf(plan.files[0], c.Recursive); err != nil {
			return err
		}
	}
	store, err := c.open(t)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := t.resolve(store, &plan.target); err != nil {
		return err
	}
	copier := t.newCopier(store)
	defer copier.close()
	copier.put = opts
	copier.put.IfAbsent = c.IfAbsent
	return c.hint(c.store(t, copier, plan))
}

// hint explains a bucket that is missing because the last argument was meant as a file.
func (c *putCommand) hint(err error) error {
	last := c.Args[len(c.Args)-1]
	if len(c.Args) == 1 || !errors.Is(err, lithopss3.ErrNoSuchBucket) || last == ownBucket || checkFile(last) != nil {
		return err
	}
	return fmt.Errorf("%w\n%s is a file here, and the last argument is the bucket: end the line with . to store it in the configuration's own", err, formatPath(last))
}

// store collects the tasks and runs them.
func (c *putCommand) store(t *terminal, copier *copier, plan *putPlan) error {
	object := plan.target
	err := copier.collectEach(plan.files, true, func(i int) error {
		key, err := plan.keyOf(plan.files[i], c.Recursive)
		if err != nil {
			return err
		}
		to := objectName{plan.target.bucket, key}
		if c.Recursive {
			to.key = folderPrefix(key)
		}
		if len(plan.files) == 1 {
			object = to
		}
		if c.Recursive {
			return copier.storeFolder(plan.files[i], to)
		}
		return copier.storeFile(plan.files[i], to)
	})
	if err != nil {
		return err
	}
	if len(plan.files) == 1 && !c.Recursive {
		return t.runOne(copier, oneTask{done: "Stored", dry: "Would store", object: object, json: c.JSON, quiet: c.Quiet, dryRun: c.DryRun})
	}
	transfer := newTransfer(t, "Stored", object, c.JSON, c.Quiet)
	if c.DryRun {
		transfer.verb, transfer.dryRun = "Would store", true
		for i := range copier.tasks {
			copier.tasks[i].preview = sanitize.Name(copier.tasks[i].key)
		}
	}
	return transfer.run(copier.tasks, copier.failed)
}

// oneTask says how a single task is reported.
type oneTask struct {
	done, dry           string // verbs
	object              objectName
	file                string
	json, quiet, dryRun bool
}

// runOne runs the only task and reports it; its error is the command's.
func (t *terminal) runOne(copier *copier, one oneTask) error {
	var extra []any
	if one.file != "" {
		extra = append(extra, "file", one.file)
	}
	if one.dryRun {
		return t.printDone(one.json, one.dry, one.object, append(extra, "dry_run", true)...)
	}
	bar := t.newBar(one.object.key, one.quiet)
	err := copier.tasks[0].move(t.ctx, bar.report())
	bar.clear()
	if err != nil || one.quiet && !one.json {
		return err
	}
	return t.printDone(one.json, one.done, one.object, extra...)
}

// baseName returns the name of a file or folder. One that is reached as ".." has
// the name that it has in the folder above it, because a key "../x" would be
// written outside of the folder that it is fetched into. This folder has none, "".
func baseName(path string) (string, error) {
	if filepath.Base(path) != ".." {
		return lastName(filepath.Clean(path)), nil
	}
	if !filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err != nil {
			return "", err
		}
		path = here + string(filepath.Separator) + path // not Join, which takes "link/.." for "."
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return lastName(resolved), nil
}

// lastName returns the last component of a path, "" for this folder and the root.
func lastName(path string) string {
	name := filepath.Base(path)
	if name == "." || name == string(filepath.Separator) {
		return ""
	}
	return name
}
