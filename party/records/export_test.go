package records

// SetBetweenChunks has f called between the chunks of each Fetch.
func SetBetweenChunks(s *SQL, f func()) { s.betweenChunks = f }
