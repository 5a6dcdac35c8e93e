// Package journal is what a node remembers across crashes: the tasks it agreed to, and, superblock by superblock, what was
// released ([Tax]) or learned ([Bank]). It is what makes evaluation exactly-once: a tax node stores an answer before it
// sends it and never stores a second one for the same superblock, and an attempt number that was given out is never given
// out again, so that a superblock is never run twice with the same randomness.
//
// A journal is one file (go.etcd.io/bbolt), mode 0600, open in one process at a time. A call that changes it returns when
// the change is on disk; changes that are asked for while others are being written share the next write.
//
// The adversary of this package is not the peer, whose messages were checked before they come here, but crashes and bad
// disks. What was acknowledged survives the death of the process and, as far as the disk honours fsync, of the machine.
// Open refuses a file that is cut off or garbled with ErrCorrupt (package boltfile checks every page before bbolt maps the
// file, since bbolt trusts its pages and would crash on them). Each record carries a checksum
// that is verified when it is read. A file that is damaged while it is open gives ErrCorrupt too, and nothing is written
// after that. Not covered: damage that keeps every checksum right, and an old copy of the file put back (a tax node
// restored from a backup must not serve the tasks in it).
//
// A bank's journal holds secrets: the seeds of its attempts, until the batch is complete, and its results; a tax node's
// holds the companies that a bank asked about. Complete removes the seeds from the records, but what a file system or a
// disk kept of them is beyond its reach: keep journals on an encrypted disk.
//
// A bank's task is on record before it is proposed, since the tax node may charge for it the moment that it arrives.
//
// Sizes: a task takes 18 bytes a company and its private part (levels at a tax node, one or two bytes a company and
// feature), an answer or a result about 300 bytes more than its payload.
package journal
