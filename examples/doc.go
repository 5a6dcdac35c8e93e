// Package examples holds the tests of the programs below it, as readable scripts in testdata and as Go where a script
// would not do: killed processes, real data, the lines that the README shows.
//
// The programs are demo (one command, everything), taxnode, bank, company and regulator; cumcm2020c is the recipe for real firms.
package examples
