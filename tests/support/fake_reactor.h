/*
 * A reactor for tests: one thread, no kernel asynchrony, every choice drawn from a seed.
 *
 * Operations are done with plain system calls on real files, but *when* is decided here: a poll
 * does a few of the operations that may run now (any chain's next step), in an order drawn from the
 * seed. So a seed replays a run.
 *
 * What a test can ask for:
 *   - a result of its own for any operation (fake_reactor_fail, fake_reactor_set_hook): nothing is
 * done then;
 *   - a stop before the n-th operation (fake_reactor_crash_after): from there on nothing runs, and
 * a write that was to be the n-th is torn: a random part of it reaches the file;
 *   - a crash (fake_reactor_crash): what was submitted and not done never happens and its `done`
 * never runs. After FAKE_CRASH_POWER, also what no fsync has made durable is lost in part: writes
 * keep a random prefix, and of the creations, renames and removals in a directory that was not
 * synced, those after a random point are undone, newest first.
 *
 * A MULTI operation ends by itself now and then, with data in hand: reactors may do that, and
 * callers must arm it again.
 *
 * Chains obey the contract of core/flow/reactor.h: a failure or a short transfer cancels the rest.
 *
 * It knows the names of files only through operations with `path`; a file written through a
 * descriptor that was not opened here is written, but its writes are not undone.
 */
#ifndef LT_TESTS_FAKE_REACTOR_H
#define LT_TESTS_FAKE_REACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/flow/reactor.h"

struct fake_disk;

/* Never fails. Destroy with lt_reactor_destroy. `clock`: park moves it to the deadline when nothing
 * is to be done; NULL: park returns at once. */
struct lt_reactor *fake_reactor_create(uint64_t seed, struct lt_clock_manual *clock);

/* What is not durable is noted there (tests/support/fake_disk.h), and not on a disk of the
 * reactor's own: others change files too, or another reactor comes after this one. It stays the
 * caller's, who takes its power away: a crash does not. Before the first operation. */
void fake_reactor_use_disk(struct lt_reactor *reactor, struct fake_disk *disk);

/* The next `skip`+1-th operation of this kind gets `result` (negative errno, or a short count)
 * without being done. */
void fake_reactor_fail(struct lt_reactor *reactor, enum lt_io_kind kind, uint32_t skip,
                       int64_t result);

/* The next completion of a MULTI operation that receives, which has been given no other result,
 * carries these bytes (copied); several calls, several completions in that order. Without `more`
 * the operation ends with it. */
void fake_reactor_receive(struct lt_reactor *reactor, enum lt_io_kind kind, const void *bytes,
                          uint32_t size_bytes, bool more);

/* Asked before each operation: return true and set *result to answer in the kernel's place. */
typedef bool fake_reactor_hook_fn(void *context, const struct lt_io *io, int64_t *result);
void fake_reactor_set_hook(struct lt_reactor *reactor, fake_reactor_hook_fn *hook, void *context);

/* At most this many operations per poll, and none with 0, which holds everything back. 1 to 4 by
 * the seed if not set. */
void fake_reactor_set_rate(struct lt_reactor *reactor, uint32_t operations_per_poll);

/* From now on an operation, now and then, is held back for fewer than `polls_max` polls, whatever
 * was submitted after it: a file that is slow, as any may be. */
void fake_reactor_hold(struct lt_reactor *reactor, uint32_t polls_max);

/* Does `count` more operations and then none: fake_reactor_has_stopped tells. A later call replaces
 * it. */
void fake_reactor_crash_after(struct lt_reactor *reactor, uint64_t count);
bool fake_reactor_has_stopped(const struct lt_reactor *reactor);

enum fake_crash {
    FAKE_CRASH_KILL,  /* the process dies: the file system keeps what it was told */
    FAKE_CRASH_POWER, /* the machine dies: it keeps what was synced, and some of the rest */
};
/* After it only lt_reactor_destroy may be called. Descriptors opened by its operations are closed.
 */
void fake_reactor_crash(struct lt_reactor *reactor, enum fake_crash crash);

/* Operations done so far (results from fake_reactor_fail and the hook count; cancellations do not).
 */
uint64_t fake_reactor_done_count(const struct lt_reactor *reactor);

#endif
