package boto

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// CheckKeys returns an error if the keys can't be right or can't be sent: a key with
// a line break at its end, as a secret mounted into a container has it, makes a
// header that HTTP can't carry.
// The error has no key in it.
func CheckKeys(keys *aws.Credentials) error {
	for _, key := range []struct {
		name, value string
		isSent      bool // the secret key only signs
	}{
		{"the access key ID", keys.AccessKeyID, true},
		{"the secret access key", keys.SecretAccessKey, false},
		{"the session token", keys.SessionToken, true},
	} {
		if flaw := flawOf(key.value, key.isSent); flaw != "" {
			return failure("ValueError", "%s has %s", key.name, flaw)
		}
	}
	return nil
}

// CheckToken returns an error, without the token in it, if a header can't carry it.
func CheckToken(name, token string) error {
	if flaw := flawOf(token, true); flaw != "" {
		return failure("ValueError", "%s has %s", name, flaw)
	}
	return nil
}

// flawOf says what a key has that it must not have, or "". No key has white space,
// and one that is sent must be US-ASCII.
func flawOf(key string, isSent bool) string {
	for i, r := range key {
		where := "inside"
		if i+utf8.RuneLen(r) == len(key) {
			where = "at its end"
		}
		switch {
		case r == '\n' || r == '\r':
			return "a line break " + where
		case unicode.IsControl(r) && r != '\t':
			return "a control character " + where
		case unicode.IsSpace(r):
			return "white space " + where
		case isSent && r >= utf8.RuneSelf:
			return fmt.Sprintf("%q, which is not US-ASCII", r)
		}
	}
	return ""
}

// checkAnswer is CheckKeys for the answer of a service, which must have both keys.
func checkAnswer(found *aws.Credentials, service string) (*aws.Credentials, error) {
	if found.AccessKeyID == "" || found.SecretAccessKey == "" {
		return nil, failure("CredentialRetrievalError", "%s answered with an empty access key ID or secret access key", service)
	}
	return found, nil
}
