package transport

import (
	"fmt"
	"io"
	"testing"
)

func benchPair(b *testing.B, secure bool) (client, server *Conn) {
	bank, tax := configs(b)
	var l *Listener
	var err error
	if secure {
		l, err = Listen("127.0.0.1:0", tax)
	} else {
		l, err = InsecureListen("127.0.0.1:0", InsecureConfig{Local: tax.Identity.Peer(), Remote: bank.Identity.Peer()})
	}
	if err != nil {
		b.Fatal(err)
	}
	if secure {
		client, err = Dial(b.Context(), l.Addr().String(), bank)
	} else {
		client, err = InsecureDial(b.Context(), l.Addr().String(), InsecureConfig{Local: bank.Identity.Peer(), Remote: tax.Identity.Peer()})
	}
	if err != nil {
		b.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _, _ = client.Close(), server.Close(), l.Close() })
	return client, server
}

// BenchmarkBulk moves bytes one way over loopback TCP; both ends run here.
func BenchmarkBulk(b *testing.B) {
	for _, name := range []string{"tls", "tls unbatched", "insecure"} {
		for _, size := range []int{64 << 10, 256 << 10, 1 << 20, 8 << 20} {
			b.Run(fmt.Sprintf("%s/write=%dKiB", name, size>>10), func(b *testing.B) {
				client, server := benchPair(b, name != "insecure")
				write := client.Write
				if name == "tls unbatched" {
					write = client.Conn.Write
				}
				b.SetBytes(int64(size))
				b.ResetTimer()
				go func() {
					buf := make([]byte, size)
					for range b.N {
						if _, err := write(buf); err != nil {
							return
						}
					}
				}()
				buf := make([]byte, size)
				for range b.N {
					if _, err := io.ReadFull(server, buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	client, server := benchPair(b, true)
	go func() { _, _ = io.Copy(server, server) }()
	buf := make([]byte, 100)
	for b.Loop() {
		if _, err := client.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandshake(b *testing.B) {
	bank, tax := configs(b)
	l, err := Listen("127.0.0.1:0", tax)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		c, err := Dial(b.Context(), l.Addr().String(), bank)
		if err != nil {
			b.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		_, _ = c.Close(), s.Close()
	}
}
