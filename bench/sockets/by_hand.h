/*
 * The floor: a relay written for nothing but this bench. It receives by one armed operation of an
 * io_uring, keeps what has the filter's word, and sends it.
 */
#ifndef LT_BENCH_SOCKETS_BY_HAND_H
#define LT_BENCH_SOCKETS_BY_HAND_H

#include <stdbool.h>

/* From one connected socket to the other; never returns. Of streams, lines are filtered; of
 * datagrams, datagrams. */
_Noreturn void by_hand_relay(int in, int out, bool is_stream, bool spins, const char *word);

#endif
