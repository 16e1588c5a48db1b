/*
 * Looking names up walks the whole table, about 10 KiB: a zone is looked up when it is opened, and
 * while text is read only for patterns that hold a name of a zone.
 */
#include "core/text/zone_names.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/text/zone_names_table.h"

/* Names that the rule of the table would give to another zone. */
static const struct {
    const char *name, *id;
} exceptions[] = {
    {"Coordinated Universal Time", "Etc/UTC"},
    {"Moscow Daylight Time", "Europe/Kirov"},
};

/* The next of the words in `text`; its size, 0 at the end. */
static size_t next_word(const char **text)
{
    *text += strspn(*text, " ");
    return strcspn(*text, " ");
}

static const struct lt_zone_names_group *group_of(const char *id, size_t size_bytes)
{
    for (size_t i = 0; i < lt_zone_names_group_count; i++) {
        const char *at = lt_zone_names_groups[i].zones;
        for (size_t size; (size = next_word(&at)) != 0; at += size)
            if (size == size_bytes && memcmp(at, id, size) == 0)
                return &lt_zone_names_groups[i];
    }
    return NULL;
}

const char *lt_zone_names_find(const char *id, size_t size_bytes, enum lt_zone_name which)
{
    const struct lt_zone_names_group *group = group_of(id, size_bytes);
    if (group == NULL || group->names[which][0] == '\0')
        return NULL;
    const char *name = group->names[which];
    return *name == '~' ? name + 1 : name;
}

static bool begins(const char *text, size_t size_bytes, const char *word, size_t word_bytes)
{
    if (word_bytes > size_bytes)
        return false;
    size_t same = 0;
    while (same < word_bytes && lt_ascii_lower(text[same]) == lt_ascii_lower(word[same]))
        same++;
    return same == word_bytes;
}

size_t lt_zone_names_match_id(const char *text, size_t size_bytes, const char **canonical)
{
    size_t best = 0;
    for (size_t i = 0; i < lt_zone_names_group_count; i++) {
        const char *at = lt_zone_names_groups[i].zones;
        for (size_t size; (size = next_word(&at)) != 0; at += size) {
            if (size > best && begins(text, size_bytes, at, size)) {
                best = size;
                *canonical = at;
            }
        }
    }
    return best;
}

static void match(const char *text, size_t size_bytes, const char *name, const char *id,
                  size_t *best, const char **out)
{
    size_t name_bytes = strlen(name);
    if (name_bytes > *best && begins(text, size_bytes, name, name_bytes)) {
        *best = name_bytes;
        *out = id;
    }
}

size_t lt_zone_names_match_name(const char *text, size_t size_bytes, bool is_long, const char **id)
{
    size_t best = 0;
    for (size_t i = 0; i < lt_zone_names_group_count; i++) {
        const struct lt_zone_names_group *group = &lt_zone_names_groups[i];
        const char *const *names =
            group->names + (is_long ? LT_ZONE_NAME_STANDARD_LONG : LT_ZONE_NAME_STANDARD);
        for (int k = 0; k < 2; k++)
            if (names[k][0] != '\0' && names[k][0] != '~')
                match(text, size_bytes, names[k], group->main, &best, id);
    }
    for (size_t i = 0; is_long && i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        match(text, size_bytes, exceptions[i].name, exceptions[i].id, &best, id);
    return best;
}
