/*
 * The load of the sockets' bench: frames of 128 bytes, sent at a constant rate, whatever becomes of
 * those before (open loop), and read at the far end. Every other one has the word that the filter
 * looks for. What comes out has to be what went in and has the word, in order; of UDP a frame may
 * be lost, which is counted and must stay below one in a thousand.
 *
 * A time counts from when a frame was to be sent to when it was read.
 *
 * on: main, which spins.
 */
#ifndef LT_BENCH_SOCKETS_LOAD_H
#define LT_BENCH_SOCKETS_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    LOAD_FRAME_BYTES = 128,
    LOAD_RATE = 10000,
    LOAD_FRAMES = 30000, /* the most in a run */
    LOAD_SMOKE_FRAMES = 2000,
};

/* What the filter looks for. */
extern const char load_word[];

/* How the relay under test is reached. */
enum slot {
    SLOT_TCP_LISTENS, /* it takes a connection in, and makes one out */
    SLOT_TCP_DIALS,   /* it makes both */
    SLOT_UDP,
};

struct load;

/* A load for relays in this slot, with new ports. There is one at a time. */
struct load *load_open(enum slot slot);
uint16_t load_in_port(const struct load *load);
uint16_t load_out_port(const struct load *load);
/* Returns when the relay `pid` has both connections, or, of UDP, has let a datagram through. One
 * that has ended, or does not come, ends the program. */
void load_connect(struct load *load, pid_t pid);
/* Sends so many frames, and reads what the relay makes of them. What is wrong ends the program. */
void load_run(struct load *load, int count);
/* Notes the times of the last run under `name`, as bench_note_times does. Of UDP too many lost ones
 * end the program. */
void load_note(const struct load *load, const char *name);
void load_close(struct load *load);

/* A socket of IPv4 on a port of 127.0.0.1; 0: any. For streams it listens. */
int load_socket(bool is_stream, uint16_t port, uint16_t *bound);
/* Connects to a port of 127.0.0.1, without Nagle's algorithm. Returns whether somebody is there. */
bool load_try_connect(int fd, uint16_t port);

#endif
