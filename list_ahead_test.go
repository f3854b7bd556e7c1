package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tellings are what a server may tell early of a page.
var tellings = map[string]func(page *listPage) string{
	"nothing": nil,
	"truth":   func(page *listPage) string { return page.next },
	"a lie":   func(*listPage) string { return "after key-00000003" },
}

// TestListingAhead: whatever is told early, the keys are the same, and the truth
// costs no request.
func TestListingAhead(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		bucket := &fakeBucket{keys: numbered(95, "key-%08d"), pageSize: 10, tells: tells}
		var keys []string
		for page, err := range sequential(t.Context(), bucket.fetch, "key-00000004") {
			require.NoError(t, err)
			for _, info := range page {
				keys = append(keys, info.Key)
			}
		}
		assert.Equal(t, bucket.keys[5:], keys, name)
		if name != "a lie" {
			assert.Equal(t, 9, bucket.requests, name)
		}
	}
}

// TestListingAheadEnds: who takes the first page only pays for no other, and one
// that is under way at the end is ended.
func TestListingAheadEnds(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		for pages, most := range map[int]int{1: 1, 2: 3, 5: 6} {
			bucket := &fakeBucket{keys: numbered(1000, "key-%08d"), pageSize: 10, tells: tells}
			if name == "a lie" {
				most = 2 * most
			}
			taken := 0
			for _, err := range sequential(t.Context(), bucket.fetch, "") {
				require.NoError(t, err)
				if taken++; taken == pages {
					break
				}
			}
			assert.LessOrEqual(t, bucket.requests, most, "%s, %d pages", name, pages)
			assert.Zero(t, bucket.running)
		}
	}
}

// TestListingAheadFails: the error of a page comes behind the pages before it.
func TestListingAheadFails(t *testing.T) {
	t.Parallel()
	for name, tells := range tellings {
		bucket := &fakeBucket{keys: numbered(95, "key-%08d"), pageSize: 10, tells: tells}
		fetch := func(ctx context.Context, after, token string, early func(string)) (*listPage, error) {
			if strings.HasSuffix(token, "39") {
				return nil, errFake
			}
			return bucket.fetch(ctx, after, token, early)
		}
		keys := 0
		var err error
		for page, pageErr := range sequential(t.Context(), fetch, "") {
			keys += len(page)
			err = errors.Join(err, pageErr)
		}
		require.ErrorIs(t, err, errFake, name)
		assert.Equal(t, 40, keys, name)
	}
}

// TestListingAheadTakesNoTime: what a consumer does with a page and the next
// request go on at once.
func TestListingAheadTakesNoTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bucket := &fakeBucket{keys: numbered(100, "key-%08d"), pageSize: 10, latency: time.Second, tells: tellings["truth"]}
		began := time.Now()
		for _, err := range sequential(t.Context(), bucket.fetch, "") {
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 12*time.Second, time.Since(began), "and not 20")
	})
}

// TestNextTokenComesEarly: the third page is asked for before the second one has
// come, of which the last bytes wait for that.
func TestNextTokenComesEarly(t *testing.T) {
	t.Parallel()
	third := make(chan struct{})
	page := func(number int) string {
		if number == 3 {
			return pageXML(`<IsTruncated>false</IsTruncated>` + keyXML("3"))
		}
		return pageXML(fmt.Sprintf(`<NextContinuationToken>to %d</NextContinuationToken><IsTruncated>true</IsTruncated>`, number+1) +
			keyXML(fmt.Sprint(number)) + strings.Repeat(" ", 2*headBytes))
	}
	store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
		switch r.URL.Query().Get("continuation-token") {
		case "":
			return answer(r, http.StatusOK, nil, page(1)), nil
		case "to 2":
			response := answer(r, http.StatusOK, nil, page(2))
			half := io.LimitReader(response.Body, 2*headBytes)
			response.Body = io.NopCloser(io.MultiReader(half, waitFor(third), response.Body))
			return response, nil
		}
		close(third)
		return answer(r, http.StatusOK, nil, page(3)), nil
	})
	var keys []string
	for info, err := range store.ListObjects(t.Context(), "bucket", nil) {
		require.NoError(t, err)
		keys = append(keys, info.Key)
	}
	assert.Equal(t, []string{"1", "2", "3"}, keys)
}

// waitFor has nothing to read once the channel is closed.
type waitFor <-chan struct{}

func (w waitFor) Read([]byte) (int, error) {
	<-w
	return 0, io.EOF
}

func TestNextToken(t *testing.T) {
	t.Parallel()
	const token, truncated = `<NextContinuationToken>a&amp;b</NextContinuationToken>`, `<IsTruncated>true</IsTruncated>`
	rest := keyXML("key") + `<CommonPrefixes>`
	for _, test := range []struct{ text, want string }{
		{pageXML(token + truncated + rest), "a&b"},
		{pageXML(truncated + `<Name>x</Name>` + token + `<CommonPrefixes><Prefix>`), "a&b"},
		{pageXML(token + `<IsTruncated>false</IsTruncated>` + rest), ""},
		{pageXML(token + rest), ""},
		{pageXML(truncated + rest + token), ""},
		{pageXML(truncated + token), ""}, // an empty page
		{"<Error>" + truncated + token, ""},
		{"", ""},
		{"no XML", ""},
	} {
		var decoder pageDecoder
		assert.Equal(t, test.want, decoder.nextToken([]byte(test.text)), test.text)
		for cut := range len(test.text) { // never a part of the token
			assert.Contains(t, []string{"", test.want}, decoder.nextToken([]byte(test.text[:cut])))
		}
	}
}
