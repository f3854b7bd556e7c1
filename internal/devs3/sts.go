// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// serveSTS answers requests that are signed for STS, and passes on those for S3.
func (s *Server) serveSTS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential, signed, known := s.caller(r)
		if signed.service != "sts" {
			next.ServeHTTP(w, r)
			return
		}
		body, err := readBody(r)
		form, parseErr := url.ParseQuery(string(body))
		switch {
		case err != nil || parseErr != nil:
			writeSTSError(w, http.StatusBadRequest, "MalformedInput", "The request body is not a form.")
		case !known:
			writeSTSError(w, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
		case r.Header.Get("X-Amz-Security-Token") != credential.SessionToken:
			writeSTSError(w, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
		case !verify(r, body, credential, signed):
			writeSTSError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		case form.Get("Action") != "GetCallerIdentity":
			writeSTSError(w, http.StatusBadRequest, "InvalidAction", "This server knows GetCallerIdentity only.")
		default:
			writeIdentity(w, credential)
		}
	})
}

// An identityAnswer is the XML of GetCallerIdentity.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
type identityAnswer struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

func writeIdentity(w http.ResponseWriter, credential Credential) {
	writeXML(w, http.StatusOK, identityAnswer{ARN: credential.ARN, UserID: credential.UserID, Account: credential.Account, RequestID: requestID()})
}

type stsError struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func writeSTSError(w http.ResponseWriter, status int, code, message string) {
	writeXML(w, status, stsError{Type: "Sender", Code: code, Message: message, RequestID: requestID()})
}

type s3Error struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	Region    string `xml:",omitempty"`
	RequestID string `xml:"RequestId"`
}

// writeError answers an error as S3 does; the answer to a HEAD has no body.
func writeError(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	writeXML(w, status, s3Error{
		Code: code, Message: message, Resource: r.URL.Path, Region: w.Header().Get("X-Amz-Bucket-Region"), RequestID: requestID(),
	})
}

func writeXML(w http.ResponseWriter, status int, answer any) {
	text, _ := xml.Marshal(answer) // of a type of this package, which XML can hold
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), text...))
}

func requestID() string { return fmt.Sprintf("DEV%013X", time.Now().UnixNano()) }
