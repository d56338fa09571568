package tarlan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"sorted, without spaces":           {" {\n\"b\" : 1 ,\t\"a\":\r[ true , null ] } ", `{"a":[true,null],"b":1}`},
		"sorted by bytes":                  {`{"б":1,"a_b":2,"aB":3,"Z":4,"":5}`, `{"":5,"Z":4,"aB":3,"a_b":2,"б":1}`},
		"sorted by the unescaped key":      {`{"\u0062":1,"a":2}`, `{"a":2,"b":1}`},
		"additional_data and empty ones":   {`{"a":"","additional_data":{"x":[1]},"b":"x"}`, `{"b":"x"}`},
		"an escaped additional_data":       {`{"additional\u005fdata":1}`, `{}`},
		"additional_data is not looked at": {`{"additional_data":{"a":1,"a":2,"n":1e999}}`, `{}`},
		"nothing left":                     {`{"a":""}`, `{}`},
		"other empty values stay":          {`{"n":null,"f":false,"z":0,"l":[],"o":{},"s":" "}`, `{"f":false,"l":[],"n":null,"o":{},"s":" ","z":0}`},
		"inner ones stay":                  {`{"o":{"b":"","additional_data":1,"a":[""]}}`, `{"o":{"a":[""],"additional_data":1,"b":""}}`},
		"text":                             {`{"a":"\/\u0041\u20ac\ud83d\ude00\b\f\n\r\t\u0001\"\\\u007f"}`, `{"a":"/A€😀\b\f\n\r\t\u0001\"\\` + "\x7f" + `"}`},
		"text that HTML could take":        {`{"a&":"<&>\u2028\u2029"}`, `{"a\u0026":"\u003c\u0026\u003e\u2028\u2029"}`},
		"a backslash before u":             {`{"a":"\\ud800"}`, `{"a":"\\ud800"}`},
		"depth that is allowed":            {`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, `{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := canonical([]byte(tt.body), formGo)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

func TestCanonical_Forms(t *testing.T) {
	t.Parallel()
	const body = `{"ж&":"</a> ж\u2028😀\u007f"}`
	for f, want := range map[form]string{
		formGo:     `{"ж\u0026":"\u003c/a\u003e ж\u2028😀` + "\x7f" + `"}`,
		formPHP:    `{"\u0436&":"</a> \u0436\u2028\ud83d\ude00` + "\x7f" + `"}`,
		formPython: "{\"ж&\":\"</a> ж\u2028😀\x7f\"}",
	} {
		got, err := canonical([]byte(body), f)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
}

func TestCanonical_Numbers(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		"0": "0", "-0": "-0", "0.0": "0", "-0.00": "-0", "0e5": "0", "10": "10", "10.0": "10", "10.50": "10.5", "-0.10": "-0.1", "100": "100",
		"1e1": "10", "1E+1": "10", "1.50e1": "15", "1.25e1": "12.5", "100e-2": "1", "123e-5": "0.00123", "0.30000000000000004": "0.30000000000000004",
		"9007199254740993": "9007199254740993", "9007199254740993.0": "9007199254740993", "123456789012345678901234567890": "123456789012345678901234567890",
		"0.000001": "0.000001", "0.0000001": "1e-7", "1.5e-10": "1.5e-10", "1e20": "100000000000000000000", "1e21": "1e+21", "-1.20e300": "-1.2e+300", "1e-300": "1e-300",
	} {
		got, ok := shortNumber(literal)
		assert.True(t, ok, literal)
		assert.Equal(t, want, got, literal)

		// Where a float64 holds the value, encoding/json must write the same.
		if f, err := json.Number(literal).Float64(); err == nil && len(strings.Trim(literal, "-0.")) < 15 {
			text, err := json.Marshal(f)
			require.NoError(t, err)
			assert.Equal(t, string(text), got, literal)
		}
	}
	for _, literal := range []string{"1e301", "1e-301", "1e999999999", "1e-999999999", "1e99999999999999999999", "0e99999999999999999999", "0.1e2000000"} {
		_, ok := shortNumber(literal)
		assert.False(t, ok, literal)
	}
}

func TestCanonical_Refuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing": "", "space": " ", "null": "null", "text": `"a"`, "number": "1", "list": `[{"a":1}]`, "half": `{"a":1`, "comma at the end": `{"a":1,}`,
		"text behind": `{"a":1} x`, "two objects": `{"a":1}{}`, "byte order mark": "\xEF\xBB\xBF{}", "no quotes": `{a:1}`, "zeros": `{"a":01}`, "NaN": `{"a":NaN}`,
		"no UTF-8": "{\"a\":\"\xff\"}", "no UTF-8 in what is skipped": "{\"additional_data\":\"\xff\"}",
		"twice": `{"a":1,"a":1}`, "twice, escaped": `{"a":1,"\u0061":1}`, "twice, not side by side": `{"a":1,"b":1,"a":1}`, "twice, inside": `{"o":[{"a":1,"a":2}]}`,
		"twice, one empty": `{"a":1,"a":""}`, "additional_data twice": `{"additional_data":1,"additional_data":2}`,
		"high half": `{"a":"\ud800"}`, "low half": `{"a":"\udc00"}`, "halves turned": `{"a":"\udc00\ud800"}`, "two high halves": `{"a":"\ud800\ud800"}`, "half of a key": `{"\ud800":1}`,
		"half behind a backslash": `{"a":"\\\ud800"}`, "half at the end": `{"a":"\ud83d"}`, "half before text": `{"a":"\ud83dude00"}`,
		"too deep": `{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "too deep in objects": strings.Repeat(`{"a":`, 33) + `1` + strings.Repeat("}", 33),
		"far too deep": strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat("}", 20000), "huge number": `{"a":[1e999999999]}`,
	} {
		got, err := canonical([]byte(body), formGo)
		assert.Error(t, err, name)
		assert.Nil(t, got, name)
	}
}

// The vectors of the fact sheet, from bodies in another order and with spaces, and
// the callbacks.
func TestCanonical_Vectors(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"signatures.json", "callbacks.json"} {
		var vectors []struct{ Name, Body, Canonical, Secret, Signature string }
		text, err := os.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &vectors))
		require.Len(t, vectors, 6)
		for _, v := range vectors {
			body := v.Body
			if body == "" {
				body = backwards(t, v.Canonical)
			}
			var got []string
			for _, f := range forms {
				text, err := canonical([]byte(body), f)
				require.NoError(t, err)
				got = append(got, string(text))
			}
			assert.Contains(t, got, v.Canonical, v.Name)
			assert.Equal(t, v.Signature, sign([]byte(v.Canonical), v.Secret), v.Name)
		}
	}
}

// backwards writes a flat object with its members in the opposite order.
func backwards(t *testing.T, object string) string {
	t.Helper()
	members := strings.Split(strings.Trim(object, "{}"), ",")
	var b strings.Builder
	for i := len(members) - 1; i >= 0; i-- {
		b.WriteString(" , " + members[i])
	}
	return "{ " + strings.TrimPrefix(b.String(), " , ") + " }"
}
