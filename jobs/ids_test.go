// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Not parallel: the environment is the process'.
func TestNewExecutorID(t *testing.T) {
	t.Setenv(sessionVariable, "")
	t.Setenv("__LITHOPS_TOTAL_EXECUTORS", "")
	first, second := NewExecutorID(), NewExecutorID()
	session, number := cutLast(first)
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{6}$`), session)
	assert.Regexp(t, regexp.MustCompile(`^[0-9]+$`), number)
	assert.NotEqual(t, first, second)
	again, _ := cutLast(second)
	assert.Equal(t, session, again, "one session for the process")

	call := Call{"4b99c1-0", "M009", "00000"}
	t.Setenv(sessionVariable, call.Session())
	nested := NewExecutorID()
	assert.True(t, isWithin(nested, "4b99c1-0"), nested)
	before := executorCount.Load()
	t.Setenv("__LITHOPS_TOTAL_EXECUTORS", "6")
	assert.Equal(t, FormatExecutorID(call.Session(), 7+int(before)), NewExecutorID(), "behind those that Python has counted")

	var seen sync.Map
	var running sync.WaitGroup
	for range 50 {
		running.Go(func() {
			_, twice := seen.LoadOrStore(NewExecutorID(), true)
			assert.False(t, twice)
		})
	}
	running.Wait()
}

func TestNewActivationID(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{12}$`), NewActivationID())
	assert.NotEqual(t, NewActivationID(), NewActivationID())
}
