// Tideline ranks opportunities for students as things happen.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"tideline/engine/command"
)

func main() { os.Exit(run()) }

// run ends on the first signal gracefully and on the second at once.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // from now on a signal has its default effect
	}()
	return command.Run(ctx)
}
