package ledger_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/blindscore/blindscore/party/ledger"
	"github.com/blindscore/blindscore/party/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T, w *ledgertest.World) ledger.Ledger {
		l, err := ledger.NewMemory(w.Config)
		require.NoError(t, err)
		return l
	})
}

func TestFile(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T, w *ledgertest.World) ledger.Ledger {
		l, err := ledger.CreateFile(filepath.Join(t.TempDir(), "ledger.db"), w.Config)
		require.NoError(t, err)
		return l
	})
}
