// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
)

type doctorCommand struct {
	storageFlags
	Offline bool   `help:"Send no request, neither to S3 nor to a service that gives credentials."`
	Bucket  string `placeholder:"NAME" help:"Also show the URL and the headers that a put into this bucket would have."`
	Key     string `short:"k" default:"key" help:"The key of that put."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// A diagnosis is what "doctor --json" prints.
type diagnosis struct {
	ConfigSource string               `json:"config_source"`
	Region       string               `json:"region"`
	RegionSource string               `json:"region_source"`
	Credentials  credentialsDiagnosis `json:"credentials"`
	Endpoint     endpointDiagnosis    `json:"endpoint"`
	Put          *putDiagnosis        `json:"put,omitempty"`
	Storage      *storageDiagnosis    `json:"storage,omitempty"`
	ClockSkewS   float64              `json:"clock_skew_s"` // how far this machine's clock is ahead of the server's
	Warnings     []string             `json:"warnings"`
	Error        *errorDiagnosis      `json:"error"`
}

type credentialsDiagnosis struct {
	AccessKeyID     string           `json:"access_key_id"`
	Source          string           `json:"source"`
	Profile         string           `json:"profile"`
	HasSessionToken bool             `json:"has_session_token"`
	Expires         *time.Time       `json:"expires"`
	Tried           []triedDiagnosis `json:"tried"`
}

type triedDiagnosis struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

type endpointDiagnosis struct {
	S3         string `json:"s3"`
	S3Source   string `json:"s3_source"`
	STS        string `json:"sts"`
	STSSource  string `json:"sts_source"`
	Addressing string `json:"addressing"`
}

type putDiagnosis struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

type storageDiagnosis struct {
	Bucket        string `json:"bucket"`
	Exists        bool   `json:"exists"`
	Permitted     bool   `json:"permitted"`
	Region        string `json:"region"`
	Owner         string `json:"owner"`          // the account, "another account" or "unknown"
	OwnerUnknown  string `json:"owner_unknown"`  // why
	OwnerDemanded bool   `json:"owner_demanded"` // with each request
	PublicAccess  string `json:"public_access"`  // "blocked", "public", "not blocked" or "unknown"
	// Conditions and PartConditions are "kept", "ignored" or "unknown", for puts and for
	// multipart uploads. AWS's are kept, and not tried.
	Conditions     string  `json:"conditional_writes"`
	PartConditions string  `json:"conditional_multipart_uploads"`
	RoundTripMS    float64 `json:"round_trip_ms"`
	ClockSkewS     float64 `json:"clock_skew_s"`
}

type errorDiagnosis struct {
	Kind    string `json:"kind"`            // botocore's exception, or S3's code
	Cause   string `json:"cause,omitempty"` // in words
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

// Run walks from the configuration to the bucket and reports how far it came.
func (c *doctorCommand) Run(t *terminal) error {
	d := &diagnosis{Warnings: []string{}}
	err := c.examine(t, d)
	if err != nil {
		d.Error = d.describe(err)
	}
	if c.JSON {
		if printErr := t.printJSON(d); printErr != nil {
			return printErr
		}
	} else if printErr := d.print(t); printErr != nil {
		return printErr
	}
	if err != nil {
		return reportedError{err}
	}
	return nil
}

// reportedError has been printed as part of a report.
type reportedError struct{ error }

// Unwrap keeps the exit code's reasons.
func (e reportedError) Unwrap() error { return e.error }

func (c *doctorCommand) examine(t *terminal, d *diagnosis) error {
	ctx := t.ctx
	config, err := c.loader().Load()
	if err != nil {
		return err
	}
	d.ConfigSource, d.Warnings = config.Source, append(d.Warnings, config.Warnings...)
	store, err := c.quietly(t, lithopss3.Options{Offline: c.Offline})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	identity, err := store.Identity(ctx)
	d.fill(identity)
	if errors.Is(err, lithopss3.ErrOffline) {
		d.Warnings = append(d.Warnings, "the credentials come from a service that is not asked offline: "+err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if c.Bucket != "" {
		url, header, err := store.PutRequest(ctx, c.Bucket, c.Key)
		if err != nil {
			return err
		}
		d.Put = &putDiagnosis{URL: url, Headers: flatten(header)}
	}
	if c.Offline {
		return nil
	}
	err = d.examineStorage(ctx, store)
	d.examineClock(store) // also if the storage is not usable
	return err
}

// examineClock compares this machine's clock with the server's, as far as its
// answers tell.
func (d *diagnosis) examineClock(store *lithopss3.Store) {
	skew := time.Until(store.ServerTime()).Round(time.Second)
	d.ClockSkewS = -skew.Seconds()
	if skew.Abs() > maxSkew {
		d.Warnings = append(d.Warnings, fmt.Sprintf("this machine's clock is off by %.0f s: requests are signed with the server's time, but other programs fail from 15 minutes on", d.ClockSkewS))
	}
}

func flatten(header http.Header) map[string]string {
	flat := map[string]string{}
	for name, values := range header {
		flat[name] = strings.Join(values, ", ")
	}
	return flat
}

func (d *diagnosis) fill(identity *lithopss3.Identity) {
	d.Warnings = append(d.Warnings, identity.Warnings...)
	d.Region, d.RegionSource = identity.Region, identity.RegionSource
	d.Credentials = credentialsDiagnosis{
		AccessKeyID: identity.AccessKeyID, Source: identity.Source, Profile: identity.Profile,
		HasSessionToken: identity.HasSessionToken, Tried: []triedDiagnosis{},
	}
	if !identity.Expires.IsZero() {
		expires := identity.Expires.UTC() // a credential process may have another zone
		d.Credentials.Expires = &expires
	}
	for _, tried := range identity.Tried {
		d.Credentials.Tried = append(d.Credentials.Tried, triedDiagnosis(tried))
	}
	e := identity.Endpoints
	d.Endpoint = endpointDiagnosis{S3: e.S3, S3Source: e.S3Source, STS: e.STS, STSSource: e.STSSource, Addressing: e.Addressing}
}

func (d *diagnosis) examineStorage(ctx context.Context, store *lithopss3.Store) error {
	bucket, err := store.Bucket(ctx)
	if err != nil {
		return err
	}
	d.Storage = &storageDiagnosis{Bucket: bucket, Owner: "unknown", PublicAccess: "unknown", Conditions: conditionsUnknown, PartConditions: conditionsUnknown}
	status, err := store.BucketStatus(ctx, bucket)
	if errors.Is(err, fs.ErrNotExist) {
		d.Warnings = append(d.Warnings, "the bucket does not exist yet: lithops-s3 bucket --create")
		return nil
	}
	d.Storage.Exists = err == nil || errors.Is(err, fs.ErrPermission)
	if err != nil {
		return explainRefusal(ctx, store, bucket, err)
	}
	d.Storage.Permitted, d.Storage.Region = true, status.Region
	d.Storage.RoundTripMS = float64(status.RoundTrip.Microseconds()) / 1000
	d.Storage.ClockSkewS = status.ClockSkew.Seconds()
	d.Storage.PublicAccess = publicAccess(status)
	d.Storage.Owner, d.Storage.OwnerUnknown, d.Storage.OwnerDemanded = status.Owner, status.OwnerUnknown, status.OwnerDemanded
	switch {
	case status.Foreign:
		d.Storage.Owner = "another account"
	case status.Owner == "":
		d.Storage.Owner = "unknown"
	}
	d.examineConditions(ctx, store, status.Foreign)
	d.warnOfStorage(store)
	return nil
}

// explainRefusal asks again with a request whose answer has a body, because that of a
// HEAD does not say why it was refused. A lack of permission is told as it was.
func explainRefusal(ctx context.Context, store *lithopss3.Store, bucket string, err error) error {
	var failure *lithopss3.Error
	if !errors.As(err, &failure) || failure.StatusCode < 300 {
		return err
	}
	for _, explained := range store.ListObjects(ctx, bucket, &lithopss3.ListOptions{PageSize: 1}) {
		if code := errorCode(explained); code != "" && code != "AccessDenied" {
			return explained
		}
		break
	}
	return err
}

// maxSkew is where AWS stops to accept signatures.
const maxSkew = 15 * time.Minute

func (d *diagnosis) warnOfStorage(store *lithopss3.Store) {
	if d.Storage.Region != "" && d.Storage.Region != store.Region() {
		d.Warnings = append(d.Warnings, fmt.Sprintf("the bucket is in %s, the configuration says %s: each first request takes a detour", d.Storage.Region, store.Region()))
	}
	if d.Storage.Conditions == conditionsIgnored {
		d.Warnings = append(d.Warnings, "the server ignores the conditions of a put (--if-absent, IfAbsent, IfMatch): two writers can't exclude each other with them")
	} else if d.Storage.PartConditions == conditionsIgnored {
		d.Warnings = append(d.Warnings, "the server ignores the conditions of multipart uploads (--if-absent, IfAbsent, IfMatch): two writers can exclude each other with bodies of up to 5 MiB only")
	}
	d.warnOfOthers()
}

// warnOfOthers tells who else may read or write the bucket, or may for all that is known.
func (d *diagnosis) warnOfOthers() {
	isAWS := d.Endpoint.S3Source == "" || awsconfig.IsAWS(d.Endpoint.S3)
	const danger = "to read what you store and to leave pickles that Python would run"
	warn := func(text string) { d.Warnings = append(d.Warnings, text) }
	switch d.Storage.PublicAccess {
	case "public":
		warn("the bucket is public: anyone may use it, by its policy or its access control list, " + danger + blockAdvice(isAWS))
	case "not blocked":
		warn("public access to the bucket is not blocked" + blockAdvice(isAWS))
	}
	switch d.Storage.Owner {
	case "another account":
		warn("the bucket is another account's, which can use it " + danger + ": if that is not meant, set aws_s3.storage_bucket to a bucket of your own")
	case "unknown":
		warn("whose the bucket is can't be known (" + d.Storage.OwnerUnknown + "), so no request demands its owner")
	}
}

// blockAdvice says how public access is blocked. Servers other than AWS's have their own
// ways, and many don't know AWS's.
func blockAdvice(isAWS bool) string {
	if isAWS {
		return ": aws s3api put-public-access-block"
	}
	return ", as far as this server tells; its own settings decide"
}

// describe says what kind an error is of, with what to do about it. The sources of
// credentials that did not apply are in the report already.
func (d *diagnosis) describe(err error) *errorDiagnosis {
	report := &errorDiagnosis{Kind: kindOf(err), Message: withoutTried(err)}
	found := findCause(err)
	if found == nil {
		return report
	}
	report.Cause = found.words
	if report.Kind == "Error" && found.kind != "" {
		report.Kind = found.kind
	}
	source := d.Endpoint.S3Source
	if d.isOfSTS(err) {
		source = d.Endpoint.STSSource
	}
	report.Fix = strings.ReplaceAll(found.fix, "ENDPOINT", orElse(source, "the endpoint's settings"))
	return report
}

// isOfSTS reports whether STS failed and not S3, which may have the same address or one that
// begins with STS's.
func (d *diagnosis) isOfSTS(err error) bool {
	var failed *lithopss3.Error
	if errors.As(err, &failed) && failed.Op == "GetCallerIdentity" {
		return true
	}
	var credentials *lithopss3.CredentialsError
	return errors.As(err, &credentials) && d.Endpoint.STS != "" && strings.Contains(err.Error(), d.Endpoint.STS)
}

// kindOf returns the name of botocore's exception for an error, or S3's code.
func kindOf(err error) string {
	var config *lithopss3.ConfigError
	var failure *lithopss3.Error
	switch {
	case errorKind(err) != "":
		return errorKind(err)
	case errors.As(err, &config) && strings.HasSuffix(config.Key, "region"):
		return "InvalidRegionError"
	case errors.As(err, &config):
		return "ConfigError"
	case errors.Is(err, lithopss3.ErrInvalidBucketName), errors.Is(err, lithopss3.ErrInvalidKey):
		return "ParamValidationError"
	case errors.Is(err, lithopss3.ErrNoConfiguration):
		return "NoConfiguration"
	case errors.Is(err, lithopss3.ErrNotOwner):
		return "NotOwner"
	case errors.As(err, &failure) && failure.Code != "":
		return failure.Code
	}
	return "Error"
}
