package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	name := "world"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	fmt.Printf("Hello, %s, from %s on %s/%s\n", name, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
