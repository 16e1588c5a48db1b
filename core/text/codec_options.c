/* Finding an option in its table, and the setters that JSON and CSV share. */
#include "core/text/codec_options.h"

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/text/codec.h"

enum { OPTIONS_MAX = 64 };

static int unknown_option(const struct lt_codec_option *table, size_t count,
                          const struct lt_codec_given *given, struct lt_error *error)
{
    const char *names[OPTIONS_MAX];
    lt_assert(count <= OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].key;
    const char *nearest = lt_nearest(given->key, names, count);
    if (nearest == NULL)
        return lt_error_set(error, LT_E_NOT_FOUND, "%s option \"%s\": unknown", given->format,
                            given->key);
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "%s option \"%s\": unknown; hint: did you mean \"%s\"?", given->format,
                        given->key, nearest);
}

int lt_codec_options_set(void *options, const struct lt_codec_option *table, size_t count,
                         const struct lt_codec_given *given, struct lt_error *error)
{
    size_t i = 0;
    while (i < count && lt_ascii_compare(given->key, table[i].key) != 0)
        i++;
    if (i == count)
        return unknown_option(table, count, given, error);
    if (table[i].given_offset != 0)
        *((bool *)options + table[i].given_offset) = true;
    struct lt_codec_given spelt = *given;
    spelt.key = table[i].key;
    return table[i].set((char *)options + table[i].offset, &spelt, error);
}

int lt_codec_set_mode(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    enum lt_codec_mode *mode = member;
    (void)error;
    *mode = LT_CODEC_PERMISSIVE;
    if (lt_ascii_compare(given->value, "failfast") == 0)
        *mode = LT_CODEC_FAILFAST;
    else if (lt_ascii_compare(given->value, "dropmalformed") == 0)
        *mode = LT_CODEC_DROPMALFORMED;
    return LT_OK;
}

int lt_codec_set_boolean(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    bool is_true = lt_ascii_compare(given->value, "true") == 0;
    if (!is_true && lt_ascii_compare(given->value, "false") != 0)
        return lt_error_set(error, LT_E_INVALID,
                            "%s option \"%s\": \"%s\" is neither true nor false", given->format,
                            given->key, given->value);
    *(bool *)member = is_true;
    return LT_OK;
}

int lt_codec_set_text(void *member, const struct lt_codec_given *given, struct lt_error *error)
{
    (void)error;
    *(const char **)member = lt_arena_text(given->arena, given->value);
    return LT_OK;
}
