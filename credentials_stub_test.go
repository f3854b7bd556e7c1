// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// stubOptions are the "stub" of a scenario: how the services answer.
type stubOptions struct {
	STS struct {
		Error     []any `json:"error"`
		ErrorOnce []any `json:"error_once"`
		ExpiresIn *int  `json:"expires_in"`
	} `json:"sts"`
	SSO       struct{ Status int } `json:"sso"`
	OIDC      struct{ Fail bool }  `json:"oidc"`
	Container struct {
		Auth      *string `json:"auth"`
		FailFirst int     `json:"fail_first"`
		Status    int     `json:"status"`
		Body      *string `json:"body"`
		ExpiresIn *int    `json:"expires_in"`
	} `json:"container"`
	IMDS struct {
		Mode           string  `json:"mode"`
		FailFirst      int     `json:"fail_first"`
		TokenFailFirst int     `json:"token_fail_first"`
		ExpiresIn      *int    `json:"expires_in"`
		Body           *string `json:"body"`
	} `json:"imds"`
	Listen []string `json:"listen"`
}

// hangs reports whether the stub lets a request to the instance's metadata service hang.
func (o *stubOptions) hangs(r *http.Request) bool {
	return o.IMDS.Mode == "hang" || (o.IMDS.Mode == "token_hang" && r.Method == http.MethodPut)
}

// stub answers for STS, SSO, SSO OIDC, a container's and an instance's metadata
// service, as the recording's did (see the golden README).
type stub struct {
	options stubOptions
	mu      sync.Mutex
	counts  map[string]int
	hang    chan struct{}
}

func startStub(t *testing.T, options stubOptions) *httptest.Server {
	t.Helper()
	s := &stub{options: options, counts: map[string]int{}, hang: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.hang)
		server.Close()
	})
	return server
}

func (s *stub) bump(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
	return s.counts[name]
}

func isoIn(seconds *int, standard int) string {
	if seconds != nil {
		standard = *seconds
	}
	return time.Now().Add(time.Duration(standard) * time.Second).UTC().Format("2006-01-02T15:04:05Z")
}

func send(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && strings.HasPrefix(path, "/token"):
		s.oidc(w)
	case r.Method == http.MethodPost:
		s.sts(w, r)
	case path == "/federation/credentials":
		s.sso(w, r)
	case strings.HasPrefix(path, "/container"):
		s.container(w, r)
	case strings.HasPrefix(path, "/latest/"):
		s.imds(w, r)
	}
}

func (s *stub) oidc(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if s.options.OIDC.Fail {
		w.Header().Set("X-Amzn-Errortype", "InvalidGrantException")
		send(w, http.StatusBadRequest, `{"error":"invalid_grant"}`)
		return
	}
	send(w, http.StatusOK, `{"accessToken":"refreshed-token","expiresIn":28800,"tokenType":"Bearer","refreshToken":"refresh2"}`)
}

var signedBy = regexp.MustCompile(`Credential=([^/]+)/`)

