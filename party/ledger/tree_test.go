package ledger_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
)

// TestTree compares roots with the test vectors of Certificate Transparency (leaves and roots of its reference
// implementation), and checks that every tree begins every later one and no other.
func TestTree(t *testing.T) {
	leaves := []string{
		"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
	}
	want := []string{
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tree ledger.Tree
	root, err := tree.Root()
	require.NoError(t, err)
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hex.EncodeToString(root[:]))
	for i, s := range leaves {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		_, err = tree.Append(ledger.RawLeaf(b))
		require.NoError(t, err)
		root, err := tree.Root()
		require.NoError(t, err)
		require.Equal(t, want[i], hex.EncodeToString(root[:]))
		require.EqualValues(t, i+1, tree.Size())
	}
}

func TestProofBounds(t *testing.T) {
	var h, empty ledger.Hash
	root, err := new(ledger.Tree).Root()
	require.NoError(t, err)
	for i, err := range []error{
		ledger.CheckInclusion(nil, 0, h, 0, nil),
		ledger.CheckInclusion(nil, ledger.MaxSize+1, h, 0, nil),
		ledger.CheckInclusion(nil, 1<<63, h, 1<<63-1, nil),
		ledger.CheckInclusion(make([]ledger.Hash, 65), 4, h, 0, nil),
		ledger.CheckInclusion(nil, 4, h, 4, nil),
		ledger.CheckConsistency(nil, 2, h, 1, h),
		ledger.CheckConsistency(nil, 0, empty, 1, h),
		ledger.CheckConsistency([]ledger.Hash{h}, 0, root, 1, h),
		ledger.CheckConsistency(nil, 2, h, 2, root),
		ledger.CheckConsistency(nil, 1, h, 1<<63, h),
		ledger.CheckConsistency(nil, 1, h, 2, h),
		ledger.CheckConsistency(make([]ledger.Hash, 65), 1, h, 2, h),
	} {
		require.ErrorIs(t, err, ledger.ErrHistory, "%d", i)
	}
	require.NoError(t, ledger.CheckConsistency(nil, 0, root, 5, h))
	require.NoError(t, ledger.CheckConsistency(nil, 5, h, 5, h))
}
