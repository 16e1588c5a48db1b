/*
 * Files on their way from one part of a directory source to the next: those that a listing found,
 * those that were begun, those that are to be cleaned up. First in, first out.
 *
 * on: one thread at a time.
 */
#ifndef LT_IO_FILES_QUEUE_H
#define LT_IO_FILES_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_files_item {
    char *path; /* the queue's, or whoever's it was handed to: free() */
    int64_t modified_ms;
    int64_t size_bytes; /* -1: not known */
};

struct lt_files_queue {
    struct lt_files_item *items;
    size_t first, count, capacity; /* items[first .. first + count) */
};

/* A zeroed queue is an empty one. */
void lt_files_queue_fini(struct lt_files_queue *queue);
/* Takes the item's path. */
void lt_files_queue_push(struct lt_files_queue *queue, const struct lt_files_item *item);
/* The path is the caller's. False: there is none. */
bool lt_files_queue_pop(struct lt_files_queue *queue, struct lt_files_item *out);
/* Moves all of `from` behind what is in `to`. */
void lt_files_queue_move(struct lt_files_queue *to, struct lt_files_queue *from);
/* The n-th from the front. */
const struct lt_files_item *lt_files_queue_at(const struct lt_files_queue *queue, size_t index);
/* Oldest first, of the same age by path; or newest first. */
void lt_files_queue_sort(struct lt_files_queue *queue, bool is_newest_first);

#endif
