package records

import "database/sql"

// SetBetweenChunks has f called between the chunks of each Fetch.
func SetBetweenChunks(s *SQL, f func()) { s.betweenChunks = f }

// DB is the pool of connections.
func DB(s *SQL) *sql.DB { return s.db }
