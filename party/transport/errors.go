package transport

import "errors"

// Errors of this package; every one it returns wraps one of them, except what a stream itself returns in Read and Write.
var (
	// ErrIdentity: the peer is not the one wanted, or does not accept this node. Trying again does not help: names, pins,
	// roots or certificates have to change.
	ErrIdentity = errors.New("transport: wrong identity")

	// ErrHandshake: no connection came about: the peer speaks something else, is too slow, or went away.
	ErrHandshake = errors.New("transport: handshake failed")

	// ErrKeyFile: a key or certificate file cannot be used.
	ErrKeyFile = errors.New("transport: unusable key or certificate file")

	// ErrConfig: the caller asked for something impossible.
	ErrConfig = errors.New("transport: invalid configuration")
)
