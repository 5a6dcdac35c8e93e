// Package vaultdemo is the demo of the offline channel (package vault): bands while the tax node is away. examples/demo
// -vault runs it.
//
// Processes: the tax node, which encrypts its register and ends before anybody asks; three holders of the key, of whom two
// answer; the bank. The process that starts them plays the platform, which evaluates and carries messages, and the
// regulator, who approves the model; it also checks every band against the plain evaluator. A holder and the bank each draw
// their signing key and keep it; files between them stand for what each publishes.
package vaultdemo
