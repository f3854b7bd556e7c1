// SPDX-License-Identifier: Apache-2.0

// Package faultproxy is an HTTP proxy on loopback that breaks what goes between an
// S3 client and a server: by a script, by a seed, or both. Tests aim the client at
// it, and it at the server.
// It must not know any client or the rules of S3 beyond the names of operations.
// Start reading at Start, then at Kind, the list of faults.
//
// It keeps the header Host, which the signature covers. It forwards a request to its
// end once it has begun, even if the client gives up. Requests that change the same
// object are forwarded one after the other. If every attempt of an operation goes through
// the proxy, a test therefore knows what the server may have received.
package faultproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// A Rule breaks certain requests.
type Rule struct {
	// Fault says how they are broken.
	Fault Kind
	// Operation is S3's name of what is broken; empty is any.
	Operation string
	// Match selects among these requests; nil is all.
	Match func(*http.Request) bool
	// Skip is how many of those selected pass before.
	Skip int
	// Times is how many are broken; 0 is one, and below 0 is all.
	Times int
}

// Options are the options of Start.
type Options struct {
	// Target is the URL of the server.
	Target string
	// Rules are tried in order; the first that fits breaks the request.
	Rules []Rule
	// Rates are the shares of requests, each from 0 to 1, that are broken by
	// chance, where a kind applies to them. Three attempts of a call in a row are
	// broken at most, so that one that is retried must succeed.
	Rates map[Kind]float64
	// Spare keeps an operation's requests from faults by chance; nil spares none.
	Spare func(kind Kind, operation string) bool
	// Seed is that of the chances.
	Seed uint64
	// Stall is how long silence lasts; 0 is a minute.
	Stall time.Duration
}

// A Proxy is a running proxy. It is safe for concurrent use.
type Proxy struct {
	options   Options
	target    *url.URL
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	closing   chan struct{}
	served    chan struct{}
	handlers  sync.WaitGroup
	objects   sync.Map // of *sync.Mutex, by path

	mu       sync.Mutex
	isClosed bool
	random   *rand.Rand
	rules    []Rule
	quiet    bool
	refusals int
	broken   map[string]int // attempts in a row, by the SDK's id of a call
	faults   map[Kind]int
	requests map[string]int
}

// Start listens on a port of 127.0.0.1 and forwards until Close.
func Start(options Options) (*Proxy, error) {
	target, err := url.Parse(options.Target)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if options.Stall == 0 {
		options.Stall = time.Minute
	}
	p := &Proxy{
		options: options, target: target, rules: ready(options.Rules), random: rand.New(rand.NewPCG(options.Seed, options.Seed)),
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		closing:   make(chan struct{}), served: make(chan struct{}),
		broken: map[string]int{}, faults: map[Kind]int{}, requests: map[string]int{},
	}
	p.listener = &refusingListener{Listener: listener, proxy: p}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		defer close(p.served)
		_ = p.server.Serve(p.listener)
	}()
	return p, nil
}

// URL is where the proxy answers.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Close ends the proxy, and what it was about.
func (p *Proxy) Close() error {
	p.mu.Lock()
	wasClosed := p.isClosed
	p.isClosed = true
	p.mu.Unlock()
	if wasClosed {
		return nil
	}
	close(p.closing)
	err := p.server.Close()
	<-p.served
	p.handlers.Wait()
	p.transport.CloseIdleConnections()
	return err
}

// Break replaces the rules, and counts requests anew.
func (p *Proxy) Break(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = false
	p.rules = ready(rules)
	clear(p.requests)
}

// ready copies rules, so that their Times can be counted down.
func ready(rules []Rule) []Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		if rules[i].Times == 0 {
			rules[i].Times = 1
		}
	}
	return rules
}

// Heal ends all faults.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = true
	p.refusals = 0
}

// Faults are how many requests were broken, by kind.
func (p *Proxy) Faults() map[Kind]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	faults := map[Kind]int{}
	maps.Copy(faults, p.faults)
	return faults
}

// Requests is how many requests of an operation came, since the last Break.
func (p *Proxy) Requests(operation string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[operation]
}

// pick decides what happens to a request.
func (p *Proxy) pick(r *http.Request) Kind {
	p.mu.Lock()
	defer p.mu.Unlock()
	operation := OperationOf(r)
	p.requests[operation]++
	if p.quiet {
		return None
	}
	kind := p.byRule(operation, r)
	if kind == None {
		kind = p.byChance(r)
	}
	if kind != None {
		p.faults[kind]++
	}
	if kind == Refuse {
		p.refusals = 1
	}
	return kind
}

func (p *Proxy) byRule(operation string, r *http.Request) Kind {
	for i := range p.rules {
		rule := &p.rules[i]
		if (rule.Operation != "" && rule.Operation != operation) || (rule.Match != nil && !rule.Match(r)) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Times == 0 {
			continue
		}
		if rule.Times > 0 {
			rule.Times--
		}
		return rule.Fault
	}
	return None
}

