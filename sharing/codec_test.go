package sharing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// encoder is what every travelling type offers.
type encoder interface{ Encode() []byte }

// format is one encoding: a decoder, and a value made from fixed randomness.
type format struct {
	decode func([]byte) (encoder, error)
	sample func(testing.TB) encoder
	vector string // the encoding of the sample, or its SHA-256 where it is long
}

func decoder[T encoder](decode func([]byte) (T, error)) func([]byte) (encoder, error) {
	return func(b []byte) (encoder, error) {
		v, err := decode(b)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

func formats() map[string]format {
	feldman := func(t testing.TB) (*Commitment, []*Share) {
		c, s, err := FeldmanSplit(scalar("frozen"), params(t, 2, 3), deterministic(70))
		require.NoError(t, err)
		return c, s
	}
	pedersen := func(t testing.TB) (*PedersenCommitment, []*PedersenShare) {
		c, s, err := PedersenSplit(scalar("frozen"), params(t, 2, 3), deterministic(71))
		require.NoError(t, err)
		return c, s
	}
	return map[string]format{
		"Vector": {decoder(DecodeVector), func(t testing.TB) encoder {
			v, err := NewVector(ring(t, 10, 2), 1, 2, 3, []uint32{0, 1, 0xabc, 0xfff})
			require.NoError(t, err)
			return v
		}, "425301010a0201020000000300000004000000010abc0fff"},
		"Share": {decoder(DecodeShare), func(t testing.TB) encoder {
			_, s := feldman(t)
			return s[2]
		}, "4253020100037269260c45cbbbfbdd657bc1017de1cb99e45011604d4db40c5bff050cd30d0c"},
		"Commitment": {decoder(DecodeCommitment), func(t testing.TB) encoder {
			c, _ := feldman(t)
			return c
		}, "425304010002000318239c094e67bb4a66dcce9590c49f713cf39f6d4f3017d38413721eda601f2b0e209d5a72000a22f18158c682318a212cd5734757159436ed5ed8f548a5c252"},
		"PedersenShare": {decoder(DecodePedersenShare), func(t testing.TB) encoder {
			_, s := pedersen(t)
			return s[2]
		}, "42530301000364addd36154dd2e21ee9e1aebf496e14392455164399e7c0675ce052c8f0ad0f5a58a9d41eef85ba40d9c971b27be2f461b7e4edd222b70c8f94964917b10409"},
		"PedersenCommitment": {decoder(DecodePedersenCommitment), func(t testing.TB) encoder {
			c, _ := pedersen(t)
			return c
		}, "4253050100020003ccbbaf2460aa5bffab02a0b7efa371570fa26adcb562081215e529aa10af1a3aa207bb536cbf800745fd509e33b67e0d642efee019d4d3e607691884470d2b30"},
		"Dealing": {decoder(DecodeDealing), func(t testing.TB) encoder {
			c, s := feldman(t)
			d, _, err := c.Reshare(s[1], params(t, 1, 4), deterministic(72))
			require.NoError(t, err)
			return d
		}, "4253060100020001000424973a9845ae70c582ce6db471c3218b6414a475799254085d0b534517c3c92a"},
		"AuditorKey": {decoder(DecodeAuditorKey), func(t testing.TB) encoder {
			keys, _ := auditors(t, 1, 1, 1)
			return keys[0]
		}, "42530701b33a0e5c8ee057a965bf5dce83570cf0d8378aba2e14bfb7e171b44d864f5501"},
		"AuditorPublicKey": {decoder(DecodeAuditorPublicKey), func(t testing.TB) encoder {
			keys, _ := auditors(t, 1, 1, 1)
			return keys[0].Public()
		}, "425308016e61ced8bab5fde1053863caf2c2f3ec5bc94fea1f4298aebc21b0d0c83b5a1b"},
		"Escrow": {decoder(DecodeEscrow), func(t testing.TB) encoder {
			v, _, _, _ := escrowed(t, 2, 3, 73)
			return v.Escrow()
		}, "a3de1af37e05daa2d19632fd5138e1d005fbdb50f8d00cfb54140b747d8f3e7d"},
		"Opening": {decoder(DecodeOpening), func(t testing.TB) encoder {
			_, openings, _, _ := escrowed(t, 2, 3, 73)
			return openings[2]
		}, "42530a0100036cd90a9027725a13d83a55e5a5b1245316d8fb6dbb1df74efa4bba09ee979b656a61e2bb5a5d7421d184d048cddbd4c6ba09166a7b5138e561a14d6c0f2501777329465e1c59ad743a89bceb5ac916c4241774e433e602649a1439afb24b5d03447167c76e82912c402a72adf1ae6ebeb2a4859d25e53d78073eac0679e5c004"},
	}
}

func TestFrozenEncodings(t *testing.T) {
	for name, f := range formats() {
		b := f.sample(t).Encode()
		got := hex.EncodeToString(b)
		if len(b) > 140 {
			h := sha256.Sum256(b)
			got = hex.EncodeToString(h[:])
		}
		require.Equal(t, f.vector, got, name)
		v, err := f.decode(b)
		require.NoError(t, err, name)
		require.Equal(t, b, v.Encode(), name)
	}
}

func TestEncodedSizes(t *testing.T) {
	want := map[string]int{
		"Share": 38, "Commitment": 8 + 32*2, "PedersenShare": 70, "PedersenCommitment": 8 + 32*2, "Dealing": 10 + 32,
		"AuditorKey": 36, "AuditorPublicKey": 36, "Escrow": 88 + 32*2 + 96*3, "Opening": 134, "Vector": 16 + 2*4,
	}
	for name, f := range formats() {
		b := f.sample(t).Encode()
		require.Len(t, b, want[name], name)
		require.Equal(t, len(b), cap(b), "%s is allocated once", name)
	}
}

// Any change of a byte, any cut and any tail is refused or is the encoding of
// something else: there are never two encodings of one value.
func TestEncodingsAreCanonical(t *testing.T) {
	for name, f := range formats() {
		b := f.sample(t).Encode()
		for n := range b {
			_, err := f.decode(b[:n])
			require.ErrorIs(t, err, ErrEncoding, "%s cut to %d", name, n)
		}
		_, err := f.decode(append(bytes.Clone(b), 0))
		require.ErrorIs(t, err, ErrEncoding, name)
		for i := range b {
			for _, flip := range []byte{1, 0x80, 0xff} {
				c := bytes.Clone(b)
				c[i] ^= flip
				v, err := f.decode(c)
				if i < headerSize {
					require.ErrorIs(t, err, ErrEncoding, name)
				}
				if err != nil {
					require.ErrorIs(t, err, ErrEncoding, name)
					continue
				}
				require.Equal(t, c, v.Encode(), "%s, byte %d", name, i)
			}
		}
	}
	for name, f := range formats() {
		for other, g := range formats() {
			if name != other {
				_, err := f.decode(g.sample(t).Encode())
				require.ErrorIs(t, err, ErrEncoding, "%s read as %s", other, name)
			}
		}
	}
}

func TestDecodersRefuseBadValues(t *testing.T) {
	zeros := make([]byte, 64)
	at := func(k kind, rest ...byte) []byte { return append(header(k, 0), rest...) }
	for name, c := range map[string]struct {
		b      []byte
		decode func([]byte) (encoder, error)
	}{
		"index 0":               {append(at(kindShare, 0, 0), zeros[:32]...), decoder(DecodeShare)},
		"index 1025":            {append(at(kindShare, 4, 1), zeros[:32]...), decoder(DecodeShare)},
		"t = 0":                 {at(kindCommitment, 0, 0, 0, 1), decoder(DecodeCommitment)},
		"t > n":                 {append(at(kindCommitment, 0, 2, 0, 1), zeros...), decoder(DecodeCommitment)},
		"n too large":           {append(at(kindCommitment, 0, 1, 4, 1), zeros[:32]...), decoder(DecodeCommitment)},
		"zero key":              {append(at(kindAuditorKey), zeros[:32]...), decoder(DecodeAuditorKey)},
		"identity key":          {append(at(kindAuditorPublicKey), zeros[:32]...), decoder(DecodeAuditorPublicKey)},
		"hostile vector length": {at(kindVector, 32, 0, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), decoder(DecodeVector)},
		"zero ring":             {at(kindVector, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0), decoder(DecodeVector)},
		"party 2 of 2":          {at(kindVector, 8, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0), decoder(DecodeVector)},
		"noise without guard":   {at(kindVector, 8, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0), decoder(DecodeVector)},
		"word above the ring":   {at(kindVector, 7, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0x80), decoder(DecodeVector)},
		"hostile escrow sizes":  {append(at(kindEscrow, 4, 0, 4, 0), make([]byte, 80)...), decoder(DecodeEscrow)},
	} {
		_, err := c.decode(c.b)
		require.ErrorIs(t, err, ErrEncoding, name)
		allocs := testing.AllocsPerRun(1, func() { _, _ = c.decode(c.b) })
		require.Less(t, allocs, 100.0, name)
	}
}

func fuzz(f *testing.F, name string) {
	format := formats()[name]
	b := format.sample(f).Encode()
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add(b[:headerSize])
	f.Add(append(bytes.Clone(b[:headerSize]), 0xff, 0xff, 0xff, 0xff))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := format.decode(b)
		if err != nil {
			if !errors.Is(err, ErrEncoding) {
				t.Fatal(err)
			}
			return
		}
		require.Equal(t, b, v.Encode())
	})
}

