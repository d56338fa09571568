package journal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestC67_ClockThatIsOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		off, takes time.Duration // of the database's clock, and how long it takes to answer
		refused    bool
	}{
		"the same":                            {},
		"a minute behind":                     {off: -time.Minute},
		"a minute ahead":                      {off: time.Minute},
		"more than that behind":               {off: -61 * time.Second, refused: true},
		"more than that ahead":                {off: 61 * time.Second, refused: true},
		"this process is ten years ahead":     {off: -10 * 365 * 24 * time.Hour, refused: true},
		"the answer takes long":               {takes: 2 * time.Minute},
		"it takes long, and the clock is off": {off: 4 * time.Minute, takes: 2 * time.Minute, refused: true},
	} {
		t.Run("C67 "+name, func(t *testing.T) {
			t.Parallel()
			inBubbleOf(t, fakeLanguage{}, func(t *testing.T, f *fake, s *Store) {
				f.clock = func() time.Time {
					at := time.Now().Add(test.off)
					time.Sleep(test.takes)
					return at
				}
				err := checkClock(t.Context(), s.db, s.lang)
				if !test.refused {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "clock")
				assert.ErrorContains(t, err, time.Now().UTC().Format(time.RFC3339))
			})
		})
	}
}
