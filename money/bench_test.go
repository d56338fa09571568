package money_test

import (
	"testing"

	"github.com/gorefund/refund/money"
)

// sink keeps results alive, so that their allocation is counted.
var sink string

func BenchmarkNew(b *testing.B) {
	for _, c := range [][2]string{{"10.00", "TRY"}, {"1000", "JPY"}, {"-92233720368547758.08", "USD"}} {
		b.Run(c[0]+c[1], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := money.New(c[0], c[1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNumber(b *testing.B) {
	a := money.MustParse("1234.50 TRY")
	b.ReportAllocs()
	for b.Loop() {
		sink = a.Number()
	}
}

func BenchmarkAppendNumber(b *testing.B) {
	a := money.MustParse("1234.50 TRY")
	buf := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		buf = a.AppendNumber(buf[:0])
	}
}

func BenchmarkString(b *testing.B) {
	a := money.MustParse("1234.50 TRY")
	b.ReportAllocs()
	for b.Loop() {
		sink = a.String()
	}
}
