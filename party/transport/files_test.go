package transport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDevCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	require.NoError(t, DevCA(dir, bankName))
	before, err := LoadIdentity(DevFiles(dir, bankName))
	require.NoError(t, err)
	require.NoError(t, DevCA(dir, bankName, taxName), "a node is added, the others stay")
	bank, err := LoadIdentity(DevFiles(dir, bankName))
	require.NoError(t, err)
	require.Equal(t, before.Pin(), bank.Pin())
	tax, err := LoadIdentity(DevFiles(dir, taxName))
	require.NoError(t, err)
	roots, err := LoadRoots(DevRoots(dir))
	require.NoError(t, err)

	l, err := Listen("127.0.0.1:0", Config{Identity: tax, PeerRole: RoleBank, Peers: Peers{Roots: roots}})
	require.NoError(t, err)
	defer l.Close()
	c, err := Dial(t.Context(), l.Addr().String(), Config{Identity: bank, PeerRole: RoleTax, Peer: taxName, Peers: Peers{Roots: roots}})
	require.NoError(t, err)
	require.Equal(t, tax.Public(), c.Peer().Key)
	require.NoError(t, c.Close())

	for _, file := range []string{"ca.key", "bank-harbour.key", "tax-province.key"} {
		info, err := os.Stat(filepath.Join(dir, file))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	_, err = LoadRoots(filepath.Join(dir, "bank-harbour.pem"))
	require.ErrorIs(t, err, ErrKeyFile, "a node is no authority")
	require.ErrorIs(t, SaveKey(filepath.Join(dir, "ca.key"), bank.key), ErrKeyFile, "nothing is overwritten")
	require.NoError(t, os.Chmod(filepath.Join(dir, "ca.key"), 0o644))
	require.ErrorIs(t, DevCA(dir, bankName), ErrKeyFile)
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	id := selfSigned(t, bankName)
	key, cert := filepath.Join(dir, "key"), filepath.Join(dir, "cert")
	require.NoError(t, SaveKey(key, id.key))
	require.NoError(t, SaveCertificates(cert, id.Certificate()))
	got, err := LoadIdentity(cert, key)
	require.NoError(t, err)
	require.Equal(t, id.Pin(), got.Pin())
	require.Equal(t, bankName, got.Name())

	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o660, 0o601} {
		require.NoError(t, os.Chmod(key, mode))
		_, err = LoadIdentity(cert, key)
		require.ErrorIs(t, err, ErrKeyFile)
		require.ErrorContains(t, err, "others than the owner")
	}
	require.NoError(t, os.Chmod(key, 0o400))
	_, err = LoadIdentity(cert, key)
	require.NoError(t, err)

	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ecDER, err := x509.MarshalPKCS8PrivateKey(ec)
	require.NoError(t, err)
	good, err := os.ReadFile(key)
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "huge": bytes.Repeat([]byte{'x'}, maxFile+1),
		"P-256": pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: ecDER}), "two": append(good, good...),
		"garbage": pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: []byte("secret words")}),
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, content, 0o600))
		_, err := LoadKey(file)
		require.ErrorIs(t, err, ErrKeyFile, name)
		require.NotContains(t, err.Error(), "secret words")
		_, err = LoadIdentity(file, key)
		require.ErrorIs(t, err, ErrKeyFile, name)
		_, err = LoadRoots(file)
		require.ErrorIs(t, err, ErrKeyFile, name)
	}
	_, err = LoadKey(dir)
	require.ErrorIs(t, err, ErrKeyFile)
	_, err = LoadKey(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
	other := filepath.Join(dir, "other")
	require.NoError(t, SaveKey(other, selfSigned(t, bankName).key))
	_, err = LoadIdentity(cert, other)
	require.ErrorContains(t, err, "for another key")
}

func TestIdentityDoesNotPrint(t *testing.T) {
	id := selfSigned(t, bankName)
	ca, err := NewCA("test.example", time.Hour)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "id", id)
	out := log.String() + fmt.Sprintf("%v %+v %#v %x %s %d %q", id, id, id, id, id, id, id) + fmt.Sprintf("%v %+v %#v %x", ca, ca, ca, ca)
	require.Contains(t, out, bankName.String())
	for _, key := range []ed25519.PrivateKey{id.key, ca.key} {
		require.NotContains(t, out, hex.EncodeToString(key[:4]))
		require.NotContains(t, out, fmt.Sprint([]byte(key[:4]))[1:])
	}
	_, err = json.Marshal(id)
	require.ErrorIs(t, err, errSecret)
	require.True(t, ed25519.Verify(id.Public(), []byte("msg"), id.Sign([]byte("msg"))))
}

func TestNames(t *testing.T) {
	for _, s := range []string{"spiffe://a/bank/b", "spiffe://tax.gov.example/tax/province-1_x", "spiffe://" + strings.Repeat("a", 63) + "/tax/" + strings.Repeat("b", 48)} {
		n, err := ParseName(s)
		require.NoError(t, err, s)
		require.Equal(t, s, n.String())
		require.LessOrEqual(t, len(s), MaxName)
	}
	for _, s := range []string{
		"", "a", "spiffe://", "spiffe://a", "spiffe://a/bank", "spiffe://a/bank/", "spiffe:///bank/b", "spiffe://a/bank/b/c", "spiffe://a/Bank/b",
		"spiffe://a/hub/b", "spiffe://A/bank/b", "spiffe://a/bank/.b", "spiffe://a/bank/b?c", "spiffe://a/bank/b%20", "spiffe://a:1/bank/b",
		"spiffe://u@a/bank/b", "SPIFFE://a/bank/b", "spiffe://a/bank/é", "spiffe://" + strings.Repeat("a", 64) + "/bank/b",
		"spiffe://a/bank/" + strings.Repeat("b", 49),
	} {
		_, err := ParseName(s)
		require.ErrorIs(t, err, ErrConfig, s)
	}
	_, err := NewName("a", 0, "b")
	require.ErrorIs(t, err, ErrConfig)
}

func TestPins(t *testing.T) {
	// The public key of RFC 8410, section 10.1; the hash, by another program, of its twelve bytes of header and itself.
	pub, err := hex.DecodeString("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1")
	require.NoError(t, err)
	p, err := PinOf(pub)
	require.NoError(t, err)
	require.Equal(t, "blindscore1:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", p.String())
	back, err := ParsePin(p.String())
	require.NoError(t, err)
	require.Equal(t, p, back)
	_, err = PinOf(pub[1:])
	require.ErrorIs(t, err, ErrConfig)
	s := p.String()
	for _, bad := range []string{"", s[1:], s[:len(s)-1], s + "0", s[:12] + strings.ToUpper(s[12:]), "blindscore2" + s[11:], s[:len(s)-1] + "g", " " + s} {
		_, err := ParsePin(bad)
		require.ErrorIs(t, err, ErrConfig, bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("spiffe://a/bank/b")
	f.Add("blindscore1:" + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseName(s); err == nil && n.String() != s {
			t.Fatalf("name %q reads as %q", s, n)
		}
		if p, err := ParsePin(s); err == nil && p.String() != s {
			t.Fatalf("pin %q reads as %q", s, p)
		}
	})
}
