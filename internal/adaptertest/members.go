package adaptertest

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// Member is one name of a JSON object and its value as it stands there.
type Member struct {
	Name string
	Raw  string
}

// Members reads one JSON object and nothing after it. It keeps the order and
// all duplicates, which encoding/json loses, so that a test can judge an answer
// in another way than the adapters do.
func Members(body string) ([]Member, bool) {
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(body, "\xEF\xBB\xBF")))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	members := []Member{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, false
		}
		members = append(members, Member{Name: name.(string), Raw: string(bytes.TrimSpace(raw))})
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return members, err == io.EOF
}

// Only returns the value of the only member of that name, "" if there is none.
// It reports false if the name is there twice, or in another spelling that a
// reader without regard to case takes for it.
func Only(members []Member, name string) (raw string, ok bool) {
	for _, m := range members {
		if !strings.EqualFold(m.Name, name) {
			continue
		}
		if m.Name != name || raw != "" {
			return "", false
		}
		raw = m.Raw
	}
	return raw, true
}

// Unquote returns the content of a JSON string.
func Unquote(raw string) (s string, ok bool) {
	if !strings.HasPrefix(raw, `"`) {
		return "", false
	}
	return s, json.Unmarshal([]byte(raw), &s) == nil
}
