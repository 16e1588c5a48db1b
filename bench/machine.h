/*
 * The machine under the small benches: its clock, its CPUs, and how fast an idle CPU wakes.
 *
 * What is measured runs on one CPU with all of its threads, and what loads and reads it on another:
 * so compared programs have the same neighbours. Nothing is changed that does not end with the
 * process.
 */
#ifndef LT_BENCH_MACHINE_H
#define LT_BENCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_LOAD_CPU = 0, BENCH_TESTED_CPU = 1 };

/* CLOCK_MONOTONIC. */
int64_t bench_now_ns(void);

/* The calling thread runs on this CPU from now on, and so does what it starts. Where the machine
 * has fewer CPUs, nothing is done. */
void bench_pin(int cpu);

/* True: holds /dev/cpu_dma_latency at 0, so that an idle CPU wakes at once, whoever runs on it,
 * until the process ends or is told false. Returns whether it is held. on: one thread. */
bool bench_hold_wakeups(bool is_wanted);

#endif
