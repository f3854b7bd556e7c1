// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mistakes are wrong lines, with the exit code and a part of what is said.
var mistakes = []struct {
	line string
	code int
	says string
}{
	// Words.
	{"copy a b", exitUsage, `there is no command "copy": use lithops-s3 cp`},
	{"upload a", exitUsage, "use lithops-s3 put"},
	{"download a", exitUsage, "use lithops-s3 get"},
	{"remove a", exitUsage, "use lithops-s3 rm"},
	{"rb s3://BUCKET", exitUsage, "empty the bucket with lithops-s3 rm -r"},
	{"result e-0", exitUsage, "use lithops-s3 jobs result"},
	{"version", exitUsage, "use lithops-s3 --version"},
	{"--version nonsense", exitUsage, "nonsense"},
	{"s3 ls", exitUsage, "leave it out, as in lithops-s3 ls"},
	{"lists BUCKET", exitUsage, "did you mean list?"},
	{"lss BUCKET", exitUsage, `did you mean one of "ls", "list"?`},
	{"nonsense", exitUsage, `there is no command "nonsense" (see lithops-s3 --help)`},
	{"help nonsense", exitUsage, `there is no command "nonsense"`},
	{"jobs shw e-0", exitUsage, "did you mean jobs show?"},
	{"jobs 4b99c1-0", exitUsage, "use lithops-s3 jobs show 4b99c1-0"},
	{"jobs nonsense", exitUsage, "see lithops-s3 help jobs"},
	{"storage ls", exitUsage, `did you mean "list"?`},
	{"storage", exitUsage, `expected one of "put", "get", "list", "delete"`},
	{"--", exitUsage, `expected one of "ls", "cp", "mv", "rm", "sync", ... (see lithops-s3 --help)`},
	// Options.
	{"ls -l", exitUsage, "there is no option -l: times and sizes are printed"},
	{"ls --human-readable", exitUsage, "sizes are printed in KiB"},
	{"ls --summarize", exitUsage, "lithops-s3 du"},
	{"ls --prefix x", exitUsage, "write s3://BUCKET/PREFIX"},
	{"ls --jsn", exitUsage, `did you mean "--json"?`},
	{"ls -x", exitUsage, "there is no option -x (see lithops-s3 help ls)"},
	{"rm -rf s3://BUCKET/x", exitUsage, "use --yes"},
	{"rm s3://BUCKET/x --force", exitUsage, "use --yes"},
	{"get BUCKET x -v", exitUsage, "use --debug"},
	{"presign BUCKET x --expires-in 3600", exitUsage, "use --expires"},
	{"ls --region", exitUsage, "--region needs a value (see lithops-s3 help ls)"},
	{"ls --region us_east", exitUsage, `--region: "us_east" is not a region name`},
	{"ls --endpoint-url 127.0.0.1:9000", exitUsage, "it has no http:// or https://"},
	{"ls --endpoint-url ftp://host", exitUsage, "it is neither http:// nor https://"},
	{"list --parallel many", exitUsage, "--parallel"},
	{"list --parallel=-1", exitUsage, "--parallel: -1 is negative"},
	{"dev --max-memory=-1", exitUsage, "--max-memory: -1 is negative"},
	{"jobs watch 4b99c1-0-M000 --calls=-2", exitUsage, "--calls: -2 is negative"},
	{"jobs watch 4b99c1-0-M000 --interval=-1s", exitUsage, `--interval: "-1s" is no age`},
	{"jobs watch 4b99c1-0-M000 --interval 0s", exitUsage, "--interval: the age is 0"},
	{"jobs show 4b99c1-0 --timeout 0s", exitUsage, "--timeout: the age is 0"},
	{"bucket --expire-temporary 0d", exitUsage, "--expire-temporary: the age is 0"},
	{"bucket --expire-temporary 0d --dry-run", exitUsage, "--expire-temporary: the age is 0"},
	{"uploads --older-than", exitUsage, "--older-than needs a value"},
	{"uploads --older-than soon", exitUsage, `"soon" is no age, such as 12h, 7d or 2w`},
	{"presign BUCKET x --expires 30d", exitUsage, "between 1s and 7d"},
	{"ls --profile none", exitConfig, `the profile "none" that --profile names`},
	// Arguments.
	{"ls a b", exitUsage, "unexpected argument b (see lithops-s3 help ls)"},
	{"cp", exitUsage, "name a source and a target"},
	{"cp file other", exitUsage, "neither file nor other is on S3"},
	{"cp s3:/BUCKET/x y", exitUsage, "write s3://BUCKET/KEY"},
	{"cp s3://BUCKET here", exitUsage, "say --recursive for the whole bucket"},
	{"cp s3://BUCKET/x here --if-absent", exitUsage, "--if-absent is for objects, and would not keep the file here"},
	{"mv -r s3://BUCKET/x here --if-absent", exitUsage, "--if-absent is for objects"},
	{"cp missing s3://BUCKET", exitUsage, "missing: no such file"},
	{"sync . .", exitUsage, "neither . nor . is on S3"},
	{"mv s3://BUCKET/a s3://BUCKET/a", exitUsage, ""},
	{"rm", exitUsage, "rm takes s3://BUCKET/KEY"},
	{"presign", exitUsage, "name an object: BUCKET KEY or s3://BUCKET/KEY"},
	{"presign file", exitUsage, "file names no key: write BUCKET KEY"},
	{"cat file", exitUsage, "file names no key: write BUCKET KEY"},
	{"get", exitUsage, "name an object"},
	{"get -r BUCKET x -o -", exitUsage, "standard output is no folder"},
	{"get -r BUCKET x y", exitUsage, "get --recursive takes one folder"},
	{"get -r s3://BUCKET/x y", exitUsage, "get --recursive takes one folder"},
	{"get BUCKET x y -o file", exitUsage, "several objects need a folder for --out"},
	{"get -r s3:///x", exitUsage, "names no bucket"},
	{"cp -r - s3://BUCKET/x", exitUsage, "standard input and output are no folders"},
	{"cp s3:///x here", exitUsage, "names no bucket"},
	{"cp s3://BUCKET/a**b here", exitUsage, "**"},
	{"sync - s3://BUCKET/x", exitUsage, "- is no folder"},
	{"sync s3://BUCKET/x* .", exitUsage, "is no folder"},
	{"sync s3:///x .", exitUsage, "names no bucket"},
	{"rm s3://BUCKET/x --exclude y", exitUsage, "--include and --exclude need --recursive or a wildcard"},
	{"rm s3://BUCKET/a**b", exitUsage, "**"},
	{"rm -r s3://BUCKET/x file", exitUsage, "file is no s3://BUCKET/KEY"},
	{"delete BUCKET a b --prefix x", exitUsage, "delete takes a key or --prefix, one of them"},
	{"du s3:///x", exitUsage, "names no bucket"},
	{"du s3://BUCKET/a**b", exitUsage, "**"},
	{"put file s3://BUCKET/x -k y", exitUsage, "the key is given twice"},
	{"jobs result 4b99c1-0 --raw --bucket BUCKET", exitNotFound, "no such executor, job or call"},
	{"head s3://BUCKET", exitUsage, "names no key"},
	{"delete file", exitUsage, "file names no key: write BUCKET KEY, s3://BUCKET/KEY, or BUCKET --prefix PREFIX"},
	{"ls s3:///x", exitUsage, "names no bucket (s3://./KEY is a key in the configuration's own)"},
	{"mb Bad_Bucket!", exitUsage, "invalid bucket name"},
	{"jobs show", exitUsage, "<id> is missing"},
	{"jobs list --bucket a/b", exitUsage, "--bucket: a/b is no bucket's name"},
	{"clean", exitUsage, "name an executor or a job"},
	{"clean --all", exitUsage, "--yes, or look first with --dry-run"},
	{"clean e-0 -b aws_lambda", exitUsage, "compute backend"},
	{"completion", exitUsage, "<shell> is missing"},
	{"completion csh", exitUsage, `must be one of "bash"`},
	{"dev --addr nowhere", exitUsage, "--addr: address nowhere: missing port"},
	{"dev --addr 0.0.0.0:0", exitUsage, "--allow-remote allows it"},
	{"dev --max-memory 4G", exitUsage, "--max-memory"},
	{"dev --max-memory 1073741825", exitUsage, "0 for no limit"},
	// Files and metadata.
	{"put file BUCKET --metadata x", exitUsage, "--metadata takes NAME=VALUE"},
	{"put file BUCKET --metadata a=ü", exitUsage, "not US-ASCII"},
	{"put file BUCKET --metadata ü=a", exitUsage, "is not the name of a header"},
	{"put file BUCKET --metadata a=1,A=2", exitUsage, "the names of headers have no case"},
	{"cp file s3://BUCKET/x --metadata ü=a", exitUsage, "is not the name of a header"},
	{"put folder BUCKET", exitUsage, "folder is a folder: say --recursive"},
	{"put -r file BUCKET", exitUsage, "not a directory"},
	{"put - BUCKET", exitUsage, "standard input needs --key"},
	{"put file - BUCKET -k x/", exitUsage, "standard input needs --key"},
	{"cp - file s3://BUCKET/x", exitUsage, "standard input needs a key"},
	{"put file other.txt", exitNotFound, "other.txt is a file here, and the last argument is the bucket"},
	{"put file no-such-bucket", exitNotFound, "no such bucket"},
	{"get BUCKET missing", exitNotFound, "does not exist"},
	{"cp s3://BUCKET/none* here", exitNotFound, "no object in refused-bucket matches none*"},
	{"cp -r s3://BUCKET/none here", exitNotFound, "no object in refused-bucket begins with none/"},
	{"ls s3://BUCKET/missing", exitNotFound, "missing"},
	{"jobs show 4b99c1-0-M00", exitNotFound, "no such executor, job or call"},
	{"jobs show 4b99c1-0 --bucket no-such-bucket", exitNotFound, "no such bucket"},
	{"presign BUCKET x --no-sign-request", exitPermission, "nothing to presign with"},
}

