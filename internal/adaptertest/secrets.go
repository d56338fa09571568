package adaptertest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// RefusesBadSecrets checks that open, the adapter's New, refuses good as soon as one of
// its secrets was copied badly or is none at all, by a text that names the field and
// does not show the value. Fields of other rules are named in except.
func RefusesBadSecrets[C any](t *testing.T, good C, open func(C) error, except ...string) {
	t.Helper()
	assert.NoError(t, open(good))
	Secrets(t, good, except...) // all are set
	for _, field := range secretFields(reflect.TypeFor[C](), except) {
		value := reflect.ValueOf(good).FieldByIndex(field.Index).String()
		for name, bad := range map[string]string{
			"line end":              value + "\n",
			"line end of Windows":   value + "\r\n",
			"blank behind":          value + " ",
			"blank before":          " " + value,
			"double quotes":         `"` + value + `"`,
			"single quotes":         "'" + value + "'",
			"angle brackets":        "<" + value + ">",
			"variable":              "$TOK3N_OF_MINE",
			"variable in braces":    "${TOK3N_OF_MINE}",
			"variable of Windows":   "%TOK3N_OF_MINE%",
			"a word for a secret":   "ChangeMe",
			"masked by ourselves":   "***",
			"a template's variable": "{{ TOK3N_OF_MINE }}",
		} {
			t.Run(field.Name+", "+name, func(t *testing.T) {
				c := good
				reflect.ValueOf(&c).Elem().FieldByIndex(field.Index).SetString(bad)
				err := open(c)
				if assert.Error(t, err) {
					// The beginning of its own name is that of another one's too.
					assert.Contains(t, " "+strings.NewReplacer(";", " ", ":", " ").Replace(err.Error()), " "+field.Tag.Get("json")+" ")
					for _, shown := range []string{value, "TOK3N", "ChangeMe", "***"} {
						assert.NotContains(t, fmt.Sprintf("%+v", err), shown)
					}
				}
			})
		}
	}
}
