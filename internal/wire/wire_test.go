package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorefund/refund/internal/wire"
)

// answer has the shape of the adapters' answers.
type answer struct {
	Status wire.Text
	Code   wire.Text
	Data   struct {
		Self   wire.Text
		Status wire.Text
		Inner  struct{ Self, ID wire.Text }
	}
}

func read(body []byte) (a answer, err error) {
	err = wire.Read(body, []wire.Field{
		{Name: "status", Text: &a.Status},
		{Name: "code", Text: &a.Code},
		{Name: "data", Text: &a.Data.Self, Inside: []wire.Field{
			{Name: "status", Text: &a.Data.Status},
			{Name: "inner", Text: &a.Data.Inner.Self, Inside: []wire.Field{{Name: "id", Text: &a.Data.Inner.ID}}},
		}},
	})
	return a, err
}

func decode(t *testing.T, body string) answer {
	t.Helper()
	a, err := read([]byte(body))
	require.NoError(t, err)
	return a
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		shape       wire.Shape
		text        string
		integer     int64
		isInteger   bool
	}{
		{"null", `null`, wire.Null, "", 0, false},
		{"true", `true`, wire.Bool, "true", 0, false},
		{"false", `false`, wire.Bool, "false", 0, false},
		{"object", `{"a":1}`, wire.Object, "", 0, false},
		{"empty object", `{}`, wire.Object, "", 0, false},
		{"array", `["0"]`, wire.Array, "", 0, false},
		{"empty array", `[]`, wire.Array, "", 0, false},
		{"text", `"success"`, wire.String, "success", 0, false},
		{"empty text", `""`, wire.String, "", 0, false},
		{"text of another type", `"true"`, wire.String, "true", 0, false},
		{"null in quotes", `"null"`, wire.String, "null", 0, false},
		{"escapes", `"a\"b\\c\/d\n\u00e7\ud834\udd1e"`, wire.String, "a\"b\\c/d\nç𝄞", 0, false},
		{"half an escape pair", `"\ud834"`, wire.String, "\uFFFD", 0, false},
		{"escaped digits", `"\u0030"`, wire.String, "0", 0, true},
		{"letters", `"geçersiz"`, wire.String, "geçersiz", 0, false},

		{"0", `0`, wire.Number, "0", 0, true},
		{"0 in quotes", `"0"`, wire.String, "0", 0, true},
		{"integer", `5103`, wire.Number, "5103", 5103, true},
		{"integer in quotes", `"5103"`, wire.String, "5103", 5103, true},
		{"negative", `-1`, wire.Number, "-1", -1, true},
		{"the largest", `9223372036854775807`, wire.Number, "9223372036854775807", 1<<63 - 1, true},
		{"the smallest", `-9223372036854775808`, wire.Number, "-9223372036854775808", -1 << 63, true},

		// Not one of these is the 0 of a success.
		{"0.0", `0.0`, wire.Number, "0.0", 0, false},
		{"-0", `-0`, wire.Number, "-0", 0, false},
		{"0e0", `0e0`, wire.Number, "0e0", 0, false},
		{"1e0", `1e0`, wire.Number, "1e0", 0, false},
		{"1E-400", `1E-400`, wire.Number, "1E-400", 0, false},
		{"2^64", `18446744073709551616`, wire.Number, "18446744073709551616", 0, false},
		{"huge", `1e999999999`, wire.Number, "1e999999999", 0, false},
		{"00 in quotes", `"00"`, wire.String, "00", 0, false},
		{"0.0 in quotes", `"0.0"`, wire.String, "0.0", 0, false},
		{"-0 in quotes", `"-0"`, wire.String, "-0", 0, false},
		{"+0 in quotes", `"+0"`, wire.String, "+0", 0, false},
		{"0x0 in quotes", `"0x0"`, wire.String, "0x0", 0, false},
		{"0_0 in quotes", `"0_0"`, wire.String, "0_0", 0, false},
		{"spaces in quotes", `" 0 "`, wire.String, " 0 ", 0, false},
		{"line break in quotes", `"0\n"`, wire.String, "0\n", 0, false},
		{"digits of another script", `"٠"`, wire.String, "٠", 0, false},
		{"zero byte behind", `"0\u0000"`, wire.String, "0\x00", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, space := range []string{"", " \r\n\t"} {
				got := decode(t, `{"code":`+space+tt.value+space+`}`).Code
				assert.Equal(t, wire.Text{S: tt.text, Shape: tt.shape}, got)
				n, ok := got.Int()
				assert.Equal(t, tt.isInteger, ok)
				assert.Equal(t, tt.integer, n)
				assert.Equal(t, tt.shape == wire.String, got.IsString(tt.text))
				assert.False(t, got.IsString(tt.text+"x"))
				assert.Equal(t, tt.shape == wire.Null, got.Absent())
			}
		})
	}
}

