// SPDX-License-Identifier: Apache-2.0

// Package devs3 is S3 and STS in memory, in process, on loopback: what the tests,
// the demo and "lithops-s3 dev" run against. The objects are gofakes3's, which
// checks signatures, checksums and conditions; in front of it are the rules of AWS that
// gofakes3 leaves out: owners, regions, the identity.
// It must not know the root package or any client of it, because it only speaks HTTP.
// Start reading at Start and Server.handler, which puts the rules in front of gofakes3.
package devs3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rclone/gofakes3"
)

// A Credential is a caller that the server knows.
type Credential struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // demanded if it is not empty
	UserID          string // what STS answers, "AIDA…" or "AROA…:session"
	Account         string // 12 digits; buckets belong to it
	ARN             string
}

// Options are the options of Start; nil is the zero value.
type Options struct {
	// Addr is the address to listen on, a loopback address unless AllowRemote; empty is 127.0.0.1 and any port.
	Addr string
	// AllowRemote allows an Addr that other machines can reach, for containers. Anyone
	// who reaches it can read and change what is stored.
	AllowRemote bool
	// Region is the one that Env and Config name; empty is us-east-1.
	Region string
	// Credentials are the known callers; empty is one.
	Credentials []Credential
	// Wrap stands in front of everything, for tests that count or break requests.
	Wrap func(http.Handler) http.Handler
	// MaxMemory bounds the heap of the process, in bytes; a put beyond it is
	// QuotaExceeded. 0 is no limit.
	MaxMemory int64
	// Logger logs each request at debug level. Nil logs nothing.
	Logger *slog.Logger
}

// A Server is a running server. It is safe for concurrent use.
type Server struct {
	region      string
	credentials []Credential
	buckets     *bucketTable
	memory      *memoryBound
	log         *slog.Logger
	url         string
	http        *http.Server
	done        chan struct{} // closed when nothing is served any more
}

// defaultCredential is known to the server if none is given. It is no secret.
var defaultCredential = Credential{
	AccessKeyID: "AKIADEVS3EXAMPLE", SecretAccessKey: "devs3-secret-example",
	UserID: "AIDADEVS3EXAMPLEWXYZ", Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/dev",
}

// Start listens and serves until Close. An address that is not loopback is an error.
func Start(opts *Options) (*Server, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &Server{region: opts.Region, credentials: opts.Credentials, buckets: newBucketTable(), memory: newMemoryBound(opts.MaxMemory), log: opts.Logger, done: make(chan struct{})}
	if s.region == "" {
		s.region = "us-east-1"
	}
	if len(s.credentials) == 0 {
		s.credentials = []Credential{defaultCredential}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	listener, err := listen(opts.Addr, opts.AllowRemote)
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String()
	handler := s.handler()
	if opts.Wrap != nil {
		handler = opts.Wrap(handler)
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// ErrNotLoopback matches an address that other machines can reach.
var ErrNotLoopback = errors.New("not a loopback address")

func listen(addr string, allowRemote bool) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !allowRemote && !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is %w, and this server is for this machine only", addr, ErrNotLoopback)
	}
	var config net.ListenConfig
	return config.Listen(context.Background(), "tcp", addr)
}

func (s *Server) handler() http.Handler {
	memory := newBackend(s.buckets)
	s.buckets.backend = memory
	fake := gofakes3.New(memory)
	return s.logRequests(continueEmpty(s.serveSTS(s.authenticate(checkPayload(s.serveBuckets(s.memory.serve(checkCopy(memory, fixRange(memory, fake.Server())))))))))
}

// continueEmpty answers "Expect: 100-continue" before an empty body, as S3 does
// and net/http does not. botocore takes the status of an answer without it for
// that of the connection's next answer too, and hangs in its headers.
func continueEmpty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 && r.Header.Get("Expect") == "100-continue" {
			w.WriteHeader(http.StatusContinue)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.log.Debug("request", "method", r.Method, "url", r.URL.RequestURI())
		next.ServeHTTP(w, r)
	})
}

// URL is where both services answer: http://127.0.0.1:port.
func (s *Server) URL() string { return s.url }

// Credential is the first of the known callers.
func (s *Server) Credential() Credential { return s.credentials[0] }

// Env is the environment that points boto3, the AWS command line and this
// package at the server.
func (s *Server) Env() map[string]string {
	env := map[string]string{
		"AWS_ENDPOINT_URL":          s.url,
		"AWS_ACCESS_KEY_ID":         s.credentials[0].AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":     s.credentials[0].SecretAccessKey,
		"AWS_DEFAULT_REGION":        s.region,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	if token := s.credentials[0].SessionToken; token != "" {
		env["AWS_SESSION_TOKEN"] = token
	}
	return env
}

// Config returns a Lithops configuration for the server. An endpoint has no place in
// it, so AWS_ENDPOINT_URL is needed too.
func (s *Server) Config() string {
	text := fmt.Sprintf("lithops:\n  storage: aws_s3\naws:\n  region: %s\n  access_key_id: %s\n  secret_access_key: %s\n",
		s.region, s.credentials[0].AccessKeyID, s.credentials[0].SecretAccessKey)
	if token := s.credentials[0].SessionToken; token != "" {
		text += "  session_token: " + token + "\n"
	}
	return text
}

// AddBucket makes a bucket of any owner in any region.
func (s *Server) AddBucket(name, ownerAccount, region string) error {
	return s.buckets.create(context.Background(), name, bucketInfo{owner: ownerAccount, region: region})
}

// Close drops all connections and ends the server.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}
