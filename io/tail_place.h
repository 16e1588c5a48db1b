/*
 * Places: how far each file of a tail has been read, as immutable lists with a number each.
 *
 * The lane adds one where an epoch may end and something was read: in continuous mode at each end
 * of an epoch, in micro-batches with each poll that read rows (io/ahead.h: those that no batch
 * will end at are removed again). The control plane writes it as JSON and lets go of the old ones.
 * The same number is the same place.
 *
 * on: any thread, under one lock.
 */
#ifndef LT_IO_TAIL_PLACE_H
#define LT_IO_TAIL_PLACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"

enum { LT_TAIL_HEAD_BYTES = 256 /* of a file, that its fingerprint is made of */ };

struct lt_tail_mark {
    char *path; /* the last that was known */
    uint64_t inode;
    int64_t offset; /* the byte behind the last record read */
    uint32_t head_bytes; /* the fingerprint is of so many */
    uint64_t head_hash;
    bool is_rotated; /* its name was no more one of the pattern's, and all of it was read */
};

struct lt_tail_place {
    int64_t number;
    int64_t time_us; /* wall clock, when it was made */
    uint32_t count;
    struct lt_tail_mark *marks;
};

enum { LT_TAIL_PLACES_KEPT = 64 /* behind the committed one: progress still asks for some */ };

struct lt_tail_places {
    pthread_mutex_t lock;
    struct lt_tail_place **list; /* oldest first */
    uint32_t count, capacity;
    int64_t next_number, committed;
};

void lt_tail_places_init(struct lt_tail_places *places);
void lt_tail_places_fini(struct lt_tail_places *places);

struct lt_tail_place *lt_tail_place_create(uint32_t count);
void lt_tail_place_destroy(struct lt_tail_place *place); /* NULL is a no-op */
uint64_t lt_tail_head_hash(const void *head, uint32_t head_bytes);

/* Takes the place; its number. */
int64_t lt_tail_places_add(struct lt_tail_places *places, struct lt_tail_place *place);
/* A copy, the caller's; one without files when there is none of that number. */
struct lt_tail_place *lt_tail_places_copy(struct lt_tail_places *places, int64_t number);
/* Lets go of that one; of none if there is none. */
void lt_tail_places_remove(struct lt_tail_places *places, int64_t number);
/* The engine will not go back before that one: lets go of what is older, but for the last few. */
void lt_tail_places_commit(struct lt_tail_places *places, int64_t number);
/* The last one of which that was said; 0: none. */
int64_t lt_tail_places_committed(struct lt_tail_places *places);

void lt_tail_place_to_json(const struct lt_tail_place *place, struct lt_text_buffer *out);
int lt_tail_place_from_json(const char *json, struct lt_tail_place **out,
                            struct lt_error *error) LT_MUST_USE;

#endif
