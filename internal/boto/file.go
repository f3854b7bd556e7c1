package boto

// MaxFile bounds the files of tokens and keys, in bytes.
const MaxFile = 1 << 20
