// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSplitLine compares with what a shell splits a line into.
func TestSplitLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                      {""},
		"get  . ":               {"get", ".", ""},
		`get 'a b' "c d"`:       {"get", "a b", "c d"},
		`get 'a "b' "c 'd"`:     {"get", `a "b`, "c 'd"},
		`get 'a\ b' "c\"d" e\ `: {"get", `a\ b`, `c"d`, "e "},
		`get 'a b`:              {"get", "a b"},
	} {
		words, _ := splitLine(line)
		assert.Equal(t, want, words, line)
	}
}

// TestComplete checks the completion of commands, options, buckets, keys and IDs of
// jobs.
func TestComplete(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"data/1.csv", "data/deep/2.csv", "do", "x y", "bad\nname"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("x"), nil))
	}
	storeCalls(t, s.store)
	for line, want := range map[string]string{
		"lithops-s3 pre":                           "presign",
		"lithops-s3 m":                             "man mb mv",
		"lithops-s3 help pre":                      "presign",
		"lithops-s3 jobs sh":                       "show",
		"lithops-s3 -d jobs sh":                    "show",
		"lithops-s3 du --endp":                     "--endpoint-url",
		"lithops-s3 completion ":                   "bash fish powershell zsh",
		"lithops-s3 ls s3://./d":                   "s3://./data/ s3://./do",
		"lithops-s3 ls s3://BUCKET/data/":          "s3://BUCKET/data/1.csv s3://BUCKET/data/deep/",
		"lithops-s3 ls s3://ref":                   "s3://BUCKET/",
		"lithops-s3 cp x s3":                       "s3://",
		"lithops-s3 cp x":                          "",
		"lithops-s3 get -o out ref":                "BUCKET",
		"lithops-s3 get BUCKET -d d":               "data/ do",
		"lithops-s3 get . data/d":                  "data/deep/",
		`lithops-s3 cat . x\ `:                     "x y",
		"lithops-s3 put file ref":                  "BUCKET",
		"lithops-s3 put fi":                        "",
		"lithops-s3 get . -o ":                     "",
		"lithops-s3 jobs show e":                   "e-0 e-0-M000",
		"lithops-s3 jobs logs e-0-M000/":           "e-0-M000/00000 e-0-M000/00001 e-0-M000/00002",
		"lithops-s3 clean --bucket ref":            "BUCKET",
		"lithops-s3 jobs show --bucket none e":     "",
		"lithops-s3 nonsense ":                     "",
		"lithops-s3 ls -c missing.yaml s3://":      "",
		"lithops-s3 ls --no-sign-request s3://./d": "",
		"": "",
	} {
		code, out, problems := command(t.Context(), "__complete", strings.ReplaceAll(line, "BUCKET", refusedBucket))
		require.Zero(t, code, problems)
		assert.Empty(t, problems, line)
		if line == "" {
			continue
		}
		assert.Equal(t, strings.ReplaceAll(want, "BUCKET", refusedBucket), strings.ReplaceAll(strings.TrimSpace(out), "\n", " "), line)
	}
}

// TestCompleteForBash checks what bash inserts in the place of what it takes for a word.
func TestCompleteForBash(t *testing.T) {
	s := newSession(t)
	for _, key := range []string{"year=2026/day=1", "$(x);y", "x y", "x!z"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("x"), nil))
	}
	for _, test := range []struct{ line, word, want string }{
		{"lithops-s3 pre", "pre", "presign"},
		{"lithops-s3 du --endp", "--endp", "--endpoint-url"},
		{"lithops-s3 cat . year=2", "2", "2026/"},
		{"lithops-s3 cat s3://./year=2026/day=", "", "1"},
		{"lithops-s3 ls s3://./y", "//./y", "//./year=2026/"},
		{`lithops-s3 cat s3://./x\ `, `//./x\ `, `//./x\ y`},
		{`lithops-s3 cat "s3://./x `, "s3://./x ", "s3://./x y"},
		{"lithops-s3 cat . ", "", `\$\(x\)\;y x\ y x\!z year=2026/`},
		{`lithops-s3 cat . "`, "", `\$(x);y x y x"\!"z year=2026/`},
		{"lithops-s3 cat . '", "", "$(x);y x y x!z year=2026/"},
	} {
		code, out, problems := command(t.Context(), "__complete", "--bash", "--word="+test.word, test.line)
		require.Zero(t, code, problems)
		assert.Equal(t, test.want, strings.ReplaceAll(strings.TrimSpace(out), "\n", " "), test.line)
	}
}

