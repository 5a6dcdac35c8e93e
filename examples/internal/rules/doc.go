// Package rules holds no code: its tests hold the rest of the repository to the rules of the house.
//
//   - imports: one storey may use what is below it, never what is above or beside it (imports_test.go);
//   - outside modules: each has the rooms that may see it, and none that is linked is under the GPL (outside_test.go);
//   - stops: no library code panics, exits or calls log.Fatal, so that no peer can stop the process (stops_test.go);
//   - documentation: every package says what it is, and every exported name says what it means (docs_test.go).
//
// The tests read every Go file of the repository whatever its build constraints, so that an edge in the code of another
// platform counts too. They need the go command and, for licences, the module cache; nothing else.
package rules
