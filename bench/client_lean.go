// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"time"
)

// leanClient shows what puts and gets cost with S3's signature (version 4) and a
// CRC32, and with nothing else: no retries, no errors told apart, no options. Over
// https the body is not signed, as with the SDKs.
type leanClient struct {
	httpClient
	key  []byte // signs a day's requests
	date string
}

func openLean(ctx context.Context, job *job) (client, error) {
	switch job.Work {
	case workPut, workGet, workCrowd:
	default:
		return nil, errUnsupported
	}
	floor, err := openHTTP(ctx, job)
	if err != nil {
		return nil, err
	}
	plain, _ := floor.(*httpClient)
	return newLean(plain, time.Now()), nil
}

func newLean(plain *httpClient, now time.Time) *leanClient {
	c := &leanClient{httpClient: *plain, date: now.UTC().Format("20060102")}
	c.key = []byte("AWS4" + secretKey)
	for _, part := range []string{c.date, region, "s3", "aws4_request"} {
		c.key = hmacOf(c.key, part)
	}
	return c
}

func hmacOf(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

var errBadChecksum = errors.New("the checksum is not the body's")

func (c *leanClient) put(ctx context.Context, bucket, key string, data []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.url(bucket, key), bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header["X-Amz-Checksum-Crc32"] = []string{crcOf(data)}
	c.sign(request, data, time.Now())
	_, err = c.send(request)
	return err
}

func (c *leanClient) get(ctx context.Context, bucket, key string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(bucket, key), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header["X-Amz-Checksum-Mode"] = []string{"ENABLED"}
	c.sign(request, nil, time.Now())
	return c.send(request)
}

// send returns the body of the answer, which must be one of success, and compares
// its checksum.
func (c *leanClient) send(request *http.Request) ([]byte, error) {
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	body := make([]byte, max(0, answer.ContentLength))
	if _, err := io.ReadFull(answer.Body, body); err != nil {
		return nil, err
	}
	if sum := answer.Header.Get("X-Amz-Checksum-Crc32"); request.Method == http.MethodGet && sum != crcOf(body) {
		return nil, errBadChecksum
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return body, err
}

func crcOf(data []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
}

// sign signs a request without a query. The headers that are signed are host and
// x-amz-*.
func (c *leanClient) sign(request *http.Request, body []byte, now time.Time) {
	at := now.UTC().Format("20060102T150405Z")
	payload := "UNSIGNED-PAYLOAD"
	if request.URL.Scheme == "http" {
		payload = hexSum(body)
	}
	request.Header["X-Amz-Date"], request.Header["X-Amz-Content-Sha256"] = []string{at}, []string{payload}
	headers := "host:" + request.URL.Host
	signed := "host"
	for _, name := range []string{"X-Amz-Checksum-Crc32", "X-Amz-Checksum-Mode", "X-Amz-Content-Sha256", "X-Amz-Date"} { // in order
		if values := request.Header[name]; values != nil {
			lower := strings.ToLower(name)
			headers += "\n" + lower + ":" + values[0]
			signed += ";" + lower
		}
	}
	canonical := request.Method + "\n" + request.URL.EscapedPath() + "\n\n" + headers + "\n\n" + signed + "\n" + payload
	scope := c.date + "/" + region + "/s3/aws4_request"
	signature := hmacOf(c.key, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hexSum([]byte(canonical)))
	request.Header["Authorization"] = []string{
		"AWS4-HMAC-SHA256 Credential=" + accessKey + "/" + scope + ", SignedHeaders=" + signed + ", Signature=" + hex.EncodeToString(signature),
	}
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
