// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryOperationIsChecked puts a string that is not UTF-8 into each field of each
// operation of the SDK's client, and a line break into each. None may be sent.
func TestEveryOperationIsChecked(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, assert.AnError
	}))
	client := reflect.ValueOf(store.Client())
	operations := 0
	for i := range client.NumMethod() {
		method := client.Type().Method(i)
		if method.Type.NumIn() != 4 || !method.Type.IsVariadic() || method.Type.In(2).Kind() != reflect.Pointer {
			continue
		}
		operations++
		input := method.Type.In(2).Elem()
		for j := range input.NumField() {
			field := input.Field(j)
			if field.Type != reflect.TypeFor[*string]() {
				continue
			}
			for _, bad := range testkit.SomeOf([]string{"a\xffb", "a\r\nX-Evil: b"}, 1) {
				in := reflect.New(input)
				fill(in.Elem())
				in.Elem().Field(j).Set(reflect.ValueOf(&bad))
				sent = nil
				out := client.Method(i).Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
				err, _ := out[len(out)-1].Interface().(error)
				require.Error(t, err)
				if bad == "a\xffb" {
					assert.Nil(t, sent, "%s %s: %v", method.Name, field.Name, err)
				}
				if sent == nil {
					continue
				}
				for name, values := range sent.Header { // it is in the path, the query or the body
					assert.NotContains(t, strings.Join(values, ""), "\n", "%s %s %s", method.Name, field.Name, name)
				}
			}
		}
	}
	assert.Greater(t, operations, 90)
}

// fill gives an input all its plain texts.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch field := v.Field(i); field.Type() {
		case reflect.TypeFor[*string]():
			field.Set(reflect.ValueOf(aws.String("abc")))
		case reflect.TypeFor[*int32]():
			field.Set(reflect.ValueOf(aws.Int32(1)))
		}
	}
}

// TestInputThatCannotBeSent names what is wrong, before any request, by both paths.
func TestInputThatCannotBeSent(t *testing.T) {
	t.Parallel()
	put := func(options *PutOptions) func(*Store) error {
		return func(s *Store) error {
			return s.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), options)
		}
	}
	parts := func(options *PutOptions) func(*Store) error {
		return func(s *Store) error {
			return s.PutObject(t.Context(), "bucket", "key", strings.NewReader(strings.Repeat("x", 17<<20/SmallScale)), options)
		}
	}
	get := func(options *GetOptions) func(*Store) error {
		return func(s *Store) error { _, err := s.GetObject(t.Context(), "bucket", "key", options); return err }
	}
	for name, test := range map[string]struct {
		call func(*Store) error
		want string
	}{
		"content type":       {put(&PutOptions{ContentType: "text/plain\n"}), "invalid Content-Type: it can't be sent, because it has a line break at its end"},
		"of parts":           {parts(&PutOptions{ContentType: "text\r\nX-Evil: 1"}), "invalid Content-Type: it can't be sent, because it has a line break inside"},
		"control":            {put(&PutOptions{ContentType: "text\x7f"}), "a control character at its end"},
		"NUL":                {put(&PutOptions{ContentType: "te\x00xt"}), "a control character inside"},
		"condition":          {put(&PutOptions{IfMatch: "e\nf"}), "invalid If-Match"},
		"condition of a get": {get(&GetOptions{IfMatch: "e\n"}), "invalid If-Match"},
		"other condition":    {get(&GetOptions{IfNoneMatch: "\x01"}), "invalid If-None-Match"},
		"metadata":           {put(&PutOptions{Metadata: map[string]string{"a": "1\n2"}}), `invalid metadata "a": it can't be sent, because its value has a line break inside`},
		"metadata of parts":  {parts(&PutOptions{Metadata: map[string]string{"a": "ü"}}), `invalid metadata "a": it can't be sent, because its value has 'ü', which is not US-ASCII`},
		"not a name":         {put(&PutOptions{Metadata: map[string]string{"a b": "1"}}), `invalid metadata "a b"`},
		"no name":            {put(&PutOptions{Metadata: map[string]string{"": "1"}}), `invalid metadata ""`},
		"name in letters":    {put(&PutOptions{Metadata: map[string]string{"ä": "1"}}), `invalid metadata "ä"`},
		"name with a colon":  {put(&PutOptions{Metadata: map[string]string{"a:b": "1"}}), `invalid metadata "a:b"`},
		"names collide":      {put(&PutOptions{Metadata: map[string]string{"key": "1", "Key": "2"}}), `invalid metadata "key": it can't be sent together with "Key", because the names of headers have no case`},
		"key":                {func(s *Store) error { return s.PutObject(t.Context(), "bucket", "k\xff", strings.NewReader(""), nil) }, "is not UTF-8"},
		"key to get":         {func(s *Store) error { _, err := s.GetObject(t.Context(), "bucket", "k\xff", nil); return err }, "is not UTF-8"},
		"key to head":        {func(s *Store) error { _, err := s.HeadObject(t.Context(), "bucket", "k\xff"); return err }, "is not UTF-8"},
		"key to delete":      {func(s *Store) error { return s.DeleteObject(t.Context(), "bucket", "k\xff") }, "is not UTF-8"},
		"keys to delete":     {func(s *Store) error { return s.DeleteObjects(t.Context(), "bucket", []string{"k\xff"}) }, "is not UTF-8"},
		"prefix":             {func(s *Store) error { _, err := s.ListKeys(t.Context(), "bucket", "p\xff"); return err }, "invalid Prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &picky{refuse: func(*http.Request, string) (int, string) { return 0, "" }}
			store := hastyStore(t, "http://127.0.0.1:1", server)
			for range 2 {
				err := test.call(store)
				require.ErrorContains(t, err, test.want)
				assert.NotContains(t, err.Error(), "tried")
				assert.Empty(t, server.sent)
				if strings.HasPrefix(name, "key") {
					require.ErrorIs(t, err, ErrInvalidKey)
				}
				for _, warm := range []func(*Store) error{put(nil), get(nil)} {
					require.NoError(t, warm(store))
				}
				_, err = store.HeadObject(t.Context(), "bucket", "key")
				require.NoError(t, err)
				server.sent = nil
			}
		})
	}
}

