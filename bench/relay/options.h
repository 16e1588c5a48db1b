/*
 * What the person asked the bench to do: one struct, parsed once.
 *
 * Lists are comma-separated. The first program of a list is what the others are compared with; the
 * candidate is the program that the bars are about.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_OPTIONS_H
#define BENCH_RELAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/relay/programs.h"

enum { LT_BENCH_LIST_MAX = 16 };

struct lt_bench_program_list {
    const struct lt_bench_program *list[LT_BENCH_LIST_MAX];
    size_t count;
};

struct lt_bench_number_list {
    uint64_t list[LT_BENCH_LIST_MAX];
    size_t count;
};

struct lt_bench_options {
    const char *bootstrap;
    const char *out_dir;
    const char *candidate;
    const char *build;
    const char *floor;
    int broker_pid; /* 0: not pinned by the bench */
    int load_cpu;
    int relay_cpu;
    uint32_t pairs;
    uint32_t seconds;
    uint32_t warmup_seconds;
    uint32_t broker_warmup_seconds; /* an unrecorded run before all others */
    int32_t partition_count;
    uint64_t drain_records; /* in a backlog */
    struct lt_bench_programs programs;
    struct lt_bench_program_list latency;
    struct lt_bench_program_list drain;
    struct lt_bench_program_list rest;
    struct lt_bench_number_list rates;
    struct lt_bench_number_list sizes;
};

/* Ends the program with a usage text when the arguments are wrong. */
void lt_bench_options_parse(struct lt_bench_options *options, int argc, char **argv);

#endif
