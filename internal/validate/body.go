// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"io"
	"reflect"
)

// Body returns an error if body is an interface that holds a nil pointer or function, as a
// forgotten error leaves it. A method on it would mostly panic.
func Body(body io.Reader) error {
	value := reflect.ValueOf(body)
	if (value.Kind() == reflect.Pointer || value.Kind() == reflect.Func) && value.IsNil() {
		return fmt.Errorf("it is a nil %T (a nil io.Reader is an empty object)", body)
	}
	return nil
}
