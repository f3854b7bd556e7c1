// SPDX-License-Identifier: Apache-2.0

package main

// storageCommand has the commands of "lithops storage", so that a line that was
// written for Lithops works with another name in front of it.
type storageCommand struct {
	Put    putCommand           `cmd:"" help:"Store a file."`
	Get    getCommand           `cmd:"" help:"Fetch an object into a file."`
	List   listCommand          `cmd:"" help:"List objects."`
	Delete lithopsDeleteCommand `cmd:"" help:"Delete an object, or all with a prefix."`
}

// lithopsDeleteCommand deletes without asking, as Lithops does.
type lithopsDeleteCommand struct{ deleteCommand }

// Run deletes.
func (c *lithopsDeleteCommand) Run(t *terminal) error {
	c.Yes = true
	return c.deleteCommand.Run(t)
}
