/*
 * Asks the broker's Java machine to collect its garbage now, between two runs, so that it need not
 * within one.
 *
 * A pause of the collector stops the broker for 10 to 40 ms, once in some hundred MB that it has
 * allocated. At 50,000 records/s that is one in every other run, and the p99 of a run says whether
 * it had the pause, whatever relays.
 *
 * The question goes through the socket of the Java machine's attach listener, as jcmd's does.
 *
 * on: main.
 */
#ifndef BENCH_RELAY_COLLECTOR_H
#define BENCH_RELAY_COLLECTOR_H

#include <stdbool.h>

/* Returns when the garbage is collected. False: process `pid` has no attach listener
 * (-XX:+StartAttachListener) or did not do it. */
bool lt_bench_collect_garbage(int pid);

#endif