// TestCredentialsThatCannotBeSent checks the refusal of credentials from every source,
// before any request.
func TestCredentialsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ id, secret, token, want string }{
		{"AK\n", "SK", "", "has a line break at its end"},
		{"AK\r\n", "SK", "", "has a line break inside"},
		{"A K", "SK", "", "has white space inside"},
		{"AK ", "SK", "", "has white space at its end"},
		{"A\u00a0K", "SK", "", "has white space inside"},
		{"ÄK", "SK", "", "has 'Ä', which is not US-ASCII"},
		{"AK", "SK\n", "", "has a line break at its end"},
		{"AK", "S\tK", "", "has white space inside"},
		{"AK", "S\x00K", "", "has a control character inside"},
		{"AK", "SK", "token\n", "has a line break at its end"},
		{"AK", "SK", "to ken", "has white space inside"},
		{"AK", "SKä", "token+/=", ""},
	} {
		env := map[string]string{"AWS_ACCESS_KEY_ID": test.id, "AWS_SECRET_ACCESS_KEY": test.secret, "AWS_SESSION_TOKEN": test.token}
		for _, store := range []*Store{
			storeWith(t, &Config{Region: "us-east-1"}, env),
			storeWith(t, &Config{Region: "us-east-1", AccessKeyID: test.id, SecretAccessKey: NewSecret(test.secret), SessionToken: NewSecret(test.token)}, nil),
		} {
			_, err := store.HeadObject(t.Context(), "bucket", "key")
			if test.want == "" {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, test.want)
			var problem *CredentialsError
			require.ErrorAs(t, err, &problem)
			_, err = store.Bucket(t.Context())
			require.ErrorContains(t, err, test.want)
		}
	}
}

func storeWith(t *testing.T, config *Config, env map[string]string) *Store {
	t.Helper()
	server := &picky{refuse: func(*http.Request, string) (int, string) { return 0, "" }}
	store, err := New(t.Context(), config, &Options{
		Endpoint: "http://127.0.0.1:1", STSEndpoint: "http://127.0.0.1:1", Transport: server,
		LookupEnv: testkit.Env(env),
	})
	require.NoError(t, err)
	store.session.providers.Services.Transport = server
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// TestCredentialsOfARole checks that the keys that ask for a role are checked too.
func TestCredentialsOfARole(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK\n", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
	writeProfile(t, env, "role_arn = arn:aws:iam::123456789012:role/role\ncredential_source = Environment\n")
	_, err := storeOf(t, env).session.providers.AssumeRole().Load(t.Context())
	require.ErrorContains(t, err, "has a line break at its end")
}
