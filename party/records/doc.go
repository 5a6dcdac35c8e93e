// Package records is where a tax node's features come from. It reads the tax authority's own tables, turns them into the
// features of a schema by a mapping file, and hands out levels of the public grid. Raw values never leave this room,
// but for the function that encodes them.
//
// # What it computes
//
// A [Source] answers for a list of companies: is the company known, and its level for each feature of the schema.
//
//   - An unknown company is Known = false, with the levels of missing values, so that later steps do the same work for it.
//   - For the engines on values in full precision, a [ColumnSource] gives integer columns in place of levels, by an
//     encoding that the node passes in: there and nowhere else raw values are seen.
//   - NULL, text where a number belongs, a value out of range or an unknown category is a level of the grid, never an
//     error: [circuits.Feature.Level] is total.
//
// The sources are SQLite (embedded) and PostgreSQL through one engine ([Open]), and a table in memory ([NewMemory]) for
// tests and demonstrations. The suite in recordstest says what each of them must do. [Import] loads CSV files into SQLite
// by a [Recipe].
//
// # How a database is read
//
// One query for each chunk of companies ([DefaultChunk] of them unless told), never one for each company; all chunks of
// one Fetch inside one read-only transaction on one snapshot, so that a batch sees one state of the tables while others
// write to them. Company codes are always bound parameters, as one JSON array in SQLite and one text array in PostgreSQL.
// The query looks the same for companies that exist and for those that do not.
//
// # Who is trusted
//
// The mapping and the recipe are files of the tax authority itself: their SQL is pasted into the query, as a view would
// be, and whoever may write them may read the whole database. Nothing that comes from a bank reaches the SQL text: a bank
// names companies (checked [uscc.ID]s, bound) and a schema (whose digest is agreed beforehand). The rows of the tables
// and the bytes of a CSV file are data from outside: they are bounded and checked, and no error repeats a value of theirs.
// As a second wall, connections are opened read-only; give the node a database role that can do no more than that.
//
// # What leaks
//
// Chunks hold secrets (levels) and do not print. The time that a Fetch takes depends on how many of the companies are
// known and how many rows they have; a node that must hide this from a bank answers at times of its own.
package records
