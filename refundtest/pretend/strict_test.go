package pretend_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/refundtest/pretend"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	m, err := pretend.Members([]byte(` {"a":"x", "b": {"c":[1]}, "Ä":null} `))
	require.NoError(t, err)
	assert.Len(t, m, 3)
	assert.Equal(t, `"x"`, string(m["a"]))
	assert.Equal(t, `{"c":[1]}`, string(m["b"]))
	assert.Equal(t, `null`, string(m["Ä"]))
	for name, body := range map[string]string{
		"a name twice": `{"a":1,"a":1}`, "the same by an escape": `{"a":1,"\u0061":1}`, "text behind": `{} {}`, "a list": `[]`, "nothing": ``,
		"not UTF-8": "{\"a\":\"\xff\"}", "cut off": `{"a":1`, "no value": `{"a"}`, "no quotes": `{a:1}`,
	} {
		_, err := pretend.Members([]byte(body))
		assert.Error(t, err, name)
	}
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"application/json": true, "application/json; charset=UTF-8": true, "Application/JSON": true,
		"application/json; charset=latin1": false, "text/plain": false, "application/jsonx": false, "": false,
	} {
		assert.Equal(t, want, pretend.IsJSON(http.Header{"Content-Type": {value}}), value)
	}
	assert.False(t, pretend.IsJSON(http.Header{}))
	assert.False(t, pretend.IsJSON(http.Header{"Content-Type": {"application/json", "application/json"}}))
}

func TestHeaderSafe(t *testing.T) {
	t.Parallel()
	assert.True(t, pretend.HeaderSafe("sck_+/=~!"))
	for _, s := range []string{"a b", "a\nb", "a\x7f", "ä"} {
		assert.False(t, pretend.HeaderSafe(s), "%q", s)
	}
}
