package consent

// The artefact and the revocation of TestVector.
const (
	vectorArtefact   = "c09063474343f3da7c047847ae00c070dba3aef61ea4b86137bea3c9065f8022" // SHA-256
	vectorDigest     = "4174eddf1d7781984ecfba7de645974e5477a84e73a80ff4167c82da6ce10347"
	vectorCommitment = "f2fcd4190e7b644ad54fa7503ad95395fcbbe91799bef650731bc56f39413ba6"
	vectorPayload    = `{"version":1,"id":"00000000000000000000000000000001","start":"2025-03-01T08:00:00Z","expiry":"2026-03-01T08:00` +
		`:00Z","customer":"91000000000000000K","task":"","revocations":0,"terms":{"mode":"COMPUTE","purpose":{"code":"l` +
		`oan.origination","text":"Deciding on a loan that we applied for <2025>"},"consumer":{"name":"spiffe://credit.e` +
		`xample/bank/icbc-demo","pin":"blindscore1:efc1f5e022e2d2afd3128aeeacdedbdf9859c614ac6efda3246dc530c2ed7ad6"},"` +
		`provider":{"name":"spiffe://credit.example/tax/fujian","pin":"blindscore1:6fb4935b0cfef6cce41e0c84e14381a3eeaa` +
		`ca561820c0a2a739d13ee0564ef2"},"schema":"0102030000000000000000000000000000000000000000000000000000000000","fe` +
		`atures":["invoices","tax paid","years"],"range":{"from":"2023-03-01T08:00:00Z","to":"2025-03-01T08:00:00Z"},"l` +
		`ife":{"unit":"MONTH","value":6},"frequency":{"unit":"DAY","times":2},"output":"BAND","bits":3,"evaluations":3}` +
		`}`
	vectorRevocation = "eyJhbGciOiJFZERTQSIsInR5cCI6ImJsaW5kc2NvcmUtcmV2b2NhdGlvbi12MSJ9.eyJ2ZXJzaW9uIjoxLCJjdXN0b21lciI6IjkxMDAwMDAwM" +
		"DAwMDAwMDAwSyIsInNlcXVlbmNlIjo3LCJ0aW1lIjoiMjAyNS0wMy0wMVQxMjowMDowMFoiLCJjb25zZW50IjoiKiJ9.z_lOm1Qu3TCfN3a4bh" +
		"FwIOVzCfQJzTVrsLnqno0QPGQGviZOZck69S1WmJU0HueMDprWze8Rp4iavvLWWVeyBQ"
)
