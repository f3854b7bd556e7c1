package boto

import (
	"fmt"
	"io"
	"os"
)

// MaxFile bounds the files of tokens and keys, in bytes.
const MaxFile = 1 << 20

// ReadFile reads a file of at most limit bytes, whatever it is: a device may not end.
func ReadFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, nil
}
