package party

// AlterTable has a bank's encrypted table altered on its way to the tax node.
func AlterTable(b *Bank, alter func([]byte)) { b.alterTable = alter }

// AlterAdmission has the digest of an admission altered that a bank goes by.
func AlterAdmission(b *Bank, alter func(*[32]byte)) { b.alterAdmission = alter }

// AlterEscrow has a bank's escrow altered before it signs it.
func AlterEscrow(b *Bank, alter func([]byte)) { b.alterEscrow = alter }
