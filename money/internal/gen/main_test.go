package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGeneratedFileIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := generate(listOne)
	require.NoError(t, err)
	have, err := os.ReadFile("../../" + output)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(have), "run go generate ./money")
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	const (
		head = `<ISO_4217 Pblshd="2024-06-25"><CcyTbl>`
		tail = `</CcyTbl></ISO_4217>`
	)
	row := func(code, digits string) string {
		return `<CcyNtry><CtryNm>X</CtryNm><Ccy>` + code + `</Ccy><CcyMnrUnts>` + digits + `</CcyMnrUnts></CcyNtry>`
	}
	_, err := generate([]byte(head + row("TRY", "2") + row("TRY", "2") + row("XAU", "N.A.") + tail))
	require.NoError(t, err, "the pattern that the cases below break")

	for name, list := range map[string]string{
		"no XML":               "AED,2",
		"no date":              strings.Replace(head, "2024-06-25", "", 1) + row("TRY", "2") + tail,
		"no currencies":        head + tail,
		"lower-case code":      head + row("try", "2") + tail,
		"long code":            head + row("TRYX", "2") + tail,
		"no code":              head + row("", "2") + tail,
		"no minor units":       head + row("TRY", "") + tail,
		"five decimals":        head + row("TRY", "5") + tail,
		"signed decimals":      head + row("TRY", "-1") + tail,
		"plus sign":            head + row("TRY", "+2") + tail,
		"rows that contradict": head + row("TRY", "2") + row("TRY", "3") + tail,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := generate([]byte(list))
			assert.Error(t, err)
		})
	}
}
