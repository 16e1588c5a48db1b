/*
 * The files that a directory source has taken, so that none is taken twice: by the hash of the
 * path, or of the name alone (fileNameOnly), with the time of the file's last change. Spark's rules
 * for what is new: not among them, and not older than what the last purge forgot.
 *
 * The hash has 128 bits: that two of a billion files have the same one has a chance of 1e-21.
 *
 * on: one thread at a time.
 */
#ifndef LT_IO_FILES_SEEN_H
#define LT_IO_FILES_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_files_seen;

/* `max_age_ms` INT64_MAX: nothing is ever too old. */
struct lt_files_seen *lt_files_seen_create(int64_t max_age_ms, bool is_name_only);
void lt_files_seen_destroy(struct lt_files_seen *seen); /* NULL is a no-op */

bool lt_files_seen_is_new(const struct lt_files_seen *seen, const char *path, int64_t timestamp_ms);
void lt_files_seen_add(struct lt_files_seen *seen, const char *path, int64_t timestamp_ms);
/* It was not taken after all; unknown ones are no fault. The newest time stays as it is. */
void lt_files_seen_remove(struct lt_files_seen *seen, const char *path);
/* Forgets what is older than the newest by more than the age; returns the time from which on files
 * count. */
int64_t lt_files_seen_purge(struct lt_files_seen *seen);
size_t lt_files_seen_count(const struct lt_files_seen *seen);

#endif
