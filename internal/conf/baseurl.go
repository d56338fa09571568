package conf

import (
	"fmt"
	"net"
	"net/url"
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
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("base_url must be an absolute URL such as %s", def)
	case u.User != nil:
		return nil, fmt.Errorf("base_url must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, fmt.Errorf("base_url must end with its path: no query, no fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, fmt.Errorf("base_url must begin with https:// (http only on loopback)")
	}
	if o, err := url.Parse(other); err == nil && other != def && u.Hostname() == o.Hostname() {
		return nil, fmt.Errorf("base_url %s belongs to the other environment", u.Hostname())
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
