package email

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// session keeps hold of a connection: the conversation on it does not look at a
// context, so it is ended by closing the connection under it.
type session struct {
	tls *tls.Config // for TLS from the first byte; else nil

	mu    sync.Mutex
	conn  net.Conn
	ended bool
}

func (s *session) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.conn = conn
	ended := s.ended
	s.mu.Unlock()
	if ended {
		s.close()
	}
	if s.tls == nil {
		return conn, nil
	}
	secure := tls.Client(conn, s.tls)
	return secure, secure.HandshakeContext(ctx)
}

// close may be called at any time, and again.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.conn != nil {
		_ = s.conn.Close()
	}
}
