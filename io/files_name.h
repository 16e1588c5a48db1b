/*
 * Names of files as Spark sees them: which are hidden, a path as the URI that its logs hold, and
 * the `name=value` of a partition's directory.
 *
 * Paths of this machine are bytes without a NUL. A URI is `file:///dir/a%20b`: what java.net.URI
 * does not take is percent-encoded; letters beyond ASCII stand as they are, bytes that are no UTF-8
 * are encoded too, so that every path comes back as it was.
 *
 * on: any. Pure.
 */
#ifndef LT_IO_FILES_NAME_H
#define LT_IO_FILES_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"

/* What stands for NULL in a partition's directory. */
#define LT_FILES_NULL_PARTITION "__HIVE_DEFAULT_PARTITION__"

/* Is a name left out of a listing? Spark's rule: `_x` (but not `_k=v`), `.x` and `x._COPYING_`
 * are. */
bool lt_files_is_hidden(const char *name);
/* The part of a path behind its last slash. */
const char *lt_files_base_name(const char *path);
/* The path of a name in a directory, which ends in no slash unless it is the root. free(). */
char *lt_files_join(const char *directory, const char *name);

/* Appends the URI of an absolute path. */
void lt_files_uri_write(struct lt_text_buffer *out, const char *path);
/* Appends the path of a URI of this machine's files (`file:///x`, `file:/x`) or of a plain absolute
 * path. INVALID for another scheme, another host, a bad percent sign or a path that is not
 * absolute. */
int lt_files_uri_read(const char *uri, struct lt_text_buffer *out,
                      struct lt_error *error) LT_MUST_USE;

/* What an option `path` names, absolute, without doubled or final slashes: plain text as it stands,
 * without percent signs, with `file:` in front or not. In the arena. INVALID for other schemes. */
int lt_files_path(const char *text, struct lt_arena *arena, const char **out,
                  struct lt_error *error) LT_MUST_USE;

/* The two sides of `name=value`, unescaped (%2F is a slash); false when `part` is no such name. An
 * empty side is an error of the caller's to name. */
bool lt_files_partition_split(const char *part, size_t size_bytes, struct lt_arena *arena,
                              const char **name, const char **value);
/* Appends text as a side of `name=value`, escaped as Spark does. */
void lt_files_partition_escape(struct lt_text_buffer *out, const char *text);

#endif
