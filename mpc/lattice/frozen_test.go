package lattice

// SHA-256 of tables and ciphertexts, by the bits of the score.
const (
	frozen9Table       = ""
	frozen9Ciphertext  = ""
	frozen13Table      = ""
	frozen13Ciphertext = ""
	frozen15Table      = ""
	frozen15Ciphertext = ""
)
