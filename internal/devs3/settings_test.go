// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	blockAll   = `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
	expireSoon = `<LifecycleConfiguration><Rule><ID>soon</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>`
	noRules    = `<LifecycleConfiguration></LifecycleConfiguration>`
)

// padded fills a document up to a size.
func padded(document string, size int) string {
	return document[:len(document)-len("</LifecycleConfiguration>")] + strings.Repeat(" ", size-len(document)) + "</LifecycleConfiguration>"
}

// TestSettings checks what a bucket's settings answer, one request after the other.
func TestSettings(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	for _, test := range []struct{ method, query, body, code, contains string }{
		{"GET", "publicAccessBlock", "", "NoSuchPublicAccessBlockConfiguration", ""},
		{"PUT", "publicAccessBlock", "no XML", "MalformedXML", ""},
		{"GET", "publicAccessBlock", "", "NoSuchPublicAccessBlockConfiguration", ""},
		{"PUT", "publicAccessBlock", strings.Replace(blockAll, "><", " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><", 1), "OK", ""},
		{"GET", "publicAccessBlock", "", "OK", "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"},
		{"DELETE", "publicAccessBlock", "", "MethodNotAllowed", ""},
		{"GET", "publicAccessBlock", "", "OK", `<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`},
		{"GET", "policyStatus", "", "NoSuchBucketPolicy", ""},
		{"PUT", "policyStatus", "", "MethodNotAllowed", ""},
		{"PUT", "acl", "", "MethodNotAllowed", ""},
		{"GET", "lifecycle", "", "NoSuchLifecycleConfiguration", ""},
		{"PUT", "lifecycle", "no XML", "MalformedXML", ""},
		{"PUT", "lifecycle", noRules, "MalformedXML", ""},
		{"PUT", "lifecycle", "<Other><Rule/></Other>", "MalformedXML", ""},
		{"PUT", "lifecycle", padded(expireSoon, maxSTSBody+1), "MalformedXML", ""},
		{"GET", "lifecycle", "", "NoSuchLifecycleConfiguration", ""},
		{"PUT", "lifecycle", padded(expireSoon, maxSTSBody), "OK", ""},
		{"PUT", "lifecycle", expireSoon, "OK", ""},
		{"GET", "lifecycle", "", "OK", expireSoon},
		{"DELETE", "lifecycle", "", "No Content", ""},
		{"GET", "lifecycle", "", "NoSuchLifecycleConfiguration", ""},
	} {
		got := ask(t, server, request{method: test.method, path: "/data?" + test.query, body: test.body})
		assert.Equal(t, test.code, got.code(), test)
		assert.Contains(t, got.body, test.contains, test)
		if test.contains != "" {
			assert.Equal(t, "application/xml", got.header.Get("Content-Type"), test)
		}
	}
}

// TestSettingsOfNoBucket checks that a setting of a missing bucket does not make one.
func TestSettingsOfNoBucket(t *testing.T) {
	t.Parallel()
	server := start(t)
	for _, query := range []string{"publicAccessBlock", "policyStatus", "acl", "lifecycle", "location"} {
		got := ask(t, server, request{method: "GET", path: "/missing?" + query})
		assert.NotEqual(t, "OK", got.code(), query)
	}
	assert.NotEqual(t, "OK", ask(t, server, request{method: "PUT", path: "/missing?lifecycle", body: expireSoon}).code())
	assert.Equal(t, "NoSuchBucket", ask(t, server, request{method: "GET", path: "/missing"}).code())
}

// TestPublicBuckets checks how a bucket is public, which only its owner may ask, and that
// settings of the bucket are not objects.
func TestPublicBuckets(t *testing.T) {
	t.Parallel()
	const everybody = "http://acs.amazonaws.com/groups/global/AllUsers"
	for name, test := range map[string]struct {
		by        Opening
		policy    string
		isInTheAC bool
	}{
		"private":       {0, "NoSuchBucketPolicy", false},
		"by its policy": {OpenByPolicy, "OK", false},
		"by its list":   {OpenByACL, "NoSuchBucketPolicy", true},
	} {
		server := start(t, "data")
		require.NoError(t, server.OpenBucket("data", test.by))
		status := ask(t, server, request{method: "GET", path: "/data?policyStatus"})
		assert.Equal(t, test.policy, status.code(), name)
		assert.Equal(t, test.policy == "OK", strings.Contains(status.body, "<IsPublic>true</IsPublic>"), name)
		acl := ask(t, server, request{method: "GET", path: "/data?acl"}).body
		assert.Contains(t, acl, "<Owner><ID>"+alice.Account+"</ID></Owner>", name)
		assert.Contains(t, acl, `xsi:type="CanonicalUser"><ID>`+alice.Account+"</ID></Grantee><Permission>FULL_CONTROL</Permission>", name)
		for _, permission := range []string{"READ", "WRITE"} {
			assert.Equal(t, test.isInTheAC, strings.Contains(acl, "<URI>"+everybody+"</URI></Grantee><Permission>"+permission+"<"), name)
		}
		for _, query := range []string{"publicAccessBlock", "policyStatus", "acl", "lifecycle"} {
			got := send(t, signed(t, server, bob, request{method: "GET", path: "/data?" + query}))
			assert.Equal(t, "AccessDenied", got.code(), name+" "+query)
		}
	}
}
