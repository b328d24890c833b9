// SPDX-License-Identifier: Apache-2.0

// The rows of bench/task_bench.cpp in Go on one P: prints nanoseconds per element, as JSON; with -memory, the resident bytes
// of a sleeping goroutine. Called by run_tasks.py.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const many = 1_000_000

var sink int

// The process's CPU time: a busy machine shows less in it than in the time of day.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func per(start time.Duration, elements int) float64 {
	return float64((cpuTime() - start).Nanoseconds()) / float64(elements)
}

//go:noinline
func one() int { return 1 }

// A turn of an iterator that is pulled is two switches from coroutine to coroutine.
func switches(n int) float64 {
	next, stop := iter.Pull(iter.Seq[int](func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}))
	defer stop()
	start := cpuTime()
	for range n {
		sink, _ = next()
	}
	return per(start, 2*n)
}

func yieldAmong(goroutines, n int) float64 {
	turns := n / goroutines
	var done sync.WaitGroup
	for range goroutines - 1 {
		done.Add(1)
		go func() {
			for range turns {
				runtime.Gosched()
			}
			done.Done()
		}()
	}
	start := cpuTime()
	for range turns {
		runtime.Gosched()
	}
	result := per(start, turns*goroutines)
	done.Wait()
	return result
}

func spawnAndAwait(n int) float64 {
	result := make(chan int, 1)
	start := cpuTime()
	for range n {
		go func() { result <- one() }()
		sink = <-result
	}
	return per(start, n)
}

func spawnAndJoin(n int) float64 {
	var done sync.WaitGroup
	start := cpuTime()
	done.Add(n)
	for range n {
		go func() { done.Done() }()
	}
	done.Wait()
	return per(start, n)
}

// A round trip is two ways.
func handOver(n int) float64 {
	there, back := make(chan int, 1), make(chan int, 1)
	go func() {
		for value := range there {
			back <- value
		}
		close(back)
	}()
	start := cpuTime()
	for i := range n {
		there <- i
		sink = <-back
	}
	result := per(start, 2*n)
	close(there)
	return result
}

// The generator of bench/task_bench.cpp: the same deadlines for everyone.
type random uint64

func (r *random) below(limit uint64) time.Duration {
	*r = *r*6364136223846793005 + 1442695040888963407
	return time.Duration(uint64(*r>>33) % limit)
}

func timers(rows map[string]float64) {
	deadlines := random(1)
	minute := uint64(time.Minute)
	live := make([]*time.Timer, many)
	fired := 0
	call := func() { fired++ }

	start := cpuTime()
	for i := range live {
		live[i] = time.AfterFunc(10*time.Second+deadlines.below(minute), call)
	}
	rows["timer, schedule"] = per(start, many)
	start = cpuTime()
	for _, timer := range live {
		timer.Stop()
	}
	rows["timer, cancel"] = per(start, many)

	soon := time.Now().Add(time.Second)
	for i := range live {
		live[i] = time.AfterFunc(time.Until(soon)+deadlines.below(uint64(time.Second)), call)
	}
	// Without giving way to the scheduler, which would fire them.
	for time.Now().Before(soon.Add(1010 * time.Millisecond)) {
	}
	start = cpuTime()
	for fired < many {
		runtime.Gosched()
	}
	rows["timer, fire"] = per(start, many)

	const kept = 100_000
	live = live[:kept]
	for i := range live {
		live[i] = time.AfterFunc(10*time.Second+deadlines.below(minute), call)
	}
	start = cpuTime()
	for i := range many {
		live[i%kept].Reset(10*time.Second + deadlines.below(minute))
	}
	rows["timer, re-arm"] = per(start, many)
	for _, timer := range live {
		timer.Stop()
	}
	// What one does with a callback is what one does with a timer.
	for _, act := range []string{"schedule", "cancel", "fire", "re-arm"} {
		rows["callback, "+act] = rows["timer, "+act]
	}
}

func resident() int {
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	var size, pages int
	fmt.Fscan(bufio.NewReader(file), &size, &pages)
	return pages * os.Getpagesize()
}

func memory() float64 {
	before := resident()
	for range many {
		go time.Sleep(time.Hour)
	}
	time.Sleep(10 * time.Millisecond)
	return float64(resident()-before) / many
}

func main() {
	onlyMemory := flag.Bool("memory", false, "print the resident bytes of a sleeping goroutine")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if *onlyMemory {
		fmt.Println(memory())
		return
	}
	// First, while the process has no memory to use again.
	rows := map[string]float64{"spawn 1 000 000 then join": spawnAndJoin(many)}
	rows["spawn 1 000 000 then join, again"] = spawnAndJoin(many)
	rows["switch"] = switches(10_000_000)
	rows["yield, 1 000 tasks"] = yieldAmong(1000, 3_000_000)
	rows["spawn and await"] = spawnAndAwait(1_000_000)
	rows["queue, one way"] = handOver(1_000_000)
	timers(rows)
	if err := json.NewEncoder(os.Stdout).Encode(rows); err != nil {
		panic(err)
	}
}
