/*
 * Words of truth, in any case, blanks around them left out.
 */
#include "ops/expr/cast_text.h"

#include <stdint.h>
#include <string.h>

#include "core/base/ascii.h"

/* A piece of text; what is read moves `at`. */
struct reader {
    const uint8_t *at, *end;
};

static struct reader trimmed(const void *text, size_t size_bytes)
{
    struct reader reader = {.at = text, .end = (const uint8_t *)text + size_bytes};
    while (reader.at < reader.end && *reader.at <= ' ')
        reader.at++;
    while (reader.end > reader.at && reader.end[-1] <= ' ')
        reader.end--;
    return reader;
}

static bool is_one_of(const struct reader *reader, const char *const *words, size_t count)
{
    size_t size = (size_t)(reader->end - reader->at);
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) != size)
            continue;
        size_t same = 0;
        while (same < size && lt_ascii_lower((char)reader->at[same]) == words[i][same])
            same++;
        if (same == size)
            return true;
    }
    return false;
}

bool lt_cast_text_to_boolean(const void *text, size_t size_bytes, bool *out)
{
    static const char *const yes[] = {"t", "true", "y", "yes", "1"};
    static const char *const no[] = {"f", "false", "n", "no", "0"};
    struct reader reader = trimmed(text, size_bytes);
    *out = is_one_of(&reader, yes, 5);
    return *out || is_one_of(&reader, no, 5);
}
