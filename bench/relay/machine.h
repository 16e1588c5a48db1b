/*
 * The machine under the benchmark: clock, CPUs, wake-up latency, and the one way to give up.
 *
 * Relay on one CPU, everything else (broker, load, reader) on another: then the programs compared
 * have the same neighbours, and what they cost is theirs. The wake-up latency of idle CPUs is held
 * at its lowest for the whole run, so that it does not matter which program asks for it.
 *
 * It is not a tuning tool: nothing is changed that does not end with this process.
 */
#ifndef BENCH_RELAY_MACHINE_H
#define BENCH_RELAY_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { LT_BENCH_TEXT_BYTES = 512 };

/* on: any. Prints the text on stderr and ends the program with status 2: the bench itself is
 * broken. */
__attribute__((format(printf, 1, 2), noreturn)) void lt_bench_die(const char *format, ...);

/* calloc that never returns NULL. The caller frees. */
void *lt_bench_alloc(size_t count, size_t each_bytes);

/* CLOCK_MONOTONIC in ns; the same on all CPUs up to a few ns. */
int64_t lt_bench_now_ns(void);
/* Sleeps until that time of the same clock; returns at once when it is past. */
void lt_bench_sleep_until(int64_t time_ns);

/* Puts the calling process (pid 0: the calling thread) with all its threads on one CPU. A negative
 * `cpu` means anywhere. Returns whether it worked. */
bool lt_bench_pin(pid_t pid, int cpu);

/* Time since start that a CPU was not idle, by the kernel's count, in ns: steps of its tick (1 to
 * 10 ms). What the host of a virtual machine took is part of it. -1 for a negative `cpu`. */
int64_t lt_bench_cpu_busy_ns(int cpu);

/* Holds the wake-up latency of idle CPUs at 0 until the process ends. Returns whether it may. */
bool lt_bench_hold_wakeup_latency(void);

/* Writes a line or two about CPU, kernel and libraries, each preceded by `prefix`. */
void lt_bench_describe_machine(FILE *out, const char *prefix);

#endif
