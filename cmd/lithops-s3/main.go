// SPDX-License-Identifier: Apache-2.0

// Command lithops-s3 is "lithops storage" as one binary: it reads and writes the
// storage that a Lithops configuration describes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3"
)

// The exit codes, for scripts.
const (
	exitError      = 1
	exitUsage      = 2
	exitNotFound   = 3
	exitPermission = 4
	exitConfig     = 5
	exitSignal     = 128 // and the signal's number: 130 for Ctrl-C
)

func main() {
	// net/http logs what a server sends between two answers ("Unsolicited response
	// received on idle HTTP channel"). It has no other logger than this one.
	log.SetOutput(io.Discard)
	ctx := interruptible(context.Background())
	before := [...]*os.File{os.Stdout, os.Stderr}                 //nolint:forbidigo // see below
	os.Stdout, os.Stderr = standardOutputs()                      //nolint:reassign,forbidigo // also for a prompt, and the SDK's log
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) //nolint:forbidigo // output wraps them
	runtime.KeepAlive(before)                                     // or else the descriptors 1 and 2 are closed
	os.Exit(code)
}

// A terminal is where a command reads from and writes to.
type terminal struct {
	ctx    context.Context //nolint:containedctx // of the process
	stdin  io.Reader
	stdout *output
	stderr *output
	debug  bool   // of the option
	filter []bool // see filterOrder
}

// commands are all commands. The first word of the arguments is a field's name.
type commands struct {
	Ls      lsCommand      `cmd:"" group:"objects" help:"List a folder."`
	Cp      cpCommand      `cmd:"" group:"objects" help:"Copy files and objects: to S3, from S3, or from S3 to S3."`
	Mv      mvCommand      `cmd:"" group:"objects" help:"Move files and objects."`
	Rm      rmCommand      `cmd:"" group:"objects" help:"Delete objects, also folders and by wildcards."`
	Sync    syncCommand    `cmd:"" group:"objects" help:"Copy what differs from a folder to another, either way."`
	Cat     catCommand     `cmd:"" group:"objects" help:"Print objects."`
	Du      duCommand      `cmd:"" group:"objects" help:"Print how much is stored."`
	Presign presignCommand `cmd:"" group:"objects" help:"Print URLs that work without credentials."`
	Put     putCommand     `cmd:"" group:"lithops" help:"Store files."`
	Get     getCommand     `cmd:"" group:"lithops" help:"Fetch objects into files."`
	List    listCommand    `cmd:"" group:"lithops" help:"List all objects."`
	Delete  deleteCommand  `cmd:"" group:"lithops" help:"Delete objects, or all with a prefix."`
	Head    headCommand    `cmd:"" group:"objects" help:"Describe objects."`
	Storage storageCommand `cmd:"" hidden:"" help:"Lithops' storage put, get, list and delete."`
	Jobs    jobsCommand    `cmd:"" group:"jobs" help:"Look at what executors have in the bucket: jobs, calls, results, logs."`
	Clean   cleanCommand   `cmd:"" group:"jobs" help:"Delete what executors have left in the bucket."`
	Uploads uploadsCommand `cmd:"" group:"buckets" help:"List or abort incomplete multipart uploads."`
	Mb      mbCommand      `cmd:"" group:"buckets" help:"Create a bucket."`
	Bucket  bucketCommand  `cmd:"" group:"buckets" help:"Print the name of the configuration's bucket."`
	Config  configCommand  `cmd:"" group:"setup" help:"Print what the configuration says of the storage."`
	Doctor  doctorCommand  `cmd:"" group:"setup" help:"Find out what works and what is wrong, from the configuration to the bucket."`
	Demo    demoCommand    `cmd:"" group:"setup" help:"Run the main job on an embedded server; no account needed."`
	Dev     devCommand     `cmd:"" group:"setup" help:"Run the embedded S3 and STS server in the foreground."`

	Completion completionCommand `cmd:"" group:"setup" help:"Print a script that makes a shell complete commands, keys and IDs."`
	Man        manCommand        `cmd:"" group:"setup" help:"Print the manual page."`
	Complete   completeCommand   `cmd:"" name:"__complete" hidden:"" help:"Print what a line can become."`

	Version  versionFlag  `help:"Print the version." short:"V"`
	Licenses licensesFlag `help:"Print the licences of this program and of what is in it."`
}

// groups are the headings of help texts.
var groups = []kong.Group{
	{Key: "objects", Title: "Objects:"},
	{Key: "lithops", Title: "Objects, as Lithops' storage command:"},
	{Key: "jobs", Title: "Jobs of Lithops:"},
	{Key: "buckets", Title: "Buckets:"},
	{Key: "setup", Title: "Setting up:"},
	{Key: "connection", Title: "Connection and output:"},
}

