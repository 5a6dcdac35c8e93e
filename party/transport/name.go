package transport

import (
	"fmt"
	"strings"
)

// Role is what a node does.
type Role uint8

// The roles; the zero value is invalid.
const (
	RoleBank Role = iota + 1
	RoleTax
	RoleRegulator // and whoever runs a ledger or a witness for one
)

// RoleAny stands in Config.PeerRole for a node of whichever role, such as at a ledger, which lets keys in. No node has it.
const RoleAny Role = 255

func (r Role) valid() bool { return r >= RoleBank && r <= RoleRegulator }

func (r Role) String() string {
	switch r {
	case RoleBank:
		return "bank"
	case RoleTax:
		return "tax"
	case RoleRegulator:
		return "regulator"
	case RoleAny:
		return "any"
	}
	return "invalid"
}

// Bounds of a name, in bytes.
const (
	MaxName   = 128
	maxDomain = 63
	maxNode   = 48
)

const scheme = "spiffe://"

// Name is the name of a node, as the one URI in its certificate: spiffe://<domain>/<role>/<node>. It is comparable; the
// zero value names nobody.
type Name struct {
	domain string
	role   Role
	node   string
}

// NewName returns the name of a node in a domain. A domain has 1 to 63 and a node 1 to 48 characters, small letters,
// digits and "-._", beginning with a letter or a digit. Errors wrap ErrConfig.
func NewName(domain string, role Role, node string) (Name, error) {
	switch {
	case !label(domain, maxDomain):
		return Name{}, fmt.Errorf("%w: domain %q: want 1 to %d of a-z, 0-9, \"-._\"", ErrConfig, clip(domain), maxDomain)
	case !role.valid():
		return Name{}, fmt.Errorf("%w: role %d: want bank, tax or regulator", ErrConfig, role)
	case !label(node, maxNode):
		return Name{}, fmt.Errorf("%w: node %q: want 1 to %d of a-z, 0-9, \"-._\"", ErrConfig, clip(node), maxNode)
	}
	return Name{domain, role, node}, nil
}

// ParseName reads a name in its one written form. Errors wrap ErrConfig.
func ParseName(s string) (Name, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	parts := strings.SplitN(rest, "/", 4)
	if !ok || len(parts) != 3 {
		return Name{}, fmt.Errorf("%w: name %q: want spiffe://<domain>/<bank, tax or regulator>/<node>", ErrConfig, clip(s))
	}
	var role Role
	switch parts[1] {
	case "bank":
		role = RoleBank
	case "tax":
		role = RoleTax
	case "regulator":
		role = RoleRegulator
	}
	return NewName(parts[0], role, parts[2])
}

// Domain returns the domain of trust.
func (n Name) Domain() string { return n.domain }

// Role returns what the node does.
func (n Name) Role() Role { return n.role }

// Node returns the name of the node within its domain and role.
func (n Name) Node() string { return n.node }

// String returns the name as ParseName reads it.
func (n Name) String() string {
	if n == (Name{}) {
		return "nobody"
	}
	return scheme + n.domain + "/" + n.role.String() + "/" + n.node
}

func label(s string, limit int) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '-' && c != '.' && c != '_') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= limit
}

// clip bounds what an error quotes of a text from outside.
func clip(s string) string {
	if len(s) > MaxName {
		return s[:MaxName] + "..."
	}
	return s
}
