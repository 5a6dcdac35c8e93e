package group

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// RFC 9496 appendix A.1.
var multiples = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
	"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
	"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
	"da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
	"e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
	"f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
	"44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
	"903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
	"02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
	"20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
	"bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
	"e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
	"aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
	"46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
	"e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e",
}

func TestMultiplesOfTheGenerator(t *testing.T) {
	base := new(Point).Base()
	sum := NewPoint()
	for i, want := range multiples {
		p, err := DecodePoint(unhex(t, want))
		require.NoError(t, err)
		require.Equal(t, want, p.String())
		require.Equal(t, want, sum.String())
		k := new(Scalar).SetUint64(uint64(i))
		require.Equal(t, want, new(Point).Mul(k, nil).String())
		require.Equal(t, want, new(Point).Mul(k, base).String())
		require.Equal(t, want, new(Point).VarTimeMulSmall(uint32(i), base.(*Point)).String())
		require.True(t, p.Equal(sum))
		require.Equal(t, i == 0, p.IsIdentity())
		sum.Add(sum, base)
	}
}

// RFC 9496 appendix A.2.
var badEncodings = []string{
	"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
	"c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
	"c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
	"47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
	"f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
	"87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
	"26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
	"4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
	"de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
	"bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
	"2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
	"f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
	"8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
	"2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
	"3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
	"a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
	"d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
	"8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
	"32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
	"227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
	"5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
	"445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func TestBadEncodings(t *testing.T) {
	for _, s := range badEncodings {
		p := new(Point).Base().(*Point)
		require.ErrorIs(t, p.UnmarshalBinary(unhex(t, s)), ErrEncoding, s)
		require.Equal(t, multiples[1], p.String(), "the receiver must not change")
		_, err := DecodePoint(unhex(t, s))
		require.ErrorIs(t, err, ErrEncoding)
	}
	for _, n := range []int{0, 1, 31, 33, 64} {
		_, err := DecodePoint(make([]byte, n))
		require.ErrorIs(t, err, ErrEncoding)
		_, err = DecodeScalar(make([]byte, n))
		require.ErrorIs(t, err, ErrEncoding)
	}
}

// RFC 9496 appendix A.3: the derivation from the hash of a text, and the map on
// inputs that are equal after masking and reduction.
func TestOneWayMap(t *testing.T) {
	for _, v := range []struct{ text, want string }{
		{"Ristretto is traditionally a short shot of espresso coffee", "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"},
		{"made with the normal amount of ground coffee but extracted with", "f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b"},
		{"about half the amount of water in the same amount of time", "006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826"},
		{"by using a finer grind.", "f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a"},
		{"This produces a concentrated shot of coffee per volume.", "ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179"},
		{"Just pulling a normal shot short will produce a weaker shot", "e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628"},
		{"and is not a Ristretto as some believe.", "80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065"},
	} {
		b := sha512.Sum512([]byte(v.text))
		require.Equal(t, v.want, new(Point).SetUniform(&b).String())
	}
	zeros, ones := strings.Repeat("00", 30), strings.Repeat("ff", 30)
	for _, in := range []string{
		"ed" + ones + "ff" + "12" + zeros + "00",
		"ed" + ones + "7f" + "ff" + ones + "ff",
		"00" + zeros + "80" + "ff" + ones + "7f",
		"00" + zeros + "00" + "12" + zeros + "80",
	} {
		b := [UniformSize]byte(unhex(t, in))
		require.Equal(t, "304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f",
			new(Point).SetUniform(&b).String())
	}
}

// RFC 9380 appendix K.3.
func TestExpandMessage(t *testing.T) {
	const dst = "QUUX-V01-CS02-with-expander-SHA512-256"
	for _, v := range []struct{ msg, want string }{
		{"", "6b9a7312411d92f921c6f68ca0b6380730a1a4d982c507211a90964c394179ba"},
		{"abc", "0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc"},
		{"abcdef0123456789", "087e45a86e2939ee8b91100af1583c4938e0f5fc6c9db4b107b83346bc967f58"},
		{"q128_" + strings.Repeat("q", 128), "7336234ee9983902440f6bc35b348352013becd88938d2afec44311caf8356b3"},
		{"a512_" + strings.Repeat("a", 512), "57b5f7e766d5be68a6bfe1768e3c2b7f1228b3e4b3134956dd73a59b954c66f4"},
		{"", "41b037d1734a5f8df225dd8c7de38f851efdb45c372887be655212d07251b921b052b62eaed99b46f72f2ef4cc96bfaf254ebbbec091e1a3b9e4fb5e5b619d2e0c5414800a1d882b62bb5cd1778f098b8eb6cb399d5d9d18f5d5842cf5d13d7eb00a7cff859b605da678b318bd0e65ebff70bec88c753b159a805d2c89c55961"},
		{"abc", "7f1dddd13c08b543f2e2037b14cefb255b44c83cc397c1786d975653e36a6b11bdd7732d8b38adb4a0edc26a0cef4bb45217135456e58fbca1703cd6032cb1347ee720b87972d63fbf232587043ed2901bce7f22610c0419751c065922b488431851041310ad659e4b23520e1772ab29dcdeb2002222a363f0c2b1c972b3efe1"},
	} {
		out := make([]byte, len(v.want)/2)
		require.True(t, expand(out, dst, []byte(v.msg)))
		require.Equal(t, v.want, hex.EncodeToString(out))
	}
	require.False(t, expand(make([]byte, 64), "", nil), "RFC 9380 section 3.1: no empty DST")
	require.False(t, expand(nil, dst, nil))
	require.False(t, expand(make([]byte, 255*64+1), dst, nil))
	require.True(t, expand(make([]byte, 255*64), dst, nil))
}

// RFC 9497 appendix A.1.1 exercises both hashes: BlindedElement = Blind *
// HashToGroup(Input), EvaluationElement = skSm * BlindedElement, and skSm
// itself is a HashToScalar.
func TestOPRFVectors(t *testing.T) {
	const context = "OPRFV1-\x00-ristretto255-SHA512"
	seed := bytes.Repeat([]byte{0xa3}, 32)
	info := "test key"
	input := append(append(seed, 0, byte(len(info))), info...)
	key := scalarFromMessage("DeriveKeyPair"+context, append(input, 0))
	enc, err := key.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, "5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e", hex.EncodeToString(enc))

	blind, err := DecodeScalar(unhex(t, "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"))
	require.NoError(t, err)
	for _, v := range []struct{ input, blinded, evaluated string }{
		{
			"00",
			"609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c",
			"7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e",
		},
		{
			strings.Repeat("5a", 17),
			"da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
			"b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
		},
	} {
		p := pointFromMessage("HashToGroup-"+context, unhex(t, v.input))
		p.Mul(blind, p)
		require.Equal(t, v.blinded, p.String())
		p.Mul(key, p)
		require.Equal(t, v.evaluated, p.String())
	}
}
