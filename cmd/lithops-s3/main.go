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
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

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
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// interrupted is the cause of a context that a signal canceled.
type interrupted struct{ signal os.Signal }

// Error returns the text for the user.
func (interrupted) Error() string { return "interrupted" }

// exitCode returns what shells expect of a process that a signal ended.
func (i interrupted) exitCode() int {
	number, ok := i.signal.(syscall.Signal)
	if !ok {
		return exitError
	}
	return exitSignal + int(number)
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels, with an
// interrupted as its cause: commands then stop to read, and abort what they began.
// A second signal ends the process.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case received := <-signals:
			signal.Stop(signals)
			cancel(interrupted{received})
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// A terminal is where a command reads from and writes to.
type terminal struct {
	ctx    context.Context //nolint:containedctx // of the process
	stdin  io.Reader
	stdout *output
	stderr *output
}

type commands struct {
	Put     putCommand     `cmd:"" help:"Store a file."`
	Get     getCommand     `cmd:"" help:"Fetch an object into a file."`
	List    listCommand    `cmd:"" help:"List objects."`
	Delete  deleteCommand  `cmd:"" help:"Delete an object, or all with a prefix."`
	Head    headCommand    `cmd:"" help:"Describe an object."`
	Jobs    jobsCommand    `cmd:"" help:"Look at what executors have in the bucket: jobs, calls, results, logs."`
	Clean   cleanCommand   `cmd:"" help:"Delete what executors have left in the bucket."`
	Uploads uploadsCommand `cmd:"" help:"List uploads in parts that were begun and not completed, and end them."`
	Bucket  bucketCommand  `cmd:"" help:"Print the name of the configuration's bucket."`
	Config  configCommand  `cmd:"" help:"Print what the configuration says of the storage."`
	Doctor  doctorCommand  `cmd:"" help:"Find out what works and what is wrong, from the configuration to the bucket."`
	Demo    demoCommand    `cmd:"" help:"Run the main job on an embedded server; no account needed."`
	Dev     devCommand     `cmd:"" help:"Run the embedded S3 and STS server in the foreground."`

	Version versionFlag `help:"Print the version." short:"V"`
}

const description = `lithops-s3 reads and writes the storage that a Lithops configuration describes, on AWS S3.

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 no such object or bucket, 4 not permitted, or no or wrong credentials, 5 the configuration is wrong, 130 interrupted.`

// run is main without the process, so that tests can call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &terminal{ctx: ctx, stdin: newInput(ctx, stdin), stdout: newOutput(stdout), stderr: newOutput(stderr)}
	return t.run(args)
}

// run parses the arguments, runs the command and returns the exit code.
func (t *terminal) run(args []string) int {
	defer func() { _ = errors.Join(t.stdout.Flush(), t.stderr.Flush()) }()
	exited := -1
	options := append([]kong.Option{
		kong.Name("lithops-s3"), kong.Description(description),
		kong.Writers(t.stdout, t.stderr), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(),
	}, argumentMappers...)
	parser := kong.Must(commandsFor(args), options...)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		t.printError(fmt.Errorf("%w (see lithops-s3 --help)", err))
		return exitUsage
	}
	err = parsed.Run(t)
	var reported reportedError
	if err != nil && !errors.As(err, &reported) {
		t.printError(err)
	}
	return exitCode(t.ctx, err)
}

func (t *terminal) printError(err error) {
	_, _ = fmt.Fprintf(t.stderr, "lithops-s3: %s\n", indented(err.Error(), 2))
}

// commandsFor is a commands, or what it has of the one command that is asked for:
// kong takes a millisecond to look at all of them.
func commandsFor(args []string) any {
	all := reflect.TypeFor[commands]()
	version, _ := all.FieldByName("Version")
	for i := range all.NumField() {
		field := all.Field(i)
		if _, isCommand := field.Tag.Lookup("cmd"); isCommand && len(args) > 0 && args[0] == strings.ToLower(field.Name) {
			return reflect.New(reflect.StructOf([]reflect.StructField{field, version})).Interface()
		}
	}
	return &commands{}
}

// exitCode returns the code for a command that ended with err. After a signal any
// error counts as its consequence.
func exitCode(ctx context.Context, err error) int {
	var signal interrupted
	var config *lithopss3.ConfigError
	var settings *lithopss3.SettingsError
	var local *fs.PathError
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
	case errors.As(err, &local): // a file of this machine, and no object
		return exitError
	case errors.Is(err, fs.ErrPermission), errors.Is(err, lithopss3.ErrSignature): // the wrong secret key
		return exitPermission
	case errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	}
	return exitError
}

// errUsage is a wrong combination of arguments.
var errUsage = errors.New("wrong arguments")

// storageFlags are the options that every command of Lithops' storage has.
type storageFlags struct {
	Config  string `short:"c" type:"file" placeholder:"FILE" help:"The configuration file, instead of the one that Lithops would find."`
	Backend string `short:"b" placeholder:"NAME" help:"The storage backend, instead of the configuration's; aws_s3 is the one there is."`
	Debug   bool   `short:"d" help:"Say more on stderr."`
}

func (f *storageFlags) loader() lithopss3.ConfigLoader {
	return lithopss3.ConfigLoader{Path: f.Config, Backend: f.Backend, SkipEmpty: true}
}

// open opens the storage; warnings go to stderr.
func (f *storageFlags) open(t *terminal) (*lithopss3.Store, error) {
	return f.openWith(t, lithopss3.Options{})
}

func (f *storageFlags) openWith(t *terminal, opts lithopss3.Options) (*lithopss3.Store, error) {
	level := slog.LevelWarn
	if f.Debug {
		level = slog.LevelDebug
	}
	opts.Loader = f.loader()
	opts.Logger = slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	return lithopss3.Open(t.ctx, &opts)
}

// withoutTime keeps the log readable: a command's messages come when they come.
func withoutTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return attr
}

// isCredentialsError reports whether better credentials would help.
func isCredentialsError(err error) bool {
	var credentials *lithopss3.CredentialsError
	return errors.As(err, &credentials)
}
