// Package netguard keeps connections out of private networks: addresses come from
// configuration or from other servers' answers, but what a name leads to is decided
// by whoever owns it. It knows addresses only; which ones are refused and when is
// the dialer's business.
package netguard

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// ErrPrivate says that an address leads into our own network.
var ErrPrivate = errors.New("the address is not public; set allow_private if it is meant")

// reserved are ranges that are not public and that netip does not know as such
// (IANA special-purpose registries).
var reserved = parse(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // shared by carriers, and by some clouds for their metadata
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation, as the next two of this kind
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", //
	"203.0.113.0/24",  //
	"240.0.0.0/4",     // reserved, and broadcast
	"64:ff9b::/96",    // IPv4 behind NAT64: whatever it may be
	"64:ff9b:1::/48",  //
	"100::/64",        // discard
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // IPv4 behind 6to4
	"fec0::/10",       // site-local
)

func parse(ranges ...string) (list []netip.Prefix) {
	for _, r := range ranges {
		list = append(list, netip.MustParsePrefix(r))
	}
	return list
}

// Public says whether an address lies on the open internet.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, r := range reserved {
		if r.Contains(a.WithZone("")) {
			return false
		}
	}
	return true
}

// Control is the Control of a net.Dialer: it sees the address that is about to be
// connected to, after the name was looked up, so a name that answers differently
// the second time gains nothing.
func Control(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrPrivate, address)
	}
	a, err := netip.ParseAddr(host)
	if err != nil || !Public(a) {
		return fmt.Errorf("%w: %s", ErrPrivate, host)
	}
	return nil
}
