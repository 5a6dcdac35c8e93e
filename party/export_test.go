package party

// AlterTable has a bank's encrypted table altered on its way to the tax node.
func AlterTable(b *Bank, alter func([]byte)) { b.alterTable = alter }
