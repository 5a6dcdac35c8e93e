#!/bin/sh
# From the files to bands, and to an audit: sh walkthrough.sh MONTHLY_VAT.csv [FIRMS]
#
# Works in the current directory, which should be empty, and leaves all files there. FIRMS is how many of the 425 firms
# take part. Wants taxnode, bank, regulator, company and codes on the PATH.
set -eu
RECIPE=$(cd "$(dirname "$0")" && pwd) VAT=$1 FIRMS=${2:-425}

SERVERS=
trap 'test -z "$SERVERS" || kill $SERVERS' EXIT
trap 'exit 130' INT TERM

# ready FILE PROCESS waits until a server has written its address.
ready() {
	until [ -s "$1" ]; do
		kill -0 "$2" || return 1
		sleep 0.1
	done
}

# 1. Everybody makes a key, and hands the line NAME=PIN that it prints to those who are to know it.
TAX=$(taxnode keygen --domain tax.example --node zhejiang --dir keys/tax)
BANK=$(bank keygen --domain bank.example --node first --dir keys/bank)
REGULATOR=$(regulator keygen --domain regulator.example --node supervisor --dir keys/regulator)
WITNESS=$(regulator keygen --domain witness.example --node first --dir keys/witness)

# Who one is, as flags.
TAX_ID="--cert keys/tax/tax-zhejiang.pem --key keys/tax/tax-zhejiang.key"
BANK_ID="--cert keys/bank/bank-first.pem --key keys/bank/bank-first.key"
REGULATOR_ID="--cert keys/regulator/regulator-supervisor.pem --key keys/regulator/regulator-supervisor.key"
WITNESS_ID="--cert keys/witness/regulator-first.pem --key keys/witness/regulator-first.key"

# Three auditors of banks, of whom two open an escrow; one of the tax authority, for the tax node's.
A1=$(regulator auditor-keygen --out keys/auditor-1.key)
A2=$(regulator auditor-keygen --out keys/auditor-2.key)
A3=$(regulator auditor-keygen --out keys/auditor-3.key)
OWN=$(regulator auditor-keygen --out keys/own-auditor.key)
regulator auditors --threshold 2 --auditor "$A1" --auditor "$A2" --auditor "$A3" --out auditors.json
regulator auditors --threshold 1 --auditor "$OWN" --out own-auditors.json

# 2. The regulator keeps a ledger, which a witness co-signs.
regulator genesis --origin ledger.example --regulator keys/regulator/regulator-supervisor.pem --out genesis.json
WITNESS_KEY=$(regulator key keys/witness/regulator-first.pem)                # NAME=KEY
LOG_KEY=$(regulator key keys/regulator/regulator-supervisor.pem)
HISTORY="--genesis genesis.json --ledger-key ${LOG_KEY#*=} --witness $WITNESS_KEY"

regulator ledger serve $REGULATOR_ID --peer "$REGULATOR" --peer "$WITNESS" \
	--peer "$BANK" --peer "$TAX" --genesis genesis.json --witness "$WITNESS_KEY" --db ledger.db \
	--listen 127.0.0.1:0 --announce ledger.address --log-level warn &
SERVERS=$!
ready ledger.address $!
LEDGER="--ledger $(cat ledger.address) --ledger-peer $REGULATOR $HISTORY"
regulator witness $WITNESS_ID $LEDGER --file witness.db --every 100ms --log-level error &
SERVERS="$SERVERS $!"

regulator register keys/bank/bank-first.pem keys/tax/tax-zhejiang.pem $REGULATOR_ID $LEDGER --outbox regulator.outbox
SCHEMA=$(regulator publish --schema "$RECIPE/schema.json" $REGULATOR_ID $LEDGER --outbox regulator.outbox)

# 3. The bank's scorecard is approved: encrypted under the regulator's nonce, submitted, checked, recorded.
CARD="--model $RECIPE/card.json --schema $RECIPE/schema.json"
bank compile $CARD
bank salt $CARD --out salt.json
NONCE=$(regulator nonce)
TABLE=$(bank encrypt $CARD --nonce "$NONCE" --out table.seed)
bank submit $CARD --salt salt.json --table table.seed $BANK_ID --out submission
APPROVAL=$(regulator approve --submission submission --nonce "$NONCE" --records approvals --out approval.json \
	$REGULATOR_ID $LEDGER --outbox regulator.outbox)

# 4. The tax authority loads its file, and looks whether the mapping fits.
codes "$FIRMS" >firms.txt
taxnode import --recipe "$RECIPE/import.yaml" --db tax.db "$VAT"
taxnode check --schema "$RECIPE/schema.json" --mapping "$RECIPE/mapping.yaml" --db tax.db --companies firms.txt

