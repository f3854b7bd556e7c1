// SPDX-License-Identifier: Apache-2.0

package homedir

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// people is a password database.
func people(name string) (string, bool) {
	home, ok := map[string]string{"": "/var/me", "root": "/root", "slash": "/"}[name]
	return home, ok
}

// TestExpand has the answers of Python 3.11's posixpath.expanduser.
func TestExpand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		home       string
		path, want string
	}{
		{"/h", "~", "/h"},
		{"/h", "~/x", "/h/x"},
		{"/h", "~//x", "/h//x"},
		{"/h", `~\x`, `~\x`},
		{"/h", "x~", "x~"},
		{"/h", "", ""},
		{"/h", "~root", "/root"},
		{"/h", "~root/x", "/root/x"},
		{"/h", "~slash/x", "/x"},
		{"/h", "~nobodyhere/x", "~nobodyhere/x"},
		{"/h/", "~", "/h"},
		{"/h/", "~/x", "/h/x"},
		{"/", "~", "/"},
		{"/", "~/x", "/x"},
		{"", "~", "/"},
		{"", "~/x", "/x"},
	} {
		assert.Equal(t, test.want, expand("linux", test.path, testkit.Env(map[string]string{"HOME": test.home}), people), "%+v", test)
	}
	noHome := testkit.Env(map[string]string{"USERPROFILE": `C:\Users\me`})
	assert.Equal(t, "~/x", expand("linux", "~/x", noHome, people), "the database is for this process's environment only")
	assert.Equal(t, "/var/me/x", expand("linux", "~/x", withHome("linux", noHome, people), people))
	assert.Equal(t, "/root/x", expand("darwin", "~root/x", noHome, people))
}

