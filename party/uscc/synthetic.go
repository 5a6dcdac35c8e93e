package uscc

// SyntheticCount is the number of different companies that Synthetic can name: 5 digits and 8 characters of the
// alphabet are free, 10^5 * 31^8, which is about 2^56.
const SyntheticCount = 100_000 * (31 * 31 * 31 * 31 * 31 * 31 * 31 * 31)

// Synthetic returns the code of made-up company number n, for demonstrations and tests. The code is valid, including the
// check character of its organisation code, and belongs to nobody: its administrative division begins with 0, and no
// division of GB/T 2260 does. Different n below SyntheticCount give different codes, in ascending order; larger n wrap
// around.
func Synthetic(n uint64) ID {
	n %= SyntheticCount
	var id ID
	copy(id.code[:], "910") // enterprise of the market regulator's register, and the leading 0 of no division
	for i := organisationStart + 7; i >= organisationStart; i-- {
		id.code[i] = alphabet[n%31]
		n /= 31
	}
	for i := organisationStart - 1; i > divisionStart; i-- {
		id.code[i] = '0' + byte(n%10)
		n /= 10
	}
	id.code[Size-2] = organisationCheck(&id.code)
	id.code[Size-1] = checkCharacter(&id.code)
	return id
}

// IsSynthetic tells whether the code lies in the range of made-up companies, so that a node in production can refuse it.
func (id ID) IsSynthetic() bool {
	return id.code[0] == '9' && id.code[1] == '1' && id.code[2] == '0'
}