# 5. Each firm makes a key, whose line goes into the authority's register, and consents.
mkdir firms
UNTIL=$(($(date +%Y) + 1))-12-31
while read -r FIRM; do
	company keygen --company "$FIRM" --out "firms/$FIRM.key" >>register.txt
	company consent --company "$FIRM" --key "firms/$FIRM.key" --bank "$BANK" --tax "$TAX" --schema "$RECIPE/schema.json" \
		--bits 3 --evaluations 2 --until "$UNTIL" >>consents.jws
done <firms.txt
taxnode grant $TAX_ID --consents consents.db --company-keys register.txt consents.jws

# 6. The tax authority says what it admits, and serves.
cat >policy.yaml <<END
version: 1
limits:
  budgets: [{bits: 8, window: 30d}] # of each firm, over all banks and scorecards
  records: {max_age: any, unknown: admit} # the data ends in 2020
  checkpoint: {max_age: 10m} # of the ledger, signed by its witness
default:
  purposes: [credit-assessment]
  schemas: [$SCHEMA]
  features: all
  outputs: {band: 3}
  engines: [transfer, lattice]
  companies_per_task: 1000
  companies_per_day: 10000
  tasks_per_day: 10
  tasks: 2
  links: 2
banks:
  ${BANK%%=*}: {}
END
taxnode serve $TAX_ID --peer "$BANK" --schema "$RECIPE/schema.json" --mapping "$RECIPE/mapping.yaml" --db tax.db \
	--journal tax-journal.db --policy policy.yaml --consents consents.db --counters counters.db \
	--company-keys register.txt --inbox inbox --auditors auditors.json --own-auditors own-auditors.json \
	--evidence tax-evidence $LEDGER --outbox tax.outbox --ledger-cache tax-ledger.db \
	--listen 127.0.0.1:0 --announce tax.address --log-level warn &
TAX_NODE=$!
SERVERS="$TAX_NODE $SERVERS"
ready tax.address $TAX_NODE

# 7. The bank scores the firms.
bank score $BANK_ID --peer "$TAX" --tax "$(cat tax.address)" $CARD --companies firms.txt --table table.seed \
	--approval approval.json --salt salt.json --auditors auditors.json --evidence bank-evidence \
	$LEDGER --outbox bank.outbox --ledger-cache bank-ledger.db --journal bank-journal.db --out bands.csv 2>summary.txt
cat summary.txt
TASK=$(sed -n 's/.*, task //p' summary.txt)
tail -n +2 bands.csv | cut -d, -f4 | sort | uniq -c

# 8. An audit of the task. What the nodes wrote serves one process at a time: the tax node stops.
kill $TAX_NODE
wait $TAX_NODE
SERVERS=${SERVERS#* }
bank dossier --journal bank-journal.db --evidence bank-evidence --task "$TASK" --out bank-dossier
taxnode dossier --journal tax-journal.db --evidence tax-evidence --task "$TASK" --out tax-dossier --own

# Two auditors open the bank's escrow, and its side is run again, on the scorecard that was approved.
CASE="--schema $RECIPE/schema.json --bank keys/bank/bank-first.pem --tax keys/tax/tax-zhejiang.pem"
for N in 1 3; do
	regulator open --dossier bank-dossier $CASE --auditors auditors.json --key keys/auditor-$N.key --out opening-$N
done
regulator replay --dossier bank-dossier $CASE --auditors auditors.json --openings opening-1 --openings opening-3 \
	--approval-record "approvals/$APPROVAL"

# The authority's own auditor does the same with the tax node's side, and compares levels with the records.
regulator open --dossier tax-dossier $CASE --auditors own-auditors.json --key keys/own-auditor.key --out own-opening
regulator replay-tax --dossier tax-dossier $CASE --auditors own-auditors.json --openings own-opening \
	--table "tax-evidence/tables/$TABLE" --mapping "$RECIPE/mapping.yaml" --db tax.db

# 9. Was every firm evaluated by its own consent, within its budget, on an approved scorecard? That is decided offline.
taxnode disclose --journal tax-journal.db --task "$TASK" $TAX_ID --consents consents.db --company-keys register.txt \
	--out tax.disclosure
regulator export $REGULATOR_ID $LEDGER --out history
regulator verify --ledger-file history $HISTORY --disclosure tax.disclosure --company-keys register.txt \
	--policy keys/tax/tax-zhejiang.pem=policy.yaml --approval approval.json --html report.html

# And what one firm is told.
regulator report --company "$(head -n 1 firms.txt)" --ledger-file history $HISTORY --disclosure tax.disclosure \
	--company-keys register.txt --policy keys/tax/tax-zhejiang.pem=policy.yaml --approval approval.json --html firm.html
