// Package cpu says once, at start, which of our assembly bodies this processor and its operating system can run.
//
// With the build tag purego, and on every architecture but amd64, all answers are constants that say no, so that the
// compiler drops the branches. The features are public facts about the machine; nothing here touches a secret.
package cpu
