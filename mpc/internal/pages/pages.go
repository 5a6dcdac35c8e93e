// Package pages allocates large tables that are read in random order.
//
// With the small pages of a processor nearly every such read misses its address cache. On Linux, Words asks for huge
// pages; where the system refuses, nothing but time is lost. Build with the tag nohugepages to do without.
package pages
