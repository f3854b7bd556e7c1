// SPDX-License-Identifier: Apache-2.0

// Package lithopstest has an S3 and an STS server for tests, as net/http/httptest has
// HTTP servers: in the process, in memory, on a loopback port, with AWS's rules of
// signatures, checksums, conditions, owners and regions.
//
// The server keeps versions once PutBucketVersioning, a method of [lithopss3.Store.Client],
// turns them on. It refuses encryption with keys of KMS or of the caller (SSE-C).
//
// A test that needs no server takes package memstore instead. Start reading at
// [NewServer].
package lithopstest

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
)

// Options are the options of Start; nil is the zero value.
type Options struct {
	// Addr is the loopback address to listen on; empty is 127.0.0.1 and any free port.
	Addr string
	// Region is the region of the configuration; empty is us-east-1.
	Region string
	// Wrap is called with the server's handler and returns the one that serves, so that
	// a test can count requests or break them. It may be nil.
	Wrap func(http.Handler) http.Handler
	// Logger logs each request at debug level. Nil logs nothing.
	Logger *slog.Logger
}

// A Server is a running server. It is safe for concurrent use.
type Server struct {
	server *devs3.Server
	region string
}

// NewServer starts a server, and closes it when the test ends.
func NewServer(t testing.TB) *Server {
	t.Helper()
	server, err := Start(nil)
	if err != nil {
		t.Fatalf("lithopstest: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("lithopstest: %v", err)
		}
		server = nil // testing keeps this function until the test's parent ended
	})
	return server
}

// Start starts a server, which the caller closes. An address that is not a loopback
// address is an error.
func Start(opts *Options) (*Server, error) {
	if opts == nil {
		opts = &Options{}
	}
	server, err := devs3.Start(&devs3.Options{Addr: opts.Addr, Region: opts.Region, Wrap: opts.Wrap, Logger: opts.Logger})
	if err != nil {
		return nil, err
	}
	return &Server{server, server.Env()["AWS_DEFAULT_REGION"]}, nil
}

// URL returns the URL of both services: http://127.0.0.1:port.
func (s *Server) URL() string { return s.server.URL() }

// Config returns a configuration with the server's keys and region. It does not name
// the server: Options does.
func (s *Server) Config() *lithopss3.Config {
	credential := s.server.Credential()
	return &lithopss3.Config{
		Region: s.region, AccessKeyID: credential.AccessKeyID, SecretAccessKey: lithopss3.NewSecret(credential.SecretAccessKey),
	}
}

// Options returns options that name the server and keep the environment and the files
// of the user out of the test.
func (s *Server) Options() *lithopss3.Options {
	env := s.server.Env()
	return &lithopss3.Options{
		LookupEnv: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
	}
}

// Credentials returns the server's keys, for another client of AWS's SDK.
func (s *Server) Credentials() aws.CredentialsProvider {
	credential := s.server.Credential()
	return credentials.NewStaticCredentialsProvider(credential.AccessKeyID, credential.SecretAccessKey, credential.SessionToken)
}

// Env returns the environment variables that point this package, boto3 and the AWS
// command line at the server.
func (s *Server) Env() map[string]string { return s.server.Env() }

// Open opens the server's storage and makes the user's bucket, whose name it returns.
// It closes the Store when the test ends.
func (s *Server) Open(t testing.TB) (store *lithopss3.Store, bucket string) {
	t.Helper()
	store, err := lithopss3.New(context.Background(), s.Config(), s.Options())
	if err != nil {
		t.Fatalf("lithopstest: %v", err)
	}
	t.Cleanup(func() { _ = store.Close() })
	bucket, err = store.EnsureBucket(context.Background())
	if err != nil {
		t.Fatalf("lithopstest: %v", err)
	}
	return store, bucket
}

// Close drops all connections and ends the server.
func (s *Server) Close() error { return s.server.Close() }
