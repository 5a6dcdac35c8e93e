package main

import (
	"context"
	"net"

	"github.com/blindscore/blindscore/party/transport"
)

// The domain and the names of the two nodes; their certificates are made anew
// for every report.
const domain = "bench.example"

func names() (bank, tax transport.Name, err error) {
	if bank, err = transport.NewName(domain, transport.RoleBank, "bank"); err != nil {
		return bank, tax, err
	}
	tax, err = transport.NewName(domain, transport.RoleTax, "tax")
	return bank, tax, err
}

// identities makes keys and certificates for both nodes in dir.
func identities(dir string) error {
	bank, tax, err := names()
	if err != nil {
		return err
	}
	return transport.DevCA(dir, bank, tax)
}

// transportConfig is the configuration of a job's side for TLS.
func transportConfig(j job) (transport.Config, error) {
	bank, tax, err := names()
	if err != nil {
		return transport.Config{}, err
	}
	mine, peer := tax, transport.RoleBank
	if j.Bank {
		mine, peer = bank, transport.RoleTax
	}
	id, err := transport.LoadIdentity(transport.DevFiles(j.Dir, mine))
	if err != nil {
		return transport.Config{}, err
	}
	roots, err := transport.LoadRoots(transport.DevRoots(j.Dir))
	if err != nil {
		return transport.Config{}, err
	}
	cfg := transport.Config{Identity: id, Peers: transport.Peers{Roots: roots}, PeerRole: peer}
	if j.Link == linkWAN {
		cfg.Wrap = func(nc net.Conn) net.Conn { return transport.Slow(nc, wanDelay, wanRate) }
	}
	return cfg, nil
}

const loopback = "127.0.0.1:0"

// listen is where the tax node of a job waits for the bank.
func listen(j job) (*transport.Listener, error) {
	if j.Link == linkTCP {
		return transport.InsecureListen(loopback, transport.InsecureConfig{})
	}
	cfg, err := transportConfig(j)
	if err != nil {
		return nil, err
	}
	return transport.Listen(loopback, cfg)
}

// dial connects the bank of a job.
func dial(ctx context.Context, j job) (*transport.Conn, error) {
	if j.Link == linkTCP {
		return transport.InsecureDial(ctx, j.Addr, transport.InsecureConfig{})
	}
	cfg, err := transportConfig(j)
	if err != nil {
		return nil, err
	}
	return transport.Dial(ctx, j.Addr, cfg)
}
