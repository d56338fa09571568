package tarlantest

import (
	"testing"

	"github.com/gorefund/refund/refundtest/pretend"
	"github.com/stretchr/testify/require"
)

// The vectors are those of the fact sheet; V1 is the one that the vendor published.
func TestSignVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, body, canonical, hash string }{
		{
			"V1",
			`{"external_id": "200001", "project": "mobile", "agent": "tarlan", "amount": 100, "datetime": "2022-12-01T15:45:00Z",
				"service_code": "201106", "username": "989898"}`,
			`{"agent":"tarlan","amount":100,"datetime":"2022-12-01T15:45:00Z","external_id":"200001","project":"mobile","service_code":"201106","username":"989898"}`,
			"9ab70986d5b875e66fc92368029f845275a1208633eb9dda821bbabf99cac4b2",
		},
		{
			"V2", `{"project_id":1,"merchant_id":1,"project_client_id":"9999"}`,
			`{"merchant_id":1,"project_client_id":"9999","project_id":1}`,
			"3883ad4d5f8a6a128965ae068df476d3b036bfe198b43bc5ab75d06f1d46db6f",
		},
		{
			"V3", `{"transaction_id":999,"amount":10}`, `{"amount":10,"transaction_id":999}`,
			"419fb587737530d02087ecd553c9f0c083ee4f7778d560a59b8495630997d9a0",
		},
		{
			"V4", `{"amount":10.50,"transaction_id":999}`, `{"amount":10.5,"transaction_id":999}`,
			"e3872de0311aa95fb2f2d0608a73c4f5c0d280c6fed5121c2535ccb059bfe137",
		},
		{
			"V5", `{"merchant_id":1,"project_id":42,"project_reference_id":"sanch92116","type":"in"}`,
			`{"merchant_id":1,"project_id":42,"project_reference_id":"sanch92116","type":"in"}`,
			"e1ef6a688a5a25c234a47e8e6a7d338b8d94ec12f0885403c96bdec5c49477f1",
		},
		{
			"V6", `{"merchant_id" : 123, "project_client_id" : "999", "project_id" : 124}`,
			`{"merchant_id":123,"project_client_id":"999","project_id":124}`,
			"a7c55a418c96ea6d94d768854925ae504f65aac8bf76ff56e86c0a39cb52fee5",
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			fields, err := pretend.Members([]byte(v.body))
			require.NoError(t, err)
			canonical, err := canonicalJSON(fields)
			require.NoError(t, err)
			require.Equal(t, v.canonical, string(canonical))
			hash, err := sign(fields, "12345", goText)
			require.NoError(t, err)
			require.Equal(t, v.hash, hash)
		})
	}
}

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"additional_data and empty strings go": {`{"b":"","additional_data":{"x":1},"a":"x"}`, `{"a":"x"}`},
		"nothing left":                         {`{"b":""}`, `{}`},
		"other empty values stay":              {`{"n":null,"f":false,"z":0,"l":[],"o":{}}`, `{"f":false,"l":[],"n":null,"o":{},"z":0}`},
		"slashes stay, ampersands don't":       {`{"a":"x\/y&<>"}`, `{"a":"x/y\u0026\u003c\u003e"}`},
		"other letters stay":                   {`{"a":"\u0442\u0435\u04a3\u0433\u0435"}`, `{"a":"теңге"}`},
		"numbers get short":                    {`{"a":10.0,"b":10.50,"c":1e1,"d":-0.10,"e":100}`, `{"a":10,"b":10.5,"c":10,"d":-0.1,"e":100}`},
		"nested numbers too":                   {`{"a":[1.0,{"z":2.50,"b":""}]}`, `{"a":[1,{"b":"","z":2.5}]}`},
		"long integers keep their digits":      {`{"a":9007199254740993}`, `{"a":9007199254740993}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields, err := pretend.Members([]byte(c.body))
			require.NoError(t, err)
			got, err := canonicalJSON(fields)
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
		})
	}
}

func TestMembersRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", " ", "null", "1", `"a"`, `[]`, `[{"a":1}]`, `{`, `{"a"`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":1}{}`, `{"a":1} x`,
		`{"a":1,"a":1}`, `{"a":1,"\u0061":2}`, `{a:1}`, `{1:1}`, "{\"a\":\"\xff\"}", `{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":5.}`, `{"a":NaN}`,
	} {
		_, err := pretend.Members([]byte(body))
		require.Error(t, err, body)
	}
}

// What json_encode with JSON_UNESCAPED_SLASHES makes of a text.
func TestPHPText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"slashes and ampersands stay":   {`{"a":"x/y&<>"}`, `{"a":"x/y&<>"}`},
		"other letters are escaped":     {`{"ң":"теңге"}`, `{"\u04a3":"\u0442\u0435\u04a3\u0433\u0435"}`},
		"beyond 16 bits a pair":         {`{"a":"👍"}`, `{"a":"\ud83d\udc4d"}`},
		"line separators too":           {`{"a":"\u2028"}`, `{"a":"\u2028"}`},
		"an escaped backslash is none":  {`{"a":"\\u0026\\\\u003c"}`, `{"a":"\\u0026\\\\u003c"}`},
		"short escapes":                 {`{"a":"\t\n\"\\"}`, `{"a":"\t\n\"\\"}`},
		"a backslash before an escaped": {`{"a":"\\&"}`, `{"a":"\\&"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields, err := pretend.Members([]byte(c.body))
			require.NoError(t, err)
			text, err := canonicalJSON(fields)
			require.NoError(t, err)
			require.Equal(t, c.want, string(phpText(text)))
		})
	}
}
