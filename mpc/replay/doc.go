// Package replay runs one side of a recorded session again, from its seeds, and
// says where the record deviates from what an honest side would have sent. It is
// how correctness, which the protocol itself does not force, is enforced
// afterwards: a bank that used another model than the approved one, or a tax node
// that used other levels or flipped bits, is found in every superblock looked at.
//
// A side's flights are a function of its inputs, its seeds and what it received.
// So Bank.Replay and Tax.Replay run the real code (score.Bank, score.Tax) on the
// recorded flights of the other side, and compare the hash of every flight that
// comes out with the recorded one. No deviation means that this side did exactly
// what it should have.
//
// # What must be on record
//
// Once per connection: the name (sid) and seed of this side's OT set-up, and the
// set-up messages both ways, of which the hash is enough for those that this side
// sent (mpc.Conn.RecordSetup; mpc.Conn.SetupDigest, which both sides sign, vouches
// for them). Once per session: parameters, binding, seed, list of superblocks, and
// the number of the first OT extension (ot.Sender.Next before the session). Per
// superblock all flights (mpc.Config.Record): payloads of the other side, hashes
// of this side. The inputs: model, own points and key of the encrypted table of a
// bank; levels or columns, certified table and withheld companies of a tax node.
//
// The bank's side replays without any data of the tax side but what it was sent
// anyway.
//
// # What must be opened
//
// Chosen superblocks can be replayed without the others. Of the session's
// randomness the seeds of just these superblocks are needed (mpc.BlockSeed). Of the
// connection, the seed of the OT set-up is: whoever holds a tax node's and the
// flights sees the OT choices of every superblock on that connection (with
// score.EngineOT these are the levels, with all other engines the indices of stage
// 2, which together with the bank's view give the scores; the seed of a superblock
// of score.EngineProbability gives the key that its columns are encrypted under). A
// tax side is
// therefore replayed on the tax authority's premises, by its own auditors, and
// nothing but the list of deviations leaves.
//
// # Adversaries
//
//	who                    what holds
//	who is replayed        it cannot have other flights than those recorded pass, up to a collision of BLAKE3;
//	                       seeds and inputs must be checked against their commitments by the caller
//	who made the record    a record with missing, superfluous, resized or exchanged flights is refused
//	                       (ErrRecord) before anything is run on it; garbage of the right size never panics,
//	                       hangs or takes more memory than an honest record
//	the user of this room  gets hashes, never a flight, and of a tax node's right flights not even those
//
// Signatures are not looked at: the transcript's hashes do not depend on them, and
// the keys are the caller's (mpc.VerifyFlight). Whose fault a bad record is, is for
// the caller to say.
//
// Two runs from one seed with other inputs tell the peer about the inputs. This
// room is the only way to run a session from a seed that was used, and it must not
// become a way to answer twice: it has no connection, signs with a key that dies
// with the run, and hands out no flight. A hash is no flight, but can be compared
// with guesses (see Deviation): a finding that leaves the auditors quotes Recorded.
//
// Memory is that of one superblock (score.Params, at most 40 MiB of flights) for
// each processor in use; the speed is that of one side of the protocol.
package replay
