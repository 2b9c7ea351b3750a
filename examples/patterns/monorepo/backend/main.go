package main

func main() { println("backend") }
