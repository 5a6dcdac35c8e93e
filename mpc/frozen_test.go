package mpc_test

// Computed with other implementations of HMAC-SHA256 and AES-128.
const (
	frozenChild      = "e7cdac6f77ae98b70be2c87c26659b2766b5aa671ff498d4c0975cc09860cfb5"
	frozenCommitment = "60fc7ab3d90717e7a54f851a2a18d0b45b4219d0a5412884120a525761b6ee51"
	frozenStream     = "19173d263eb35faa11d69b51dc4b18abfbc1eb32b56c7786647ae03b437cd254dbf9c3ff3da9db46"
)