const description = `lithops-s3 reads and writes the storage that a Lithops configuration describes, on AWS S3.`

// run is main without the process, so that tests can call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &terminal{ctx: ctx, stdin: newInput(ctx, stdin), stdout: newOutput(stdout), stderr: newOutput(stderr)}
	t.stdout.out.endWith(ctx)
	t.stderr.out.endWith(ctx)
	t.stdout.whenUnread(func() { cancel(errUnread) })
	shareTerminal(t.stdout, t.stderr)
	return t.run(args)
}

// run parses the arguments, runs the command and returns the exit code.
func (t *terminal) run(args []string) int {
	defer func() { _ = errors.Join(t.stdout.Flush(), t.stderr.Flush()) }()
	args = helpFirst(args)
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-V") { // without the time to build a parser
		_, err := fmt.Fprintln(t.stdout, "lithops-s3", version())
		return t.end(err)
	}
	if command := parseSimple(args); command != nil {
		return t.end(command.Run(t))
	}
	word := commandWord(args)
	parser := kong.Must(commandsFor(word), t.options()...)
	parsed, err := t.parse(parser, arrange(parser.Model.Node, args))
	if isLocal(err) { // of printing
		return t.end(err)
	}
	if err != nil {
		t.printError(wrongLine(err, word))
		return exitUsage
	}
	if parsed == nil {
		return 0
	}
	takeEffect(parsed)
	t.filter = filterOrder(parsed)
	return t.end(commandOf(parsed).Run(t))
}

// end prints the error of a command, unless it was reported, and returns the exit code. That
// no process reads the output any more is none, as of head in a shell's line.
func (t *terminal) end(err error) int {
	var reported reportedError
	isUnread := errors.Is(context.Cause(t.ctx), errUnread)
	if err != nil && !errors.As(err, &reported) && !isUnread {
		t.printError(err)
	}
	return exitCode(t.ctx, err)
}

// options returns kong's options.
func (t *terminal) options() []kong.Option {
	return append([]kong.Option{
		kong.Name("lithops-s3"), kong.Description(description), kong.ExplicitGroups(groups), kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Writers(t.stdout, t.stderr),
	}, argumentMappers()...)
}

// commandsFor returns a commands, or what it has of the one command that word names:
// kong takes a millisecond to look at all of them.
func commandsFor(word string) any {
	var chosen, flags []reflect.StructField
	all := reflect.TypeFor[commands]()
	for i := range all.NumField() {
		field := all.Field(i)
		if _, isCommand := field.Tag.Lookup("cmd"); !isCommand {
			flags = append(flags, field)
		} else if word == commandName(field) {
			chosen = append(chosen, field)
		}
	}
	if len(chosen) > 0 {
		return reflect.New(reflect.StructOf(append(chosen, flags...))).Interface()
	}
	return &commands{}
}

// commandName returns the word that a field of commands stands for.
func commandName(field reflect.StructField) string {
	if name := field.Tag.Get("name"); name != "" {
		return name
	}
	return strings.ToLower(field.Name)
}

// exitCode returns the code for a command that ended with err. After a signal any
// error counts as its consequence.
func exitCode(ctx context.Context, err error) int {
	var signal interrupted
	var config *lithopss3.ConfigError
	var settings *lithopss3.SettingsError
	switch {
	case err == nil:
		return 0
	case errors.As(context.Cause(ctx), &signal):
		return signal.exitCode()
	case errors.Is(err, errUsage), errors.Is(err, lithopss3.ErrInvalidBucketName) && !errors.As(err, &config), errors.Is(err, lithopss3.ErrInvalidKey):
		return exitUsage
	case errors.As(err, &config), errors.As(err, &settings), errors.Is(err, lithopss3.ErrNoConfiguration):
		return exitConfig
	case isCredentialsError(err):
		return exitPermission
	case isLocal(err): // of a file of this machine, and no object
		return exitError
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	case errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	}
	return exitError
}

// isLocal reports whether the system refused something: a file, a link or a new name for one
// (as os.Rename has it), or a call without a path.
func isLocal(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	return errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &call)
}

// errUsage is a wrong combination of arguments.
var errUsage = errors.New("wrong arguments")

// isCredentialsError reports whether better credentials would help: there are none, or the
// server does not accept them, or not any more.
func isCredentialsError(err error) bool {
	var credentials *lithopss3.CredentialsError
	return errors.As(err, &credentials) || errors.Is(err, lithopss3.ErrSignature) || slices.Contains(refusedCredentials, errorCode(err))
}

// refusedCredentials are the codes of a server that does not accept the credentials of a
// request, whatever it asks for. Some come with HTTP 400.
var refusedCredentials = []string{"ExpiredToken", "TokenRefreshRequired", "InvalidToken", "InvalidAccessKeyId"}
