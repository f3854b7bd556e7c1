// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
	"time"
)

func reprDatetime(t time.Time, fold bool, zone string) string {
	const nanosPerMicro = 1000
	return fmt.Sprintf("datetime.datetime(%d, %d, %d, ", t.Year(), t.Month(), t.Day()) +
		reprClock(t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/nanosPerMicro) + reprFold(fold) + zone + ")"
}

// reprClock leaves out seconds and microseconds where both are zero, as Python does.
func reprClock(hour, minute, second, micro int) string {
	text := fmt.Sprintf("%d, %d", hour, minute)
	if second != 0 || micro != 0 {
		text += fmt.Sprintf(", %d", second)
	}
	if micro != 0 {
		text += fmt.Sprintf(", %d", micro)
	}
	return text
}

func reprFold(fold bool) string {
	if fold {
		return ", fold=1"
	}
	return ""
}

func reprZone(t time.Time) string {
	name, offset := t.Zone()
	if offset == 0 && (name == "" || name == "UTC") {
		return ", tzinfo=datetime.timezone.utc"
	}
	if name != "" {
		name = ", " + Repr(name)
	}
	return ", tzinfo=datetime.timezone(" + reprTimedelta(TimedeltaOf(time.Duration(offset)*time.Second)) + name + ")"
}

func reprTimedelta(d Timedelta) string {
	var parts []string
	for _, part := range []struct {
		name  string
		value int
	}{{"days", d.Days}, {"seconds", d.Seconds}, {"microseconds", d.Microseconds}} {
		if part.value != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", part.name, part.value))
		}
	}
	if len(parts) == 0 {
		parts = []string{"0"}
	}
	return "datetime.timedelta(" + strings.Join(parts, ", ") + ")"
}