// TestExpandOnWindows has the answers of Python 3.11's ntpath.expanduser.
func TestExpandOnWindows(t *testing.T) {
	t.Parallel()
	profile := map[string]string{"USERPROFILE": `C:\Users\me`, "USERNAME": "me", "HOME": "/h", "HOMEPATH": "x"}
	elsewhere := map[string]string{"USERPROFILE": `D:\else`, "USERNAME": "me"}
	for _, test := range []struct {
		env        map[string]string
		path, want string
	}{
		{nil, `~\x`, `~\x`},
		{map[string]string{"HOME": "/h"}, "~/x", "~/x"},
		{map[string]string{"HOMEDRIVE": "C:"}, "~/x", "~/x"},
		{profile, "~", `C:\Users\me`},
		{profile, "~/.aws/config", `C:\Users\me/.aws/config`},
		{profile, `~\.aws\config`, `C:\Users\me\.aws\config`},
		{profile, `~\a/b`, `C:\Users\me\a/b`},
		{profile, `~me\x`, `C:\Users\me\x`},
		{profile, `~you/x`, `C:\Users\you/x`},
		{profile, `x~`, `x~`},
		{profile, ``, ``},
		{elsewhere, `~me\x`, `D:\else\x`},
		{elsewhere, `~you\x`, `~you\x`},
		{map[string]string{"USERPROFILE": `C:\Users\me`}, `~me\x`, `~me\x`},
		{map[string]string{"USERPROFILE": `C:\Users\`}, `~me\x`, `~me\x`},
		{map[string]string{"USERPROFILE": ``}, `~\x`, `\x`},
		{map[string]string{"HOMEPATH": `\Users\me`}, `~\x`, `\Users\me\x`},
		{map[string]string{"HOMEDRIVE": "C:", "HOMEPATH": `\Users\me`}, `~\x`, `C:\Users\me\x`},
		{map[string]string{"HOMEDRIVE": "C:", "HOMEPATH": `Users\me`}, `~`, `C:Users\me`},
		{map[string]string{"HOMEDRIVE": "C:", "HOMEPATH": `D:\x`}, `~`, `D:\x`},
		{map[string]string{"HOMEDRIVE": "C:", "HOMEPATH": `\\srv\sh\me`}, `~`, `\\srv\sh\me`},
		{map[string]string{"HOMEDRIVE": "C:", "HOMEPATH": `//srv/sh/me`}, `~`, `//srv/sh/me`},
		{map[string]string{"HOMEDRIVE": `\\srv\sh`, "HOMEPATH": `\me`}, `~\x`, `\\srv\sh\me\x`},
	} {
		env := withHome("windows", testkit.Env(test.env), people)
		assert.Equal(t, test.want, expand("windows", test.path, env, people), "%+v", test)
	}
}

// TestExpandVars has the answers of Python 3.11's ntpath.expandvars and
// posixpath.expandvars.
func TestExpandVars(t *testing.T) {
	t.Parallel()
	env := testkit.Env(map[string]string{"A": "v", "A B": "w"})
	for _, test := range []struct{ path, windows, others string }{
		{`%A%`, `v`, `%A%`},
		{`%A%\x`, `v\x`, `%A%\x`},
		{`%NONE%`, `%NONE%`, `%NONE%`},
		{`%NONE%A%`, `%NONE%A%`, `%NONE%A%`},
		{`%%`, `%`, `%%`},
		{`%%A%%`, `%A%`, `%%A%%`},
		{`%A%%`, `v%`, `%A%%`},
		{`%A B%`, `w`, `%A B%`},
		{`a%b$A`, `a%b$A`, `a%bv`},
		{`100%`, `100%`, `100%`},
		{`$A`, `v`, `v`},
		{`${A}`, `v`, `v`},
		{`${A B}`, `w`, `w`},
		{`x${A}y`, `xvy`, `xvy`},
		{`$A%A%`, `vv`, `v%A%`},
		{`$$A`, `$A`, `$v`},
		{`$A-b`, `$A-b`, `v-b`},
		{`$Az`, `$Az`, `$Az`},
		{`$A_1`, `$A_1`, `$A_1`},
		{`$Aé`, `vé`, `vé`},
		{`'%A%'$A`, `'%A%'v`, `'%A%'v`},
		{`it's $A`, `it's $A`, `it's v`},
		{`${A`, `${A`, `${A`},
		{`${A$A`, `${A$A`, `${Av`},
		{`${}`, `${}`, `${}`},
		{`${NONE}`, `${NONE}`, `${NONE}`},
		{`$NONE`, `$NONE`, `$NONE`},
		{`$`, `$`, `$`},
		{`$(A)`, `$(A)`, `$(A)`},
		{`~/é`, `~/é`, `~/é`},
	} {
		assert.Equal(t, test.windows, expandVars("windows", test.path, env), "Windows: %s", test.path)
		assert.Equal(t, test.others, expandVars("linux", test.path, env), "Linux: %s", test.path)
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("HOME does not count on Windows")
	}
	assert.Equal(t, "/h", Dir(testkit.Env(map[string]string{"HOME": "/h"})))
	assert.Empty(t, Dir(testkit.Env(nil)))
	assert.Equal(t, "/h/v", ExpandVars("~/$A", testkit.Env(map[string]string{"HOME": "/h", "A": "v"})))
	_, ok := passwd("no such user")
	assert.False(t, ok)
	current, err := user.Current()
	if err != nil {
		t.Skip("no entry for this user, as in a container: ", err)
	}
	home, ok := passwd(current.Username)
	require.True(t, ok)
	assert.Equal(t, current.HomeDir, home)
}

func TestAbbreviate(t *testing.T) {
	t.Parallel()
	home := Dir(Environment())
	if home == "" || home == "/" {
		t.Skip("there is no home folder")
	}
	assert.Equal(t, filepath.Join("~", "x"), Abbreviate(filepath.Join(home, "x")))
	assert.Equal(t, home+"x", Abbreviate(home+"x"))
	assert.Equal(t, home, Abbreviate(home))
}

// TestWithoutHOME starts this binary without any variable, as env -i and systemd do.
func TestWithoutHOME(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no password database")
	}
	current, err := user.Current()
	if err != nil || current.HomeDir == "" {
		t.Skip("the user is not in the password database")
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperPrint$", "--", "print")
	process.Env = []string{"GOCOVERDIR=" + t.TempDir()}
	out, err := process.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "home="+strings.TrimRight(current.HomeDir, "/")+"/.aws/config\n")
}

// TestHelperPrint is no test: TestWithoutHOME starts it.
func TestHelperPrint(t *testing.T) {
	if os.Args[len(os.Args)-1] != "print" {
		t.Skip("started by TestWithoutHOME")
	}
	_, _ = os.Stdout.WriteString("home=" + Expand("~/.aws/config", Environment()) + "\n")
	os.Exit(0)
}

// TestBytesOfNames has the first and the last of the letters and digits that the name of a
// variable may have, and their neighbours.
func TestBytesOfNames(t *testing.T) {
	t.Parallel()
	for c, want := range map[byte]bool{
		'_': true, '0': true, '9': true, 'a': true, 'z': true, 'A': true, 'Z': true,
		'/': false, ':': false, '`': false, '{': false, '@': false, '[': false, '-': false, 0x80: false,
	} {
		assert.Equal(t, want, isNameByte(c), "%q", c)
		assert.Equal(t, want || c == '-', isWindowsNameByte(c), "%q", c)
	}
	for path, want := range map[string]bool{"": false, "C": false, "C:": true, `C:\x`: true, `\\server`: true, "//server": true, `\x`: false, "/x": false, "x:": true, "xy:": false} {
		assert.Equal(t, want, hasDrive(path), path)
	}
}
