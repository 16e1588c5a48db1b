/*
 * Options: one table per object that parses, validates, prints effective values and writes the
 * reference page. A key that is in no table is an error that names the nearest key; a value out of
 * range is an error that names the range. Keys match without regard to case, as Spark's do; a later
 * setting wins.
 *
 * A *set* (struct lt_options) is keys and values with where each came from ("command line",
 * "relay.yaml:12:3", "environment LEAT_X"). A *table* (struct lt_option_spec[]) says what an object
 * understands. The two meet in lt_options_check(), and in the typed getters, which never fail after
 * a successful check.
 *
 * on: one thread at a time; a set belongs to whoever created it.
 */
#ifndef LT_BASE_OPTIONS_H
#define LT_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/error.h"

enum lt_option_type {
    LT_OPTION_TEXT,
    LT_OPTION_BOOL,
    LT_OPTION_I64,
    LT_OPTION_SIZE,        /* bytes */
    LT_OPTION_DURATION,    /* "1s"; bare numbers refused */
    LT_OPTION_DURATION_MS, /* a bare number is milliseconds, as Spark's ...Ms options */
    LT_OPTION_CHOICE,      /* one of `choices`, "a|b|c" */
    LT_OPTION_PREFIX, /* the name ends in ".": any key with that prefix, checked by its owner */
};

enum lt_option_flags {
    LT_OPTION_REQUIRED = 1,
    LT_OPTION_SECRET = 2,  /* never printed */
    LT_OPTION_REFUSED = 4, /* known, and refused with `doc` as the reason */
};

struct lt_option_spec {
    const char *name; /* Spark's or Kafka's spelling */
    enum lt_option_type type;
    const char *default_text; /* NULL: no default */
    const char *choices;      /* LT_OPTION_CHOICE */
    int64_t min, max;         /* for numbers, sizes (bytes), durations (ns); both 0: no range */
    unsigned flags;
    const char *doc; /* never NULL; one sentence: meaning, unit, when it matters */
};

struct lt_options;

struct lt_options *lt_options_create(void);
struct lt_options *lt_options_clone(const struct lt_options *options);
void lt_options_destroy(struct lt_options *options); /* NULL is a no-op */

/* Copies key, value and origin. An empty key is an error. */
int lt_options_set(struct lt_options *options, const char *key, const char *value,
                   const char *origin, struct lt_error *error) LT_MUST_USE;
/* The text set for `key`, or NULL. Lives until the key is set again or the set destroyed. */
const char *lt_options_get(const struct lt_options *options, const char *key);
const char *lt_options_origin(const struct lt_options *options, const char *key);
bool lt_options_has(const struct lt_options *options, const char *key);
/* Sorted by key. */
size_t lt_options_count(const struct lt_options *options);
void lt_options_at(const struct lt_options *options, size_t index, const char **key,
                   const char **value, const char **origin);

/* Checks every key against the table, and required keys against the set. `owner` is named in
 * errors, such as: source kafka. A choice matches without regard to case and is respelled in the
 * set as the table spells it. */
int lt_options_check(const struct lt_options *options, const struct lt_option_spec *specs,
                     size_t count, const char *owner, struct lt_error *error) LT_MUST_USE;

/* After a check: the value set, else the default. `name` must be in the table (asserted). */
const char *lt_options_text(const struct lt_options *options, const struct lt_option_spec *specs,
                            size_t count, const char *name);
/* A number, a size in bytes or a duration in ns; -1 if it is not set and has no default. */
int64_t lt_options_i64(const struct lt_options *options, const struct lt_option_spec *specs,
                       size_t count, const char *name);
bool lt_options_bool(const struct lt_options *options, const struct lt_option_spec *specs,
                     size_t count, const char *name);

/* True when the value of `key` must not be printed: flagged SECRET, or named like one
 * (password, secret, token, sasl.jaas.config, ...). */
bool lt_options_is_secret(const struct lt_option_spec *specs, size_t count, const char *key);

/* The two printers leave a failed write to the caller, who asks ferror() once at the end. */

/* Prints "key = value   # origin" for every spec and every set key; secrets as "[hidden]". */
void lt_options_print_effective(const struct lt_options *options,
                                const struct lt_option_spec *specs, size_t count, FILE *out);
/* Prints the table as a Markdown reference table. */
void lt_options_print_reference(const struct lt_option_spec *specs, size_t count, FILE *out);

#endif
