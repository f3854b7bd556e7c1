// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVersions checks that a version is returned by its ID, whatever came after it.
func TestVersions(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	bucket := "bucket"
	_, err := store.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	require.NoError(t, err)
	for _, text := range []string{"one", "two"} {
		require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader(text), nil))
	}
	require.NoError(t, store.DeleteObject(t.Context(), bucket, "key"))
	var versions []lithopss3.ObjectVersion
	for version, err := range store.ListVersions(t.Context(), bucket, "k") {
		require.NoError(t, err)
		versions = append(versions, version)
	}
	require.Len(t, versions, 3)
	texts := map[string]bool{}
	for _, version := range versions {
		assert.Equal(t, "key", version.Key)
		assert.NotEmpty(t, version.VersionID)
		if version.IsDeleteMarker {
			assert.True(t, version.IsLatest)
			continue
		}
		object, err := store.GetObject(t.Context(), bucket, "key", &lithopss3.GetOptions{VersionID: version.VersionID})
		require.NoError(t, err)
		assert.Equal(t, version.VersionID, object.VersionID)
		text, err := io.ReadAll(object.Body)
		require.NoError(t, errors.Join(err, object.Body.Close()))
		texts[string(text)] = true
	}
	assert.Equal(t, map[string]bool{"one": true, "two": true}, texts)
}

// storeAnswering has a store whose requests are answered in turn.
func storeAnswering(t *testing.T, bodies ...string) *lithopss3.Store {
	t.Helper()
	sent := 0
	store, _ := aCopier(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		body := bodies[min(sent, len(bodies)-1)]
		sent++
		return answer(request, 200, nil, strings.NewReader(body)), nil
	})
	return store
}

const versionsHead = "<ListVersionsResult><EncodingType>url</EncodingType>"

// TestListVersionsInOrder merges what the SDK takes apart, and decodes keys.
func TestListVersionsInOrder(t *testing.T) {
	t.Parallel()
	const entry = "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%v</IsLatest><LastModified>2026-01-0%dT00:00:00Z</LastModified></%s>"
	page := func(more string, entries ...string) string {
		return versionsHead + more + strings.Join(entries, "") + "</ListVersionsResult>"
	}
	version := func(name, key, id string, isLatest bool, day int) string {
		return fmt.Sprintf(entry, name, key, id, isLatest, day, name)
	}
	store := storeAnswering(t,
		page("<IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>4</NextVersionIdMarker>",
			version("DeleteMarker", "a+b", "1", true, 3), version("Version", "a+b", "2", false, 2), version("Version", "b", "4", true, 5)),
		page("", version("Version", "b", "5", false, 4), version("DeleteMarker", "b", "6", false, 3), version("Version", "b", "7", false, 2),
			version("DeleteMarker", "c100%25", "8", true, 1), version("DeleteMarker", "c100%", "9", true, 1)),
	)
	var ids []string
	var keys []string
	for found, err := range store.ListVersions(t.Context(), "bucket", "") {
		require.NoError(t, err)
		ids, keys = append(ids, found.VersionID), append(keys, found.Key)
	}
	assert.Equal(t, "1 2 4 5 6 7", strings.Join(ids[:6], " "))
	assert.Equal(t, "a b", keys[0])
	assert.Equal(t, []string{"c100%", "c100%"}, keys[6:])
}

// TestListVersionsThatIsUnsound covers a listing that repeats itself, has no marker, or
// has other keys.
func TestListVersionsThatIsUnsound(t *testing.T) {
	t.Parallel()
	const more = versionsHead + "<IsTruncated>true</IsTruncated>"
	for _, page := range []string{
		more + "<NextKeyMarker>a</NextKeyMarker><Version><Key>pa</Key></Version></ListVersionsResult>",
		more + "<Version><Key>pa</Key></Version></ListVersionsResult>",
		versionsHead + "<Version><Key>other</Key></Version></ListVersionsResult>",
	} {
		store := storeAnswering(t, page)
		var last error
		for _, err := range store.ListVersions(t.Context(), "bucket", "p") {
			last = err
		}
		require.ErrorIs(t, last, lithopss3.ErrListing, page)
	}
}
