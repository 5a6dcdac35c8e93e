//go:build !amd64 || purego

package negamul

// This build has the generic body alone.
const best = bodyGeneric

func mulAddAsm(_ body, acc *[group]Poly, w *Window, v *[group]Vec) {
	for g := range acc {
		mulAddGeneric(&acc[g], w, &v[g])
	}
}
