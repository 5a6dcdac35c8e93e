package score

// SetTap lets a test see, and replace, what the tax node is about to send.
func (t *Tax) SetTap(tap func(payload []byte)) { t.tap = tap }
