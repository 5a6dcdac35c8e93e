package uscc

// alphabet holds the characters of GB 32100-2015 in the order of their values 0 to 30.
const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// Offsets in a code: the division is positions 3 to 8, the organisation code positions 9 to 17.
const (
	divisionStart     = 2
	organisationStart = 8
)

// none marks bytes outside the alphabet.
const none = 0xff

// values maps a byte to its value in the alphabet, or none.
var values = func() (t [256]byte) {
	for i := range t {
		t[i] = none
	}
	for v := range len(alphabet) {
		t[alphabet[v]] = byte(v)
	}
	return t
}()

// checkCharacter computes C18 of GB 32100-2015 over positions 1 to 17:
// C18 = 31 - sum(C_i * W_i) mod 31 with W_i = 3^(i-1) mod 31, and 31 counts as 0.
func checkCharacter(code *[Size]byte) byte {
	sum, weight := 0, 1
	for _, c := range code[:Size-1] {
		sum += int(values[c]) * weight
		weight = weight * 3 % 31
	}
	return alphabet[(31-sum%31)%31]
}

// organisationWeights are W_1 to W_8 of GB 11714-1997.
var organisationWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// organisationCheck computes C9 of GB 11714-1997 over positions 9 to 16 of the code:
// C9 = 11 - sum(C_i * W_i) mod 11, where 10 is written X and 11 is written 0.
// That standard numbers all 26 letters, A = 10 to Z = 35, which is not the numbering of GB 32100-2015.
func organisationCheck(code *[Size]byte) byte {
	sum := 0
	for i, w := range organisationWeights {
		c := code[organisationStart+i]
		if c >= 'A' {
			sum += (int(c-'A') + 10) * w
		} else {
			sum += int(c-'0') * w
		}
	}
	switch check := 11 - sum%11; check {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return '0' + byte(check)
	}
}
