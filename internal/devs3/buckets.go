// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/rclone/gofakes3"
)

// A bucketInfo holds what AWS knows of a bucket in addition to its objects.
type bucketInfo struct {
	owner, region string
	openBy        Opening
	block         *publicAccessBlock // nil for none
	lifecycle     []byte             // the document; nil for none
}

// A bucketTable knows every bucket's owner and region, which gofakes3 does not.
type bucketTable struct {
	backend gofakes3.Backend
	mu      sync.Mutex
	infos   map[string]bucketInfo
}

func newBucketTable() *bucketTable { return &bucketTable{infos: map[string]bucketInfo{}} }

var errBucketExists = errors.New("the bucket exists")

func (t *bucketTable) get(name string) (bucketInfo, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, ok := t.infos[name]
	return info, ok
}

func (t *bucketTable) create(ctx context.Context, name string, info bucketInfo) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.infos[name]; ok {
		return errBucketExists
	}
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return err
	}
	t.infos[name] = info
	return t.backend.CreateBucket(ctx, name)
}

// change changes what is known of a bucket that exists.
func (t *bucketTable) change(name string, how func(*bucketInfo)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, ok := t.infos[name]
	if ok {
		how(&info)
		t.infos[name] = info
	}
	return ok
}

func (t *bucketTable) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.infos, name)
}

// serveBuckets holds requests to the rules of owners and regions, and answers
// what only concerns buckets.
func (s *Server) serveBuckets(objects http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		caller, signed, _ := s.caller(r)
		info, exists := s.buckets.get(name)
		if name == "" || key != "" {
			if !exists || s.allowed(w, r, info, caller, signed) {
				objects.ServeHTTP(w, r)
			}
			return
		}
		if isCreate(r) {
			s.createBucket(w, r, name, caller, signed)
			return
		}
		if exists && !s.allowed(w, r, info, caller, signed) {
			return
		}
		query := r.URL.Query()
		switch {
		case exists && isSetting(query):
			s.serveSetting(w, r, name, info, caller)
		case exists && query.Has("location"):
			writeLocation(w, info)
		case exists && query.Has("uploads") && r.Method == http.MethodGet:
			objects.ServeHTTP(&uploadsWriter{ResponseWriter: w}, r)
		default:
			objects.ServeHTTP(w, r)
		}
	})
}

// isCreate tells the creation of a bucket from a put of one of its settings. The
// Go SDK adds x-id=CreateBucket.
func isCreate(r *http.Request) bool {
	query := r.URL.Query()
	query.Del("x-id")
	return r.Method == http.MethodPut && len(query) == 0
}

// allowed refuses another owner's callers, unless the bucket is open to all, and a
// signature for another region.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request, info bucketInfo, caller Credential, signed scope) bool {
	w.Header().Set("X-Amz-Bucket-Region", info.region)
	expected := cmp.Or(r.Header.Get("X-Amz-Expected-Bucket-Owner"), r.URL.Query().Get("x-amz-expected-bucket-owner")) // in small letters only
	switch {
	case signed.region != info.region:
		writeError(w, r, http.StatusBadRequest, "AuthorizationHeaderMalformed",
			"The authorization header is malformed; the region '"+signed.region+"' is wrong; expecting '"+info.region+"'")
	case info.owner != caller.Account && info.openBy == 0, expected != "" && expected != info.owner, !s.allowedSource(r, caller):
		writeError(w, r, http.StatusForbidden, "AccessDenied", "Access Denied")
	default:
		return true
	}
	return false
}

// allowedSource refuses a copy from another owner's bucket, or from one whose owner is
// not the one that is expected.
func (s *Server) allowedSource(r *http.Request, caller Credential) bool {
	source, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"), "/")
	info, exists := s.buckets.get(source)
	if !exists {
		return true
	}
	expected := r.Header.Get("X-Amz-Source-Expected-Bucket-Owner")
	return (info.owner == caller.Account || info.openBy != 0) && (expected == "" || expected == info.owner)
}

// ownNamespace reports whether a request may take a bucket's name: one in an account's
// regional namespace only if the request is of that account and says so, and any other
// only if it does not
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html).
func ownNamespace(name, namespace, account, region string) bool {
	if namespace == "account-regional" {
		return strings.HasSuffix(name, "-"+account+"-"+region+"-an")
	}
	return !strings.HasSuffix(name, "-an")
}

type createConfiguration struct {
	XMLName  xml.Name `xml:"CreateBucketConfiguration"`
	Location string   `xml:"LocationConstraint"`
}

// createBucket holds to the rules of
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
func (s *Server) createBucket(w http.ResponseWriter, r *http.Request, name string, caller Credential, signed scope) {
	var config createConfiguration
	if err := xml.NewDecoder(io.LimitReader(r.Body, maxSTSBody)).Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		writeError(w, r, http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
		return
	}
	region := config.Location
	switch {
	case region == "us-east-1":
		writeError(w, r, http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
		return
	case signed.region != "us-east-1" && region != signed.region:
		writeError(w, r, http.StatusBadRequest, "IllegalLocationConstraintException", "The location constraint is incompatible for the region specific endpoint this request was sent to.")
		return
	case region == "":
		region = "us-east-1"
	}
	if !ownNamespace(name, r.Header.Get("X-Amz-Bucket-Namespace"), caller.Account, region) {
		writeError(w, r, http.StatusBadRequest, "InvalidBucketName", "The specified bucket name does not belong to the account regional namespace.")
		return
	}
	err := s.buckets.create(r.Context(), name, bucketInfo{owner: caller.Account, region: region})
	info, _ := s.buckets.get(name)
	var fake gofakes3.Error
	switch {
	case err == nil:
		w.Header().Set("Location", "/"+name)
	case errors.As(err, &fake):
		writeError(w, r, http.StatusBadRequest, string(fake.ErrorCode()), "The specified bucket is not valid.")
	case info.owner != caller.Account:
		writeError(w, r, http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available.")
	case signed.region == "us-east-1" && info.region == "us-east-1":
		w.Header().Set("Location", "/"+name) // us-east-1 keeps its old answer
	default:
		writeError(w, r, http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
}

type locationConstraint struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	Region  string   `xml:",chardata"`
}

func writeLocation(w http.ResponseWriter, info bucketInfo) {
	region := info.region
	if region == "us-east-1" {
		region = "" // us-east-1 has no name here
	}
	writeXML(w, http.StatusOK, locationConstraint{Region: region})
}

// uploadsWriter lists no uploads where gofakes3 says that there is none yet.
type uploadsWriter struct {
	http.ResponseWriter
	isNone bool
}

type noUploads struct {
	XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	IsTruncated bool
}

// WriteHeader replaces the status 404.
func (w *uploadsWriter) WriteHeader(status int) {
	if status != http.StatusNotFound {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.isNone = true
	writeXML(w.ResponseWriter, http.StatusOK, noUploads{})
}

// Write drops what belongs to the status 404.
func (w *uploadsWriter) Write(p []byte) (int, error) {
	if w.isNone {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