// kinds are all that can happen by chance, in an order that a seed relies on.
var kinds = []Kind{
	Refuse, ResetFirst, ResetInBody, ResetUnheard, Stall, ThrottledBody, FlipRequest, Duplicate, LoseAnswer,
	InternalError, BadGateway, SlowDown, TooMany, RequestTimeout, ErrorIn200, ExpiredToken, Skew, Redirect, Moved,
	ResetInHead, ResetInAnswer, Truncate, Shorten, StallInAnswer, ThrottledAnswer, FlipAnswer, WrongChecksum,
}

const maxBroken = 3

func (p *Proxy) byChance(r *http.Request) Kind {
	id := r.Header.Get("Amz-Sdk-Invocation-Id")
	chance := p.random.Float64()
	for _, kind := range kinds {
		if chance -= p.options.Rates[kind]; chance >= 0 {
			continue
		}
		if p.broken[id] == maxBroken || !kind.AppliesTo(r) || (p.options.Spare != nil && p.options.Spare(kind, OperationOf(r))) {
			break
		}
		p.broken[id]++
		return kind
	}
	delete(p.broken, id)
	return None
}

// ServeHTTP passes a request on, or breaks it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.isClosed {
		p.mu.Unlock()
		return
	}
	p.handlers.Add(1)
	p.mu.Unlock()
	defer p.handlers.Done()

	kind := p.pick(r)
	got, err := p.exchange(kind, r)
	switch {
	case errors.Is(err, errNoAnswer):
		if kind == Stall {
			p.wait(p.options.Stall)
		}
		reset(w)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway) // or the client gave up
	default:
		p.deliver(kind, w, r, got)
	}
}

// exchange gets an answer to a request: the server's, or another.
func (p *Proxy) exchange(kind Kind, r *http.Request) (*answer, error) {
	defer p.inTurn(r)()
	body, err := p.hear(kind, r)
	if err != nil {
		return nil, err
	}
	if made := makeUp(kind, r); made != nil {
		return made, nil
	}
	return p.forward(kind, r, body)
}

// inTurn waits for earlier requests that change the same object.
func (p *Proxy) inTurn(r *http.Request) (done func()) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || OperationOf(r) == "UploadPart" {
		return func() {}
	}
	found, _ := p.objects.LoadOrStore(r.URL.Path, &sync.Mutex{})
	object, _ := found.(*sync.Mutex)
	object.Lock()
	return object.Unlock
}

// errNoAnswer ends a request that the server does not receive.
var errNoAnswer = errors.New("not forwarded")

// hear reads the body of the request.
func (p *Proxy) hear(kind Kind, r *http.Request) ([]byte, error) {
	switch kind {
	case Refuse, ResetFirst:
		return nil, errNoAnswer
	case ResetInBody:
		_, _ = io.CopyN(io.Discard, r.Body, max(1, r.ContentLength/2))
		return nil, errNoAnswer
	case ThrottledBody:
		r.Body = io.NopCloser(&slowReader{reader: r.Body, proxy: p, step: max(1, r.ContentLength/slowSteps)})
	}
	body, err := readAll(r.Body, r.ContentLength)
	if err != nil {
		return nil, err
	}
	if kind == ResetUnheard || kind == Stall {
		return nil, errNoAnswer
	}
	return body, nil
}

// forward has the server serve the request, to the end.
func (p *Proxy) forward(kind Kind, r *http.Request, body []byte) (*answer, error) {
	if kind == FlipRequest && len(body) > 0 {
		body[len(body)/2] ^= 1
	}
	first, err := p.ask(r, body)
	if kind == Duplicate && err == nil {
		_, err = p.ask(r, body)
	}
	return first, err
}

func (p *Proxy) ask(r *http.Request, body []byte) (*answer, error) {
	address := p.target.Scheme + "://" + p.target.Host + r.RequestURI
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, address, bytes.NewReader(body)) //nolint:gosec // G704: a proxy for tests
	if err != nil {
		return nil, err
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Expect")
	request.Header.Del("Connection")
	request.Host = r.Host
	response, err := p.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	length := response.ContentLength
	if r.Method == http.MethodHead {
		length = 0
	}
	content, err := readAll(response.Body, length)
	if err != nil {
		return nil, err
	}
	return &answer{status: response.StatusCode, header: response.Header, body: content}, nil
}

// readAll reads a body into memory that is taken once, if it has the expected length.
func readAll(body io.Reader, expected int64) ([]byte, error) {
	const most = 64 << 20 // is taken for a promise
	var buffer bytes.Buffer
	buffer.Grow(int(min(max(expected, 0), most)) + bytes.MinRead)
	_, err := buffer.ReadFrom(body)
	return buffer.Bytes(), err
}

// wait is a pause that the proxy's end ends.
func (p *Proxy) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.closing:
	}
}
