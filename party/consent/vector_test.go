package consent

const (
	vectorArtefact   = ""
	vectorDigest     = ""
	vectorCommitment = ""
	vectorPayload    = ``
	vectorRevocation = ""
)
