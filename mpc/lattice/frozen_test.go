package lattice

// SHA-256 of tables and ciphertexts, by the bits of the score.
const (
	frozen9Table       = "b0945db972e02c67a446703eabfe5a39eb519ebcf4482a8cb1fc7eeaae48a6a6"
	frozen9Ciphertext  = "0f3ad1d6ac85e31346c3eaefb9f0efb67470174446f33212f21a3a39f6fb27fe"
	frozen13Table      = "9f6e3dd771d53da19d895b76ace7c1333f9e3eb04a0de8f197b2a44b92d1e414"
	frozen13Ciphertext = "c77d3033f7e5a7c3e97501096ee6c0e7246dcee8af17aeb0f73711aa227f5577"
	frozen15Table      = "bfa6a973b39346676fbf06f6cce5ac626632f179af69d56ad25e01d476d1d64b"
	frozen15Ciphertext = "277466270dd5c41eea0ec37a18e0276697dad006291b491c3e7ecc9854b75034"
)