func FuzzDecodeVector(f *testing.F)             { fuzz(f, "Vector") }
func FuzzDecodeShare(f *testing.F)              { fuzz(f, "Share") }
func FuzzDecodeCommitment(f *testing.F)         { fuzz(f, "Commitment") }
func FuzzDecodePedersenShare(f *testing.F)      { fuzz(f, "PedersenShare") }
func FuzzDecodePedersenCommitment(f *testing.F) { fuzz(f, "PedersenCommitment") }
func FuzzDecodeDealing(f *testing.F)            { fuzz(f, "Dealing") }
func FuzzDecodeAuditorKey(f *testing.F)         { fuzz(f, "AuditorKey") }
func FuzzDecodeAuditorPublicKey(f *testing.F)   { fuzz(f, "AuditorPublicKey") }
func FuzzDecodeOpening(f *testing.F)            { fuzz(f, "Opening") }

// FuzzEscrow goes on to verify what it decodes: only the seed itself may pass.
func FuzzEscrow(f *testing.F) {
	v, _, _, terms := escrowed(f, 2, 3, 73)
	b := v.Escrow().Encode()
	for _, i := range []int{0, 5, 8, 40, 90, 150, 152, 190, len(b) - 1} {
		c := bytes.Clone(b)
		c[i] ^= 2
		f.Add(c)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Fuzz(func(t *testing.T, c []byte) {
		e, err := DecodeEscrow(c)
		if err != nil {
			require.ErrorIs(t, err, ErrEncoding)
			return
		}
		require.Equal(t, c, e.Encode())
		if _, err = e.Verify(terms); err == nil && !bytes.Equal(b, c) {
			t.Fatal("a changed escrow verifies")
		}
	})
}