func TestText_Missing(t *testing.T) {
	t.Parallel()
	got := decode(t, `{}`).Code
	assert.Equal(t, wire.Text{}, got)
	assert.True(t, got.Absent())
	assert.False(t, got.IsString(""), "what is missing is no empty text")
	_, ok := got.Int()
	assert.False(t, ok, "what is missing is no zero")
}

// Of two values nobody can say which one counts, so neither does.
func TestText_Twice(t *testing.T) {
	t.Parallel()
	values := []string{`"success"`, `""`, `0`, `true`, `null`, `{}`, `[]`}
	for _, first := range values {
		for _, second := range values {
			for _, times := range []int{1, 2} {
				body := `{"code":` + first + strings.Repeat(`,"code":`+second, times) + `}`
				t.Run(body, func(t *testing.T) {
					t.Parallel()
					got := decode(t, body).Code
					assert.Equal(t, wire.Text{Shape: wire.Twice}, got)
					assert.False(t, got.Absent(), "it does say something")
					assert.False(t, got.IsString(""))
					_, ok := got.Int()
					assert.False(t, ok)
				})
			}
		}
	}
	t.Run("in an object that is given twice", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, wire.Twice, decode(t, `{"data":{"status":"a"},"data":{"status":"a"}}`).Data.Status.Shape)
	})
}

// A mark of success must match exactly, so what comes by its name in another
// case contradicts it, alone as well as beside it.
func TestRead_NamesOfAnotherCase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Status", "STATUS", "sTaTuS", "statuS", `\u0053tatus`, `statu\u0053`, "ſtatus", "statuſ", `\u017ftatus`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []string{`"success"`, `0`, `null`, `true`, `[1,{"a":"]}"}]`, `{"a":[","]}`, `"a\"},{["`, `"\\"`} {
				for _, body := range []string{
					`{"` + name + `":` + value + `}`,
					`{"code":0,"` + name + "\" \n:\t" + value + ` , "x":1}`,
					`{"status":"success","` + name + `":` + value + `}`,
					`{"` + name + `":` + value + `,"status":"success"}`,
				} {
					a := decode(t, body)
					assert.Equal(t, wire.Text{Shape: wire.Twice}, a.Status, body)
				}
				// What stands beside it is read all the same.
				a := decode(t, `{"code":0,"x":"y","`+name+`":`+value+`,"data":{"status":"a","inner":{"id":7}}}`)
				assert.Equal(t, wire.Text{S: "0", Shape: wire.Number}, a.Code)
				assert.True(t, a.Data.Status.IsString("a"))
				assert.Equal(t, "7", a.Data.Inner.ID.S)
			}
		})
	}
	for _, body := range []string{
		`{"Data":{"status":"a"}}`, `{"DATA":{"Status":"a"}}`, `{"data":{"Status":"a"}}`, `{"data":{"status":"a"},"Data":{"status":"a"}}`,
	} {
		assert.Equal(t, wire.Twice, decode(t, body).Data.Status.Shape, body)
	}
	assert.Equal(t, wire.Twice, decode(t, `{"data":{"INNER":{"id":1}}}`).Data.Inner.ID.Shape)

	// An escape is another way to write the same name.
	assert.True(t, decode(t, `{"\u0073tatus":"success"}`).Status.IsString("success"))
	// A name that is none of the fields' changes nothing.
	for _, name := range []string{"statu", "statuss", " status", "Status ", "Status\\u0000", "ŞTATUS", "STATUS_", "Data.status", "", `\"Status\"`} {
		a := decode(t, `{"`+name+`":{"status":"x"},"status":"success"}`)
		assert.True(t, a.Status.IsString("success"), name)
	}
	// Neither does a value that looks like a name.
	assert.True(t, decode(t, `{"status":"success","x":["Status","Code"],"y":"\"Status\":1"}`).Status.IsString("success"))
}

