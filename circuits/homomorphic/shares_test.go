package homomorphic

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/mhe"
	"github.com/tuneinsight/lattigo/v5/ring"
	"github.com/tuneinsight/lattigo/v5/utils/sampling"
)

// TestShares takes the shares of a real run of lattigo's multiparty protocols there and back.
func TestShares(t *testing.T) {
	for _, p := range []rlwe.Parameters{tiny(t), wide(t)} {
		sk := rlwe.NewKeyGenerator(p).GenSecretKeyNew()
		crs, err := sampling.NewKeyedPRNG([]byte("common"))
		require.NoError(t, err)
		flood := ring.DiscreteGaussian{Sigma: 3.2, Bound: 19.2}
		meta := &rlwe.MetaData{CiphertextMetaData: rlwe.CiphertextMetaData{IsNTT: p.NTTFlag()}}
		whole, half := FullGadget(p), FullGadget(p)
		half.Degree = 0

		ckg := mhe.NewPublicKeyGenProtocol(p)
		pkShare := ckg.AllocateShare()
		ckg.GenShare(sk, ckg.SampleCRP(crs), &pkShare)
		b, err := AppendPublicKeyShare(nil, p, pkShare)
		require.NoError(t, err)
		gotPK, err := ReadPublicKeyShare(p, b)
		require.NoError(t, err)
		require.True(t, pkShare.Value.Equal(&gotPK.Value))
		_, err = ReadPublicKeyShare(p, b[1:])
		require.ErrorIs(t, err, ErrEncoding)

		rkg := mhe.NewRelinearizationKeyGenProtocol(p)
		ephemeral, one, _ := rkg.AllocateShare()
		rkg.GenShareRoundOne(sk, rkg.SampleCRP(crs), ephemeral, &one)
		b, err = AppendRelinearizationShare(nil, p, whole, one)
		require.NoError(t, err)
		gotR, err := ReadRelinearizationShare(p, whole, b)
		require.NoError(t, err)
		require.True(t, one.GadgetCiphertext.Equal(&gotR.GadgetCiphertext))
		_, err = ReadRelinearizationShare(p, half, b)
		require.ErrorIs(t, err, ErrParams)

		gkg := mhe.NewGaloisKeyGenProtocol(p)
		galois := gkg.AllocateShare()
		require.NoError(t, gkg.GenShare(sk, 5, gkg.SampleCRP(crs), &galois))
		b, err = AppendGaloisShare(nil, p, half, galois)
		require.NoError(t, err)
		require.Len(t, b, GadgetBytes(p, half))
		gotG, err := ReadGaloisShare(p, half, 5, b)
		require.NoError(t, err)
		require.Equal(t, galois.GaloisElement, gotG.GaloisElement)
		require.True(t, galois.GadgetCiphertext.Equal(&gotG.GadgetCiphertext))
		for _, element := range []uint64{0, 4, uint64(p.NthRoot()) + 1} {
			_, err = ReadGaloisShare(p, half, element, b)
			require.ErrorIs(t, err, ErrParams)
		}

		kswitch, err := mhe.NewKeySwitchProtocol(p, flood)
		require.NoError(t, err)
		ks := kswitch.AllocateShare(1)
		ct := rlwe.NewCiphertext(p, 1, 1)
		ct.IsNTT = p.NTTFlag()
		kswitch.GenShare(sk, rlwe.NewSecretKey(p), ct, &ks)
		b, err = AppendKeySwitchShare(nil, p, ks)
		require.NoError(t, err)
		gotK, err := ReadKeySwitchShare(p, 1, b)
		require.NoError(t, err)
		require.True(t, p.RingQ().AtLevel(1).Equal(ks.Value, gotK.Value), "modulo Q: lattigo leaves some shares unreduced")
		_, err = ReadKeySwitchShare(p, 0, b)
		require.ErrorIs(t, err, ErrEncoding)

		pswitch, err := mhe.NewPublicKeySwitchProtocol(p, flood)
		require.NoError(t, err)
		ps := pswitch.AllocateShare(1)
		pswitch.GenShare(sk, rlwe.NewKeyGenerator(p).GenPublicKeyNew(sk), ct, &ps)
		b, err = AppendPublicKeySwitchShare(nil, p, ps)
		require.NoError(t, err)
		gotP, err := ReadPublicKeySwitchShare(p, 1, meta, b)
		require.NoError(t, err)
		for i := range ps.Value {
			require.True(t, ps.Value[i].Equal(&gotP.Value[i]))
		}
		_, err = ReadPublicKeySwitchShare(p, 1, meta, b[1:])
		require.ErrorIs(t, err, ErrEncoding)
	}
}
