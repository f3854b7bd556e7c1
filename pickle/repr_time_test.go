// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReprTimes(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 24, 1, 2, 0, 0, time.UTC)
	for want, value := range map[string]any{
		"datetime.datetime(2026, 11, 24, 1, 2)":                                                                       NaiveTime{Time: day},
		"datetime.datetime(2026, 11, 24, 1, 2, 0, 7, fold=1)":                                                         NaiveTime{Time: day.Add(7 * time.Microsecond), Fold: true},
		"datetime.datetime(2026, 11, 24, 1, 2, 3, tzinfo=datetime.timezone.utc)":                                      day.Add(3 * time.Second),
		"datetime.datetime(2026, 11, 24, 2, 2, tzinfo=datetime.timezone(datetime.timedelta(seconds=3600)))":           day.In(time.FixedZone("", 3600)),
		"datetime.datetime(2026, 11, 24, 0, 2, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=82800)))": day.In(time.FixedZone("", -3600)),
		"datetime.datetime(2026, 11, 24, 2, 2, tzinfo=datetime.timezone(datetime.timedelta(seconds=3600), 'CET'))":    day.In(time.FixedZone("CET", 3600)),
		"datetime.datetime(2026, 11, 24, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(0), 'GMT'))":               day.In(time.FixedZone("GMT", 0)),
		"datetime.date(2026, 11, 24)":                                Date{2026, 11, 24},
		"datetime.time(1, 2)":                                        TimeOfDay{Hour: 1, Minute: 2},
		"datetime.timedelta(0)":                                      Timedelta{},
		"datetime.timedelta(days=-1, seconds=86399, microseconds=5)": Timedelta{-1, 86399, 5},
	} {
		assert.Equal(t, want, Repr(value))
	}
}