// What is no JSON must not become JSON by what is done about names.
func TestRead_BrokenNamesOfAnotherCase(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"Status":}`, `{"Status":"a"`, `{"Status":"a",}`, `{"Status":[}`, `{"Status"`, `{"Status":`, `{"Status" "a"}`, `{"Status":"a" "b":1}`,
		`{"Status":{"a":1}`, `{"Status":tru}`, `{"Status":1}}`, `{"Status":"a\`, `{"Sta\qtus":1}`, "{\"Sta\ntus\":1}", `{"Status":01}`,
	} {
		_, err := read([]byte(body))
		assert.ErrorIs(t, err, wire.ErrNoObject, body)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const mark = "\xEF\xBB\xBF"
	for _, tt := range []struct {
		name, body string
		ok         bool
	}{
		{"object", `{"status":"success"}`, true},
		{"spaces around", " \t\r\n{\"status\":\"success\"} \t\r\n", true},
		{"byte order mark", mark + `{"status":"success"}`, true},
		{"byte order mark and spaces", mark + " \n{\"status\":\"success\"}", true},
		{"unknown fields", `{"status":"success","x":{"y":[1,"z",null]}}`, true},
		{"deep side field", `{"status":"success","x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, true},
		{"long side field", `{"status":"success","x":"` + strings.Repeat("y", 1<<20) + `"}`, true},

		{"nothing", ``, false},
		{"spaces only", " \r\n", false},
		{"byte order mark only", mark, false},
		{"byte order mark behind a space", " " + mark + `{"status":"success"}`, false},
		{"two byte order marks", mark + mark + `{"status":"success"}`, false},
		{"null", `null`, false},
		{"text", `"success"`, false},
		{"number", `0`, false},
		{"array", `[{"status":"success"}]`, false},
		{"word", `success`, false},
		{"HTML", `<html>{"status":"success"}</html>`, false},
		{"form", `status=success`, false},
		{"two objects", `{"status":"success"}{"status":"success"}`, false},
		{"garbage behind", `{"status":"success"} OK`, false},
		{"zero byte behind", "{\"status\":\"success\"}\x00", false},
		{"garbage before", `)]}'{"status":"success"}`, false},
		{"cut off", `{"status":"success"`, false},
		{"cut off in a text", `{"status":"succ`, false},
		{"comma too many", `{"status":"success",}`, false},
		{"single quotes", `{'status':'success'}`, false},
		{"comment", `{"status":"success"/* yes */}`, false},
		{"no number", `{"status":"success","code":NaN}`, false},
		{"leading zero", `{"status":"success","code":00}`, false},
		{"plus", `{"status":"success","code":+1}`, false},
		{"bare word", `{"status":True}`, false},
		{"raw line break in a text", "{\"status\":\"succ\ness\"}", false},
		{"UTF-16", "\xFF\xFE{\x00}\x00", false},
		{"too deep", `{"status":"success","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := read([]byte(tt.body))
			if !tt.ok {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.True(t, a.Status.IsString("success"))
		})
	}
}

// A side field of another type breaks nothing, wherever it stands.
func TestRead_Drift(t *testing.T) {
	t.Parallel()
	for _, drifted := range []string{`null`, `"text"`, `""`, `0`, `1e999`, `true`, `[]`, `[{"status":"x"}]`} {
		for name, body := range map[string]string{
			"before": `{"data":` + drifted + `,"status":"success","code":0}`,
			"behind": `{"status":"success","code":0,"data":` + drifted + `}`,
			"inside": `{"status":"success","data":{"inner":` + drifted + `,"status":"ok"},"code":0}`,
		} {
			t.Run(name+" "+drifted, func(t *testing.T) {
				t.Parallel()
				a := decode(t, body)
				assert.True(t, a.Status.IsString("success"))
				n, ok := a.Code.Int()
				assert.True(t, ok && n == 0)
				assert.Equal(t, wire.Missing, a.Data.Inner.ID.Shape)
				if name == "inside" {
					assert.True(t, a.Data.Status.IsString("ok"))
				} else {
					assert.Equal(t, wire.Missing, a.Data.Status.Shape)
				}
			})
		}
	}
	t.Run("an object where a text is due", func(t *testing.T) {
		t.Parallel()
		a := decode(t, `{"status":{"code":0},"code":0}`)
		assert.Equal(t, wire.Object, a.Status.Shape)
		assert.Equal(t, wire.Number, a.Code.Shape)
	})
}

// Read must not keep the body: it is large and not ours.
func TestRead_CopiesTexts(t *testing.T) {
	t.Parallel()
	body := []byte(`{"status":"success","code":5103}`)
	a, err := read(body)
	require.NoError(t, err)
	for i := range body {
		body[i] = 'x'
	}
	assert.Equal(t, "success", a.Status.S)
	assert.Equal(t, "5103", a.Code.S)
}

// FuzzRead compares Read with a slow second implementation over the stream
// of tokens.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `null`, `[]`, `{"status":"success","code":0}`, `{"Status":true,"status":false}`, "\xEF\xBB\xBF{\"code\":\"\\u0030\"}",
		`{"data":{"status":"a","inner":{"id":1}},"data":{"Status":"b"}}`, `{"data":"text","code":1e0}`, `{"data":null,"data":{"inner":[]}}`,
		`{"code":{}} x`, `{"code":"` + "\xff" + `"}`, `{"ſtatus":-0,"DATA":{"ſTATUS":"\ud800"}}`, `{"status":"a","status":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := read(body)
		want, ok := oracle(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
		if ok != (err == nil) {
			t.Fatalf("%q: %v, by the oracle %t", body, err, ok)
		}
		if err != nil {
			return
		}
		fields := map[string]wire.Text{
			"status": got.Status, "code": got.Code, "data": got.Data.Self, "data.status": got.Data.Status,
			"data.inner": got.Data.Inner.Self, "data.inner.id": got.Data.Inner.ID,
		}
		for name, text := range fields {
			// A broken byte may stay as it came: what is shown is cleaned later.
			text.S = string([]rune(text.S))
			if text != want[name] {
				t.Fatalf("%q: %s is %+v, by the oracle %+v", body, name, text, want[name])
			}
			if n, ok := text.Int(); ok && fmt.Sprint(n) != text.S {
				t.Fatalf("%q: %+v is taken for %d", body, text, n)
			}
		}
	})
}

func oracle(body []byte) (map[string]wire.Text, bool) {
	texts := make(map[string]wire.Text)
	if !json.Valid(body) || bytes.TrimSpace(body)[0] != '{' {
		return nil, false
	}
	all := []string{"status", "code", "data", "data.status", "data.inner", "data.inner.id"}
	var walk func(raw []byte, path string)
	walk = func(raw []byte, path string) {
		d := json.NewDecoder(bytes.NewReader(raw))
		_, _ = d.Token()
		for d.More() {
			token, _ := d.Token()
			var value json.RawMessage
			_ = d.Decode(&value)
			for _, field := range all {
				name, within := strings.CutPrefix(field, path)
				if !within || strings.Contains(name, ".") || !strings.EqualFold(name, token.(string)) {
					continue
				}
				if _, again := texts[field]; again || name != token {
					for _, spoilt := range all { // the field and what is inside
						if spoilt == field || strings.HasPrefix(spoilt, field+".") {
							texts[spoilt] = wire.Text{Shape: wire.Twice}
						}
					}
					continue
				}
				if texts[field] = slowText(value); value[0] == '{' {
					walk(value, field+".")
				}
			}
		}
	}
	walk(body, "")
	return texts, true
}

func slowText(raw json.RawMessage) wire.Text {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	_ = d.Decode(&value)
	switch v := value.(type) {
	case nil:
		return wire.Text{Shape: wire.Null}
	case string:
		return wire.Text{Shape: wire.String, S: v}
	case json.Number:
		return wire.Text{Shape: wire.Number, S: v.String()}
	case bool:
		return wire.Text{Shape: wire.Bool, S: fmt.Sprint(v)}
	case map[string]any:
		return wire.Text{Shape: wire.Object}
	default:
		return wire.Text{Shape: wire.Array}
	}
}

func BenchmarkRead(b *testing.B) {
	body := []byte(`{"status":"success","code":0,"data":{"status":"pending","inner":{"id":"1"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(body); err != nil {
			b.Fatal(err)
		}
	}
}
