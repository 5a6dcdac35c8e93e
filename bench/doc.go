// Package bench measures Blindscore. It holds what its two parts share: the
// list of engines, and made-up batches of a chosen shape.
//
//	go test -bench . ./bench         benchmarks of the parts and of whole sessions in one process
//	go run ./bench/report            the report: bank and tax node as two processes, with pictures
//
// The tests of this package pin what does not depend on the machine: bytes and
// flights of every engine, to the documented formula, and the allocations of a
// session, to a bound. They judge no time.
//
// Everything here is made up and derives from small numbers, so that two
// processes can make the same batch. There is no adversary and no secret.
package bench
