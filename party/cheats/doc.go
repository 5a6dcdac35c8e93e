// Package cheats is a bank and a tax node that break their word: they speak the protocol correctly, sign what they send, and
// compute something else than they agreed to. No check of the protocol notices; audits do. It is for tests of audits and for
// showing them: nobody else has a use for it, and it is worth nothing to a cheat, who could write it in an afternoon.
package cheats