// TestMistakes checks that a wrong command line ends with its exit code and says what to
// write instead.
func TestMistakes(t *testing.T) {
	s := newSession(t)
	s.write("file", "text")
	s.write("other.txt", "text")
	require.NoError(t, os.Mkdir("folder", 0o755))
	for _, c := range mistakes {
		assert.Contains(t, s.run(c.code, c.line), c.says, c.line)
	}
	assert.Empty(t, s.keys())
}

// TestEmptyArguments checks that an argument or option which is empty, as a variable of a
// shell that is not set, is refused. It must not mean the configuration's bucket, another
// configuration or more objects. "" stands for it.
func TestEmptyArguments(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // nothing may be asked
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.txt", nil, 0o600))
	for _, line := range []string{
		`storage delete "" key`, `storage delete "" -p x`, `storage delete BUCKET -p ""`, `storage put a.txt ""`, `storage put a.txt BUCKET -k ""`,
		`storage get "" key`, `storage get BUCKET ""`, `storage get BUCKET key -o ""`, `storage list ""`, `storage list BUCKET -c ""`,
		`list ""`, `list --profile ""`, `list --region ""`, `list --endpoint-url ""`, `list --endpoint-url=`, `list -m ""`,
		`delete "" key --yes`, `rm "" key`, `rm -r "" key --yes`, `rm s3://BUCKET/a ""`, `rm -r s3://BUCKET/a --exclude "" --yes`, `cp "" s3://BUCKET/x`, `sync a "" --delete`,
		`clean --cloudobjects "" --yes`, `clean --older-than 7d "" --yes`, `clean --all --bucket "" --yes`,
		`uploads "" --abort`, `uploads BUCKET -p "" --abort`, `jobs show ""`, `jobs list --bucket ""`, `mb ""`, `head BUCKET ""`,
		`presign "" key`, `cat "" key`, `put a.txt --sse-kms-key-id ""`,
	} {
		args := strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))
		for i := range args {
			if args[i] == `""` {
				args[i] = ""
			}
		}
		code, out, problems := command(t.Context(), args...)
		assert.Equal(t, exitUsage, code, "%s: %s", line, problems)
		assert.Empty(t, out, line)
		assert.Contains(t, problems, "empty", line)
	}
}

// TestEmptyAsLithops checks that a value may be empty where it may be for Lithops' command.
func TestEmptyAsLithops(t *testing.T) {
	s := newSession(t)
	s.write("a.txt", "a")
	s.run(0, "storage put a.txt BUCKET -k x/1 --backend=")
	assert.Contains(t, s.run(0, "storage list BUCKET --prefix= --backend="), "1 object")
}