// TestQuoteForBash checks that bash reads what it inserts as the word that was offered, whatever
// part of it was typed, and that it runs nothing of it.
func TestQuoteForBash(t *testing.T) {
	t.Parallel()
	const key = "~a b;c&d|e<f>g(h)i$(exit 1)j`exit 1`k'l*m?n[o]p{q,r}s#t!u%v+w.x/y:z=1@2_3^4-é$HOME"
	const plain = "09AZaz%+,-./:=@_é"
	assert.Equal(t, plain, quoteForBash(plain, 0))
	script, want := "printf '%s\\n'", ""
	for _, quote := range []rune{0, '"', '\''} {
		for end := range key {
			typed := ""
			if quote != 0 {
				typed = string(quote)
			}
			line := "cat " + typed + quoteForBash(key[:end], quote)
			words, open := splitLine(line)
			require.Equal(t, []string{"cat", key[:end]}, words)
			require.Equal(t, quote, open)
			rest := forBash([]string{"another", key}, key[:end], open)
			script += strings.TrimPrefix(line, "cat") + rest[len(rest)-1] + typed
			want += key + "\n"
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	out, err := exec.CommandContext(t.Context(), bash, "-c", script).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, want, string(out))
}

// TestCompleteOfManyBuckets checks that those which begin otherwise do not count as offered.
func TestCompleteOfManyBuckets(t *testing.T) {
	newSession(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var names strings.Builder
		for i := range maxCandidates + 1 {
			_, _ = fmt.Fprintf(&names, "<Bucket><Name>a-%d</Name></Bucket><Bucket><Name>b-%d</Name></Bucket>", i, i)
		}
		_, _ = w.Write([]byte("<ListAllMyBucketsResult><Buckets>" + names.String() + "</Buckets></ListAllMyBucketsResult>"))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	for word, want := range map[string]int{"b-": maxCandidates, "b-200": 1, "s3://a-1": 111, "c": 0} {
		code, out, problems := command(t.Context(), "__complete", "lithops-s3 ls "+word)
		require.Zero(t, code, problems)
		assert.Len(t, strings.Fields(out), want, word)
	}
}

// TestCompletionScripts checks that the shells on this machine can read the scripts.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for shell, script := range completionScripts {
		assert.Contains(t, script, "lithops-s3 __complete")
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue
		}
		check := exec.Command(path, "-n")
		check.Stdin = strings.NewReader(script)
		out, err := check.CombinedOutput()
		assert.NoError(t, err, "%s: %s", shell, out)
		if shell != "bash" {
			continue
		}
		line := "\nlithops-s3() { printf '%s\\n' \"$#\" \"$@\"; }\nCOMP_LINE='lithops-s3 cat . a=é b' COMP_POINT=20\n_lithops_s3 lithops-s3 'é' =\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
		called := exec.CommandContext(t.Context(), path, "-c", script+line)
		called.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err = called.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "4\n__complete\n--bash\n--word=é\nlithops-s3 cat . a=é\n", string(out))
	}
}

// TestHelpOfEachCommand checks that each command has an example and that its help fits
// into 80 columns. The manual page has all commands.
func TestHelpOfEachCommand(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, argumentMappers()...)
	require.NoError(t, err)
	_, page, _ := command(t.Context(), "man")
	for _, leaf := range parser.Model.Leaves(true) {
		if leaf.Path() == "jobs all" {
			continue
		}
		args := append(strings.Fields(leaf.Path()), "--help")
		code, out, problems := command(t.Context(), args...)
		require.Zero(t, code, problems)
		assert.Contains(t, out, "Usage: lithops-s3 "+leaf.Path(), args)
		assert.Regexp(t, `Examples?:\n\n? +(.* \| )?(source <\()?lithops-s3 `, out, args)
		assert.Contains(t, page, ".SS\n"+strings.ReplaceAll(leaf.Path(), "-", `\-`), args)
		for _, flag := range leaf.Flags {
			if !flag.Hidden && flag.Name != "help" {
				entry := strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(flag.String() + "\n" + flag.Help)
				assert.True(t, strings.Contains(page, ".TP\n"+entry), "%s --%s", args, flag.Name)
			}
		}
		for line := range strings.SplitSeq(out, "\n") {
			if !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "Usage:") { // which are not filled
				assert.LessOrEqual(t, len([]rune(line)), 80, line)
			}
		}
	}
	_, all, _ := command(t.Context(), "--help")
	for _, want := range []string{"~/.lithops/config", "LITHOPS_CONFIG_FILE", "AWS_PROFILE", "Exit codes", "s3://"} {
		assert.Contains(t, all, want)
	}
}

// TestLicenses checks that the notices name all modules that go.mod names for the
// command.
func TestLicenses(t *testing.T) {
	t.Parallel()
	_, out, _ := command(t.Context(), "--licenses")
	for _, name := range []string{"github.com/alecthomas/kong", "github.com/aws/aws-sdk-go-v2/service/s3", "golang.org/x/term", "gopkg.in/yaml.v3", "Go's standard library", "Apache License"} {
		assert.Contains(t, out, name)
	}
}

// TestCompletionConnects checks that each option that says which storage a command uses, and as
// whom, holds for what completion lists too.
func TestCompletionConnects(t *testing.T) {
	t.Parallel()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[storageFlags]()) {
		if field.Anonymous || slices.Contains([]string{"Debug", "UTC"}, field.Name) {
			continue
		}
		name := cmp.Or(field.Tag.Get("name"), strings.ToLower(field.Name))
		names := []string{"--" + name}
		if short := field.Tag.Get("short"); short != "" {
			names = append(names, "-"+short)
		}
		for _, name := range names {
			c := &completion{}
			c.set(name, "value")
			assert.False(t, reflect.ValueOf(c.flags).FieldByIndex(field.Index).IsZero(), name)
		}
	}
}

// TestCompletionAsksNothing checks that a tab asks no person for the code of an MFA device.
func TestCompletionAsksNothing(t *testing.T) {
	t.Parallel()
	code, err := (&completion{}).storageOptions().AskMFA(t.Context(), "serial")
	assert.Empty(t, code)
	assert.ErrorIs(t, err, errNoQuestion)
}
