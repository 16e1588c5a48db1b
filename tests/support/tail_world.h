/*
 * A source tail in a stream world: files of its folder, and where it stands in them.
 */
#ifndef LT_TESTS_TAIL_WORLD_H
#define LT_TESTS_TAIL_WORLD_H

#include "tests/support/stream_world.h"

#define TEXTS(...) (const char *const[]){__VA_ARGS__}

/* A file of the folder; valid until the fourth call after. */
char *tail_path(const struct stream_world *world, const char *name);
/* Adds to its end; it is made if it is not there. */
void tail_add(const struct stream_world *world, const char *name, const char *text);
void tail_move(const struct stream_world *world, const char *from, const char *to);

/* Options: the file or pattern, then up to two more. Valid until the next call. */
void tail_options(const struct stream_world *world, const char *name, const char *one,
                  const char *two, const char *out[5]);
void tail_start(struct stream_world *world, const char *name, const char *one, const char *two);
/* So many records come, and these. */
void tail_expect(struct stream_world *world, uint32_t count, const char *const *texts);
/* Until the reader has failed: what it says. */
const char *tail_failure(struct stream_world *world);

/* What the checkpoint would say, at this moment; the caller frees it. */
char *tail_note(struct stream_world *world);
/* The same, of an epoch that is committed. */
char *tail_note_for_good(struct stream_world *world);
/* Both free the text. The second makes the source anew, as another process would, and goes on from
 * there; 0 or the error's code. */
struct lt_position tail_position_of(struct stream_world *world, char *json);
int tail_begin_again(struct stream_world *world, char *json, const char *name, const char *one);

#endif
