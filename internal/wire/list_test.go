package wire_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/internal/wire"
)

func texts(values [][]byte) []string {
	all := []string{}
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		path       []string
		want       []string
	}{
		{"empty", `[]`, nil, []string{}},
		{"empty, with space", " [ \r\n\t] ", nil, []string{}},
		{"behind a byte order mark", "\xEF\xBB\xBF [1]", nil, []string{"1"}},
		{"numbers", `[1,-2.50,3e7]`, nil, []string{"1", "-2.50", "3e7"}},
		{"words", `[true,false,null]`, nil, []string{"true", "false", "null"}},
		{"texts", `["","a]","\"],[","\\"]`, nil, []string{`""`, `"a]"`, `"\"],["`, `"\\"`}},
		{"objects", `[{},{"a":[1,{"b":"}]"}]}]`, nil, []string{`{}`, `{"a":[1,{"b":"}]"}]}`}},
		{"lists", `[[],[1,[2]],3]`, nil, []string{`[]`, `[1,[2]]`, `3`}},
		{"with space", " [ 1 ,\n\"a\" ,\t{ } , [ ] , null ] ", nil, []string{`1`, `"a"`, `{ }`, `[ ]`, `null`}},
		{"of a name", `{"x":[9],"Data":[{"id":1},{"id":2}],"y":"[8]"}`, []string{"Data"}, []string{`{"id":1}`, `{"id":2}`}},
		{"of a name that is last", `{"x":7 , "data" : [1] }`, []string{"data"}, []string{"1"}},
		{"of an escaped name", `{"\u0064ata":[1]}`, []string{"data"}, []string{"1"}},
		{"of a path", `{"refunds":[9],"result":{"id":1,"refunds":[{"a":1}]}}`, []string{"result", "refunds"}, []string{`{"a":1}`}},
		{"of an empty name", `{"":[1]}`, []string{""}, []string{"1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			values, shape := wire.List([]byte(tt.body), tt.path...)
			assert.Equal(t, wire.Array, shape)
			assert.Equal(t, tt.want, texts(values))
		})
	}
}

func TestList_None(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		path       []string
		shape      wire.Shape
	}{
		{"nothing", ``, nil, wire.Missing},
		{"space", ` `, nil, wire.Missing},
		{"half", `[{"id":1},{"id"`, nil, wire.Missing},
		{"half behind the list", `{"data":[1],`, []string{"data"}, wire.Missing},
		{"two", `[1][2]`, nil, wire.Missing},
		{"HTML", `<html>[1]</html>`, nil, wire.Missing},
		{"object", `{"data":[1]}`, nil, wire.Object},
		{"text", `"[1]"`, nil, wire.String},
		{"name in a list", `[{"data":[1]}]`, []string{"data"}, wire.Missing},
		{"name in a text", `"data"`, []string{"data"}, wire.Missing},
		{"no such name", `{"x":{"data":[1]}}`, []string{"data"}, wire.Missing},
		{"empty object", `{ }`, []string{"data"}, wire.Missing},
		{"path that ends early", `{"result":"data"}`, []string{"result", "data"}, wire.Missing},
		{"null", `{"data":null}`, []string{"data"}, wire.Null},
		{"text of a name", `{"data":"[1]"}`, []string{"data"}, wire.String},
		{"number", `{"data":0}`, []string{"data"}, wire.Number},
		{"word", `{"data":false}`, []string{"data"}, wire.Bool},
		{"object of a name", `{"data":{"0":[1]}}`, []string{"data"}, wire.Object},
		{"twice", `{"data":[1],"data":[1]}`, []string{"data"}, wire.Twice},
		{"three times", `{"data":[1],"data":[1],"data":[1]}`, []string{"data"}, wire.Twice},
		{"twice on the way", `{"result":{"data":[1]},"result":{"data":[1]}}`, []string{"result", "data"}, wire.Twice},
		{"in capitals", `{"Data":[1]}`, []string{"data"}, wire.Twice},
		{"in capitals beside it", `{"data":[1],"DATA":[2]}`, []string{"data"}, wire.Twice},
		{"in capitals before it", `{"DATA":[2],"data":[1]}`, []string{"data"}, wire.Twice},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			values, shape := wire.List([]byte(tt.body), tt.path...)
			assert.Equal(t, tt.shape, shape)
			assert.Nil(t, values)
		})
	}
}

// The values of a list are what Read takes.
func TestList_ThenRead(t *testing.T) {
	t.Parallel()
	rows, shape := wire.List([]byte(`{"Data":[{"id":"1"},{"id":2,"more":{}},"3"]}`), "Data")
	require.Equal(t, wire.Array, shape)
	require.Len(t, rows, 3)
	var ids []wire.Text
	for _, row := range rows[:2] {
		var id wire.Text
		require.NoError(t, wire.Read(row, []wire.Field{{Name: "id", Text: &id}}))
		ids = append(ids, id)
	}
	assert.Equal(t, []wire.Text{{S: "1", Shape: wire.String}, {S: "2", Shape: wire.Number}}, ids)
	assert.ErrorIs(t, wire.Read(rows[2], nil), wire.ErrNoObject)
}

// FuzzList holds List against the standard decoder.
func FuzzList(f *testing.F) {
	for _, body := range []string{
		`[]`, `[1]`, ` [ 1 , "a]\"," , {"a":[]} , [[ ]] , null ] `, `{"data":[1,2]}`, `{"data":[1],"Data":[2]}`,
		`{"data":[1],"data":[2]}`, `{"\u0064ata":[true]}`, `{"data":{}}`, `[1`, "\xEF\xBB\xBF[1]", `{"a":"\\","data":["\u005d"]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		plain := []byte(strings.TrimPrefix(string(body), "\xEF\xBB\xBF"))
		var whole []json.RawMessage
		values, shape := wire.List(body)
		ok := json.Unmarshal(plain, &whole) == nil && whole != nil
		if ok != (shape == wire.Array) || ok && !same(values, whole) {
			t.Fatalf("%q: %v %q, want %t %q", body, shape, values, ok, whole)
		}

		values, shape = wire.List(body, "data")
		list, times := named(t, plain)
		switch {
		case times == 1 && list != nil:
			var want []json.RawMessage
			if json.Unmarshal(list, &want) == nil && want != nil {
				if shape != wire.Array || !same(values, want) {
					t.Fatalf("%q: %v %q, want %q", body, shape, values, want)
				}
				return
			}
		case times > 0:
			if shape != wire.Twice {
				t.Fatalf("%q: %v, want Twice", body, shape)
			}
		}
		if shape == wire.Array || values != nil {
			t.Fatalf("%q: %v %q, want none", body, shape, values)
		}
	})
}

func same(values [][]byte, want []json.RawMessage) bool {
	return slices.EqualFunc(values, want, func(v []byte, w json.RawMessage) bool { return string(v) == strings.Trim(string(w), " \t\r\n") })
}

// named returns the value of the name data if it is spelt exactly so, and how
// many names could be taken for it.
func named(t *testing.T, body []byte) (value json.RawMessage, times int) {
	t.Helper()
	if !json.Valid(body) {
		return nil, 0
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	if start, _ := d.Token(); start != json.Delim('{') {
		return nil, 0
	}
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		var raw json.RawMessage
		require.NoError(t, d.Decode(&raw))
		if strings.EqualFold(name.(string), "data") {
			times++
		}
		if name == "data" {
			value = raw
		}
	}
	return value, times
}
