// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A lateAnswer is a person who says yes after something happened.
type lateAnswer struct {
	io.Reader
	meddle func()
}

func (a *lateAnswer) Read(p []byte) (int, error) {
	if a.meddle != nil {
		a.meddle()
		a.meddle = nil
	}
	return a.Reader.Read(p)
}

// A late is a session in which objects are stored and deleted between a question and its
// answer.
type late struct {
	*session
	out  strings.Builder
	term *terminal
}

// newLate stores the keys, and before the answer some more. It replaces "…b" and deletes
// "…c" then.
func newLate(t *testing.T, folder string) *late {
	t.Helper()
	l := &late{session: &session{t, refuse(t, func(*http.Request) bool { return false })}}
	put := func(name, text string) {
		assert.NoError(t, l.store.PutObject(t.Context(), refusedBucket, folder+name, strings.NewReader(text), nil))
	}
	for _, name := range []string{"a", "b", "c"} {
		put(name, "old")
	}
	answer := &lateAnswer{strings.NewReader("y\n"), func() {
		put("b", "new")
		put("d", "new")
		assert.NoError(t, l.store.DeleteObject(t.Context(), refusedBucket, folder+"c"))
	}}
	l.term = &terminal{
		ctx: t.Context(), stdout: newOutput(&l.out), stderr: newOutput(&l.out),
		stdin: &input{ctx: t.Context(), in: answer, isTerminal: true},
	}
	return l
}

// TestAnswerIsForWhatWasCounted checks that what is stored while a person thinks about a
// question is not deleted.
func TestAnswerIsForWhatWasCounted(t *testing.T) {
	const folder = "lithops.jobs/e-0-M000/00000/"
	for name, deletes := range map[string]func(l *late) error{
		"delete -p": func(l *late) error {
			return (&deletionFlags{}).deleteAll(l.term, l.store, objectName{refusedBucket, folder}, &lithopss3.ListOptions{Prefix: folder}, keepsAll)
		},
		"rm -r": func(l *late) error {
			return (&rmCommand{Recursive: true}).remove(l.term, l.store, objectName{refusedBucket, folder}, nil)
		},
		"rm with a wildcard": func(l *late) error {
			return (&rmCommand{}).remove(l.term, l.store, objectName{refusedBucket, folder + "*"}, nil)
		},
		"clean": func(l *late) error {
			command := &cleanCommand{cleanFlags: cleanFlags{Bucket: refusedBucket}, All: true}
			return command.Run(l.term)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLate(t, folder)
			require.NoError(t, deletes(l))
			assert.Equal(t, []string{folder + "b", folder + "d"}, l.keys())
			assert.Contains(t, l.out.String(), "Delete 3 objects, 9 B, ")
			assert.Contains(t, l.out.String(), "Deleted 1 object")
			assert.Contains(t, l.out.String(), ", kept 2 objects stored meanwhile\n")
		})
	}
}

// TestOneObjectIsOne checks that without a question only the one object is deleted that was
// there, and that --json tells the rest.
func TestOneObjectIsOne(t *testing.T) {
	listings := 0
	var meddle func()
	store := refuse(t, func(r *http.Request) bool {
		if r.URL.Query().Get("list-type") == "2" {
			if listings++; listings == 2 {
				meddle()
			}
		}
		return false
	})
	s := &session{t, store}
	put := func(key string) {
		assert.NoError(t, store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(key), nil))
	}
	meddle = func() { put("x/b"); put("x/c") }
	put("x/a")
	assert.Contains(t, s.run(0, "rm -r s3://BUCKET/x --json"), `"kept": 2`)
	assert.Equal(t, []string{"x/b", "x/c"}, s.keys())
	assert.Contains(t, s.run(0, "rm -r s3://BUCKET/x --yes"), "Deleted 2 objects from "+refusedBucket+"/x/\n")
}

// TestCleanOfWhatWasStoredMeanwhile checks that an ID is known of which all objects stay.
func TestCleanOfWhatWasStoredMeanwhile(t *testing.T) {
	const folder = "lithops.jobs/e-0-M000/00000/"
	l := newLate(t, folder)
	for _, name := range []string{"a", "c"} {
		require.NoError(t, l.store.DeleteObject(t.Context(), refusedBucket, folder+name))
	}
	require.NoError(t, (&cleanCommand{cleanFlags: cleanFlags{Bucket: refusedBucket}, ID: "e-0"}).Run(l.term))
	assert.Contains(t, l.out.String(), "Deleted 0 objects, 0 B, in bucket "+refusedBucket+", kept 2 objects stored meanwhile\n")
}

// TestAskedTellsVersionsApart checks what counts as stored meanwhile.
func TestAskedTellsVersionsApart(t *testing.T) {
	t.Parallel()
	seen := newAsked()
	was := lithopss3.ObjectInfo{Key: "k", Size: 3, ETag: `"e"`}
	seen.add(was)
	seen.add(was)
	assert.EqualValues(t, 1, seen.total())
	assert.False(t, seen.keeps(was))
	for _, change := range []func(*lithopss3.ObjectInfo){
		func(o *lithopss3.ObjectInfo) { o.Key = "ke" }, func(o *lithopss3.ObjectInfo) { o.Size++ },
		func(o *lithopss3.ObjectInfo) { o.ETag = "" }, func(o *lithopss3.ObjectInfo) { o.LastModified = o.LastModified.Add(1) },
	} {
		now := was
		change(&now)
		assert.True(t, seen.keeps(now))
		assert.True(t, seen.keeps(now))
	}
	assert.EqualValues(t, 4, seen.kept())
	var none *asked
	assert.False(t, none.keeps(was))
	assert.EqualValues(t, -1, none.total())
	assert.Zero(t, none.kept())
}
