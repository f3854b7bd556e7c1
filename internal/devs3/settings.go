// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// An Opening is the way in which a bucket is public.
type Opening int

// The ways in which a bucket's owner opens it.
const (
	OpenByPolicy Opening = iota + 1
	OpenByACL
)

// OpenBucket makes a bucket public, as its owner can.
func (s *Server) OpenBucket(name string, by Opening) error {
	if !s.buckets.change(name, func(info *bucketInfo) { info.openBy = by }) {
		return errors.New("no such bucket")
	}
	return nil
}

func isSetting(query url.Values) bool {
	return query.Has("publicAccessBlock") || query.Has("policyStatus") || query.Has("acl") || query.Has("lifecycle")
}

// serveSetting serves the settings that say who may use a bucket. Only its owner may
// read and change them.
func (s *Server) serveSetting(w http.ResponseWriter, r *http.Request, name string, info bucketInfo, caller Credential) {
	query := r.URL.Query()
	switch {
	case caller.Account != info.owner:
		writeError(w, r, http.StatusForbidden, "AccessDenied", "Access Denied")
	case r.Method == http.MethodPut && query.Has("publicAccessBlock"):
		s.putPublicAccessBlock(w, r, name)
	case query.Has("lifecycle"):
		s.serveLifecycle(w, r, name, info)
	case r.Method != http.MethodGet:
		writeError(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	case query.Has("publicAccessBlock") && info.block == nil:
		writeError(w, r, http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	case query.Has("publicAccessBlock"):
		writeXML(w, http.StatusOK, info.block)
	case query.Has("policyStatus") && info.openBy != OpenByPolicy:
		writeError(w, r, http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
	case query.Has("policyStatus"):
		writeXML(w, http.StatusOK, policyStatus{IsPublic: true})
	default:
		writeACL(w, info)
	}
}

type publicAccessBlock struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PublicAccessBlockConfiguration"`
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

func (s *Server) putPublicAccessBlock(w http.ResponseWriter, r *http.Request, name string) {
	block := &publicAccessBlock{}
	if err := xml.NewDecoder(io.LimitReader(r.Body, maxSTSBody)).Decode(block); err != nil {
		writeError(w, r, http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
		return
	}
	block.XMLName = xml.Name{}
	s.buckets.change(name, func(info *bucketInfo) { info.block = block })
	w.WriteHeader(http.StatusOK)
}

// serveLifecycle stores and returns the rules of a bucket's lifecycle. It does not apply
// them.
func (s *Server) serveLifecycle(w http.ResponseWriter, r *http.Request, name string, info bucketInfo) {
	switch {
	case r.Method == http.MethodGet && info.lifecycle == nil:
		writeError(w, r, http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write(info.lifecycle)
	case r.Method == http.MethodDelete:
		s.buckets.change(name, func(info *bucketInfo) { info.lifecycle = nil })
		w.WriteHeader(http.StatusNoContent)
	default:
		s.putLifecycle(w, r, name)
	}
}

func (s *Server) putLifecycle(w http.ResponseWriter, r *http.Request, name string) {
	document, err := io.ReadAll(io.LimitReader(r.Body, maxSTSBody))
	root := struct {
		XMLName xml.Name `xml:"LifecycleConfiguration"`
		Rules   []struct {
			ID     string
			Status string
		} `xml:"Rule"`
	}{}
	if err != nil || xml.Unmarshal(document, &root) != nil || len(root.Rules) == 0 {
		writeError(w, r, http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		return
	}
	s.buckets.change(name, func(info *bucketInfo) { info.lifecycle = document })
}

type policyStatus struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
	IsPublic bool
}

type accessControl struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
	OwnerID string   `xml:"Owner>ID"`
	Grants  []grant  `xml:"AccessControlList>Grant"`
}

type grant struct {
	Grantee    grantee
	Permission string
}

type grantee struct {
	Schema string `xml:"xmlns:xsi,attr"`
	Type   string `xml:"xsi:type,attr"`
	ID     string `xml:",omitempty"`
	URI    string `xml:",omitempty"`
}

func writeACL(w http.ResponseWriter, info bucketInfo) {
	const schema = "http://www.w3.org/2001/XMLSchema-instance"
	answer := accessControl{OwnerID: info.owner, Grants: []grant{{grantee{Schema: schema, Type: "CanonicalUser", ID: info.owner}, "FULL_CONTROL"}}}
	if info.openBy == OpenByACL {
		everybody := grantee{Schema: schema, Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AllUsers"}
		answer.Grants = append(answer.Grants, grant{everybody, "READ"}, grant{everybody, "WRITE"})
	}
	writeXML(w, http.StatusOK, answer)
}
