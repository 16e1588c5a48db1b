/*
 * How the options of the JSON and CSV codecs are told: a format has a table of names, each with the
 * member of its options that it sets and the setter that knows the form of its values. Setters that
 * several formats need are here.
 *
 * on: any; nothing is kept.
 */
#ifndef LT_TEXT_CODEC_OPTIONS_H
#define LT_TEXT_CODEC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* One option as it is given. A setter finds in `key` the name as the table spells it. */
struct lt_codec_given {
    const char *format; /* "JSON": how errors call it */
    const char *key, *value;
    struct lt_arena *arena; /* of text values, which are copied */
};

/* Sets a member; INVALID for a value that is none. */
typedef int lt_codec_set_fn(void *member, const struct lt_codec_given *given,
                            struct lt_error *error);

struct lt_codec_option {
    const char *key;
    lt_codec_set_fn *set;
    size_t offset;       /* of the member */
    size_t given_offset; /* of a bool that says whether it was given; 0: nobody asks */
};

/* Sets the option of `given->key`, which is compared without regard to case. NOT_FOUND for an
 * unknown key, with the nearest. */
int lt_codec_options_set(void *options, const struct lt_codec_option *table, size_t count,
                         const struct lt_codec_given *given, struct lt_error *error) LT_MUST_USE;

/* An enum lt_codec_mode; PERMISSIVE for what is none, as in Spark. */
lt_codec_set_fn lt_codec_set_mode;
/* A bool: true or false, in any case. */
lt_codec_set_fn lt_codec_set_boolean;
/* A const char *. */
lt_codec_set_fn lt_codec_set_text;

#endif
