package lithopss3

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestServerClock: a Date corrects the clock as far as it proves it wrong, and no further.
func TestServerClock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known, ahead, took, want time.Duration
		header                   http.Header
	}{
		"clocks agree":              {want: 0},
		"agree, half a second late": {ahead: -500 * time.Millisecond, want: 0},
		"ahead":                     {ahead: time.Hour, want: time.Hour},
		"behind":                    {ahead: -time.Hour, want: -time.Hour + time.Second},
		"known":                     {known: time.Hour, ahead: time.Hour, want: time.Hour},
		"mended":                    {known: time.Hour, want: time.Second},
		"a slow answer agrees":      {known: -time.Minute, took: 10 * time.Minute, ahead: -5 * time.Minute, want: -time.Minute},
		"a slow answer differs":     {took: 10 * time.Minute, ahead: time.Hour, want: time.Hour},
		"cached":                    {ahead: time.Hour, header: http.Header{"Age": {"3600"}}},
		"no date":                   {header: http.Header{"Date": nil}},
		"two dates":                 {header: http.Header{"Date": {"Mon, 01 Jan 2035 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT"}}},
		"not a date":                {header: http.Header{"Date": {"yesterday"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := &serverClock{}
				clock.offset.Store(int64(test.known))
				sent := time.Now()
				time.Sleep(test.took)
				header := http.Header{"Date": {time.Now().Add(test.ahead).UTC().Format(http.TimeFormat)}}
				for name, values := range test.header {
					header[name] = values
				}
				clock.observe(header, sent)
				assert.InDelta(t, test.want.Seconds(), clock.correction().Seconds(), 1)
				if test.want == 0 {
					assert.Zero(t, clock.correction())
				}
				assert.Equal(t, time.Now().Add(clock.correction()), clock.now())
			})
		})
	}
}

// TestServerClockSetBack: an answer that came before its request says nothing.
func TestServerClockSetBack(t *testing.T) {
	t.Parallel()
	clock := &serverClock{}
	now := time.Now()
	clock.observe(http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}, now.Add(time.Hour))
	assert.Zero(t, clock.correction())
}

// TestServerTime: the answers of both paths, errors too, correct the Store's clock.
func TestServerTime(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Duration(ahead.Load())).UTC().Format(http.TimeFormat))
		w.Header().Set("ETag", `"e"`)
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	assert.WithinDuration(t, time.Now(), store.ServerTime(), time.Minute)
	for i, key := range []string{"key", "key", "missing", "key"} {
		hours := time.Duration(i+1) * time.Hour
		ahead.Store(int64(hours))
		_, _ = store.HeadObject(t.Context(), "bucket", key)
		assert.WithinDuration(t, time.Now().Add(hours), store.ServerTime(), time.Minute, "after request %d", i)
	}
	require.NoError(t, store.Close())
}