func (s *stub) sts(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	problem := s.options.STS.Error
	if s.options.STS.ErrorOnce != nil && s.bump("sts") == 1 {
		problem = s.options.STS.ErrorOnce
	}
	if problem != nil {
		status, _ := problem[0].(float64)
		send(w, int(status), fmt.Sprintf(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%v</Code><Message>%v</Message></Error></ErrorResponse>`, problem[1], problem[2]))
		return
	}
	action, role := r.Form.Get("Action"), r.Form.Get("RoleArn")
	role = role[strings.LastIndex(role, "/")+1:]
	accessKeyID := "WI." + role
	if action == "AssumeRole" {
		accessKeyID = "AR." + role + "." + signedBy.FindStringSubmatch(r.Header.Get("Authorization"))[1]
	}
	send(w, http.StatusOK, fmt.Sprintf(`<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>secret-%[3]s</SecretAccessKey><SessionToken>token-%[3]s</SessionToken><Expiration>%[4]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
		action, accessKeyID, role, isoIn(s.options.STS.ExpiresIn, 3600)))
}

func (s *stub) sso(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if s.options.SSO.Status != 0 {
		w.Header().Set("X-Amzn-Errortype", "UnauthorizedException")
		send(w, s.options.SSO.Status, `{"message":"Session token not found or invalid"}`)
		return
	}
	query := r.URL.Query()
	send(w, http.StatusOK, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"SSO.%s.%s","secretAccessKey":"sso-secret","sessionToken":"sso-session","expiration":%d}}`,
		query.Get("role_name"), query.Get("account_id"), time.Now().Add(time.Hour).UnixMilli()))
}

func (s *stub) container(w http.ResponseWriter, r *http.Request) {
	o := s.options.Container
	switch {
	case o.Auth != nil && r.Header.Get("Authorization") != *o.Auth:
		send(w, http.StatusUnauthorized, `{"code":"Unauthorized"}`)
	case s.bump("container") <= o.FailFirst:
		send(w, http.StatusInternalServerError, `{"code":"Internal"}`)
	case o.Status != 0:
		send(w, o.Status, `{"code":"Err"}`)
	case o.Body != nil:
		send(w, http.StatusOK, *o.Body)
	default:
		send(w, http.StatusOK, fmt.Sprintf(`{"AccessKeyId":"CONTAINERAK","SecretAccessKey":"container-secret","Token":"container-token","Expiration":%q}`, isoIn(o.ExpiresIn, 21600)))
	}
}

func (s *stub) imds(w http.ResponseWriter, r *http.Request) {
	o := s.options.IMDS
	if s.options.hangs(r) {
		select {
		case <-s.hang:
		case <-r.Context().Done():
		}
		return
	}
	if r.Method == http.MethodPut {
		statuses := map[string]int{"v1only": 404, "token403": 403, "token500": 500, "token400": 400}
		if status := statuses[o.Mode]; status != 0 {
			send(w, status, "no")
		} else if s.bump("token") <= o.TokenFailFirst {
			send(w, http.StatusInternalServerError, "no")
		} else {
			send(w, http.StatusOK, "IMDSTOKEN")
		}
		return
	}
	needsToken := o.Mode == "" || o.Mode == "v2" || o.Mode == "norole" || o.Mode == "errbody" || o.Mode == "empty"
	role := strings.TrimPrefix(r.URL.Path, "/latest/meta-data/iam/security-credentials/")
	switch {
	case needsToken && r.Header.Get("X-Aws-Ec2-Metadata-Token") != "IMDSTOKEN":
		send(w, http.StatusUnauthorized, "unauthorized")
	case o.Mode == "norole":
		send(w, http.StatusNotFound, "not found")
	case s.bump("imds") <= o.FailFirst:
		send(w, http.StatusInternalServerError, "oops")
	case role == "" && o.Mode == "empty":
		send(w, http.StatusOK, "")
	case role == "":
		send(w, http.StatusOK, "my-instance-role")
	case o.Body != nil:
		send(w, http.StatusOK, *o.Body)
	case o.Mode == "errbody":
		send(w, http.StatusOK, `{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}`)
	default:
		send(w, http.StatusOK, fmt.Sprintf(`{"Code":"Success","AccessKeyId":"IMDSAK","SecretAccessKey":"imds-secret","Token":"imds-token","Expiration":%q}`, isoIn(o.ExpiresIn, 21600)))
	}
}

// toStub sends what is for a link-local address to the stub, where the scenario
// listens on it, and refuses it otherwise: no test reaches for such an address. Only a
// request that hangs ends with its context, because botocore's second is too short for an
// answer on a busy machine.
func toStub(server *httptest.Server, options *stubOptions) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !options.hangs(r) {
			r = r.WithContext(context.WithoutCancel(r.Context()))
		}
		if strings.HasPrefix(r.URL.Host, "169.254.") || strings.HasPrefix(r.URL.Host, "[fd00:") {
			if len(options.Listen) == 0 {
				return nil, fmt.Errorf("connection refused")
			}
			target, _ := url.Parse(server.URL)
			r = r.Clone(r.Context())
			r.URL.Host = target.Host
		}
		return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	})
}

var _ json.Marshaler = json.RawMessage{}

// TestFakePython is not a test: the scenarios of credential_process start this
// binary in place of Python. It does what their scripts do.
func TestFakePython(t *testing.T) {
	args := os.Args
	for i, arg := range args {
		if arg == "--" {
			args = args[i+1:]
			break
		}
	}
	if len(args) == len(os.Args) || len(args) == 0 {
		t.Skip("started by go test")
	}
	os.Exit(fakePython(args))
}

var printed = regexp.MustCompile(`print\('(.*)'\)`)

func fakePython(args []string) int {
	script, err := os.ReadFile(args[0])
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "can't open file %s\n", args[0])
		return 2
	}
	text := string(script)
	if address, ok := strings.CutPrefix(text, "fetch "); ok {
		response, err := http.Get(address)
		if err == nil {
			_ = response.Body.Close()
		}
		return 1
	}
	if strings.Contains(text, "sys.exit(3)") {
		_, _ = fmt.Fprintln(os.Stderr, "boom")
		return 3
	}
	if strings.Contains(text, `sys.argv[1]=="a b"`) && (len(args) != 2 || args[1] != "a b") {
		return 1
	}
	if strings.Contains(text, "len(sys.argv)==1") && len(args) != 1 {
		return 1
	}
	fmt.Println(printed.FindStringSubmatch(text)[1])
	return 0
}
