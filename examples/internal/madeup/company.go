package madeup

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/blindscore/blindscore/circuits"
	"github.com/blindscore/blindscore/party/uscc"
)

// Company is a made-up company: what the tax authority has of it, and what the bank has.
type Company struct {
	ID    uscc.ID
	Known bool // whether the tax authority has it

	// Amounts in fen.
	Sales, SalesBefore, VAT, Purchases, TopCustomer int64
	Invoices, Voided, RedLetter                     int64
	IdleMonths, Customers, LateFilings, AgeMonths   int64
	Rating                                          string // empty if there is none

	Customer                bool // of the bank; the rest is missing where it is not
	YearsWithBank, LineUsed float64
}

// UnknownOneIn is how many known companies there are to one that the tax authority does not have.
const UnknownOneIn = 200

// All makes n companies that the tax authority knows, and among them one more for every 200 that it does not, one after
// another, so that a million need no memory.
func All(seed uint64, n int) iter.Seq[Company] {
	return func(yield func(Company) bool) {
		rng := rand.New(rand.NewPCG(seed, 0x626c696e6473636f))
		number := rng.Uint64N(1 << 40)
		next := func(known bool) bool {
			number += 1 + rng.Uint64N(1<<20)
			c := Company{ID: uscc.Synthetic(number), Known: known}
			c.fill(rng)
			return yield(c)
		}
		for i := range n {
			if !next(true) || i%UnknownOneIn == UnknownOneIn-1 && !next(false) {
				return
			}
		}
	}
}

// Count is how many companies All makes.
func Count(n int) int { return n + n/UnknownOneIn }

// Companies are those of All at once.
func Companies(seed uint64, n int) []Company { return slices.Collect(All(seed, n)) }

// fill draws the records. Two hidden traits drive them: how well the company does, and how large it is.
func (c *Company) fill(rng *rand.Rand) {
	health, size := rng.NormFloat64(), rng.NormFloat64()
	noise := rng.NormFloat64
	whole := func(x float64) int64 { return int64(math.Round(x)) }
	share := func(logit float64) float64 { return 1 / (1 + math.Exp(-logit)) }

	sales := math.Exp(math.Log(5e8) + 1.5*size + 0.3*health)
	c.Sales = max(whole(sales), 1)
	if rng.IntN(25) > 0 {
		growth := max(0.06+0.16*health+0.22*noise(), -0.9)
		c.SalesBefore = max(whole(sales/(1+growth)), 1)
	}
	c.Purchases = whole(sales * min(max(0.72-0.05*health+0.16*noise(), 0.02), 2.4))
	c.VAT = whole(0.13*float64(c.Sales-c.Purchases) + 0.01*sales*noise())

	c.Invoices = max(whole(math.Exp(4.6+0.8*size+0.4*noise())), 1)
	c.Voided = whole(float64(c.Invoices) * share(-3.4-0.5*health+0.6*noise()))
	c.RedLetter = min(whole(float64(c.Invoices)*share(-4.3-0.4*health+0.7*noise())), c.Invoices)
	c.Customers = max(whole(math.Exp(2.7+0.7*size+0.5*noise())), 1)
	top := min(math.Exp(0.35*noise())/math.Pow(float64(c.Customers), 0.6), 1)
	c.TopCustomer = min(whole(sales*top), c.Sales)

	months := func(x float64) int64 { return min(max(whole(x), 0), 24) }
	c.IdleMonths = months(math.Exp(0.2-0.7*health+0.7*noise()) - 1)
	c.LateFilings = months(math.Exp(0.1-0.8*health+0.7*noise()) - 1)
	c.AgeMonths = max(whole(math.Exp(4.2+0.15*health+0.6*noise())), 1)
	c.Rating = c.rate(health+0.6*noise(), rng)
	c.bankSide(health, rng)
}

// rate is the tax authority's letter; new companies have an M, a few have none.
func (c *Company) rate(x float64, rng *rand.Rand) string {
	switch {
	case rng.IntN(50) == 0:
		return ""
	case c.AgeMonths < 36:
		return "M"
	case x > 1.2:
		return "A"
	case x > -0.9:
		return "B"
	case x > -1.9:
		return "C"
	}
	return "D"
}

// bankSide draws what the bank knows of its own customers, with two decimals.
func (c *Company) bankSide(health float64, rng *rand.Rand) {
	cents := func(x float64) float64 { return math.Round(100*x) / 100 }
	years, used := cents(min(rng.ExpFloat64()*4, float64(c.AgeMonths)/12)), cents(min(max(0.45-0.14*health+0.25*rng.NormFloat64(), 0), 1))
	if c.Customer = rng.IntN(5) < 3; c.Customer {
		c.YearsWithBank, c.LineUsed = years, used
	}
}

// Values are the company's features as numbers in the clear, the bank's own among them, for the plain evaluator. They
// are computed from the records by a way of their own, without the database.
func (c *Company) Values() map[string]circuits.Value {
	over := func(a, b int64) circuits.Value {
		if b == 0 {
			return circuits.Missing()
		}
		return circuits.Number(float64(a) / float64(b))
	}
	count := func(n int64) circuits.Value { return circuits.Number(float64(n)) }
	v := c.Own()
	v["sales_12m"] = count(c.Sales)
	if c.SalesBefore != 0 {
		v["sales_growth"] = circuits.Number(float64(c.Sales)/float64(c.SalesBefore) - 1)
	}
	v["vat_burden_12m"] = over(c.VAT, c.Sales)
	v["purchase_ratio_12m"] = over(c.Purchases, c.Sales)
	v["void_ratio_12m"] = over(c.Voided, c.Invoices+c.Voided)
	v["red_letter_ratio_12m"] = over(c.RedLetter, c.Invoices)
	v["idle_months_24m"] = count(c.IdleMonths)
	v["customers_12m"] = count(c.Customers)
	v["top_customer_share_12m"] = over(c.TopCustomer, c.Sales)
	v["late_filings_24m"] = count(c.LateFilings)
	v["age_months"] = count(c.AgeMonths)
	if c.Rating != "" {
		v["tax_credit_rating"] = circuits.Text(c.Rating)
	}
	return v
}

// Own are the features that the bank itself holds.
func (c *Company) Own() map[string]circuits.Value {
	v := make(map[string]circuits.Value, 14)
	if c.Customer {
		v["years_with_bank"] = circuits.Number(c.YearsWithBank)
		v["line_utilisation"] = circuits.Number(c.LineUsed)
	}
	return v
}
