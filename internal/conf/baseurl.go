package conf

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// baseURL checks the address that a configuration gives, or takes def for an
// empty one. other is the address of the environment that was not chosen: a
// sandbox configuration must not reach the place where the money is.
func baseURL(given, def, other string) (*url.URL, error) {
	if given == "" {
		return url.Parse(def)
	}
	u, err := url.Parse(given)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || !isPlain(u.Host):
		return nil, fmt.Errorf("base_url must be an absolute URL such as %s", def)
	case u.User != nil:
		return nil, fmt.Errorf("base_url must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, fmt.Errorf("base_url must end with its path: no query, no fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, fmt.Errorf("base_url must begin with https:// (http only on loopback)")
	}
	if o, err := url.Parse(other); err == nil && other != def && sameHost(u, o) {
		return nil, fmt.Errorf("base_url %s belongs to the other environment", u.Hostname())
	}
	return u, nil
}

// sameHost compares as the name system does: without regard to case, and to the
// point that may end a name.
func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(strings.TrimSuffix(a.Hostname(), "."), strings.TrimSuffix(b.Hostname(), "."))
}

// isPlain refuses letters outside ASCII: net/http turns some of them into plain
// ones, so that two hosts which differ here may be one. The xn-- form is plain.
func isPlain(host string) bool {
	return !strings.ContainsFunc(host, func(r rune) bool { return r > '~' })
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
