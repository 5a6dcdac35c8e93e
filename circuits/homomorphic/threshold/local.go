package threshold

// Run carries the messages of all holders' sides of one key generation, in the order of their points, until all are done:
// for holders in one process, as in demonstrations and tests, and to show how a carrier does it.
func Run(sides []*KeyGen) error {
	for range rounds {
		msgs := make([][]byte, len(sides))
		for i, k := range sides {
			var err error
			if msgs[i], err = k.Message(); err != nil {
				return err
			}
		}
		for _, k := range sides {
			if err := k.Receive(msgs); err != nil {
				return err
			}
		}
	}
	return nil
}
