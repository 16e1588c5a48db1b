#include "io/files_glob.h"

#include <string.h>

#include "core/base/text_buffer.h"

enum { PATTERNS_MAX = 1024 };

/* ---------------------------------------------------------------------------------- matching */

/* Bytes of the character at `text`, which is not its end. */
static size_t character_size(const char *text)
{
    unsigned char lead = (unsigned char)text[0];
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    for (size_t i = 1; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
    return size;
}

/* Characters of equal size compare as their bytes do; a longer one is the greater. */
static int compare_characters(const char *a, const char *b)
{
    size_t a_size = character_size(a), b_size = character_size(b);
    return a_size != b_size ? (a_size < b_size ? -1 : 1) : memcmp(a, b, a_size);
}

static const char *skip_backslash(const char *pattern)
{
    return pattern[0] == '\\' && pattern[1] != '\0' ? pattern + 1 : pattern;
}

/* The class that begins behind '[': true when it has the character. *end: behind its ']'. */
static bool match_class(const char *pattern, const char *character, const char **end)
{
    bool is_negated = *pattern == '^' || *pattern == '!', found = false;
    const char *first = pattern + is_negated, *at = first;
    while (*at != '\0' && (*at != ']' || at == first)) { /* a bracket that stands first is meant */
        const char *low = skip_backslash(at), *high = low;
        at = low + character_size(low);
        if (at[0] == '-' && at[1] != ']' && at[1] != '\0') {
            high = skip_backslash(at + 1);
            at = high + character_size(high);
        }
        found |=
            compare_characters(low, character) <= 0 && compare_characters(character, high) <= 0;
    }
    *end = *at == ']' ? at + 1 : at;
    return found != is_negated;
}

/* One step of the pattern that is no star against one character; NULL: does not match. */
static const char *match_one(const char *pattern, const char *character)
{
    const char *end;
    if (*pattern == '?')
        return pattern + 1;
    if (*pattern == '[')
        return match_class(pattern + 1, character, &end) ? end : NULL;
    pattern = skip_backslash(pattern);
    size_t size = character_size(character);
    return strncmp(pattern, character, size) == 0 ? pattern + size : NULL;
}

/* After a star every later place is tried; a later star makes the earlier one final, so the time is
 * at most the product of both lengths. */
bool lt_glob_match(const char *pattern, const char *name)
{
    const char *star = NULL, *star_name = NULL;
    while (*name != '\0') {
        const char *next = *pattern == '\0' || *pattern == '*' ? NULL : match_one(pattern, name);
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
        } else if (next != NULL) {
            pattern = next;
            name += character_size(name);
        } else if (star != NULL) {
            pattern = star;
            star_name += character_size(star_name);
            name = star_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool lt_globs_match(const struct lt_globs *globs, const char *name)
{
    for (size_t i = 0; i < globs->count; i++)
        if (lt_glob_match(globs->patterns[i], name))
            return true;
    return false;
}

bool lt_glob_is_pattern(const char *text)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] != '\0')
            text++;
        else if (strchr("*?[{", text[0]) != NULL)
            return true;
    }
    return false;
}

const char *lt_glob_plain(struct lt_arena *arena, const char *pattern)
{
    char *plain = lt_arena_text(arena, pattern), *out = plain;
    while (*pattern != '\0') {
        pattern = skip_backslash(pattern);
        *out++ = *pattern++;
    }
    *out = '\0';
    return plain;
}

/* --------------------------------------------------------------------------------- expanding */

/* Behind the class that begins at `at`; NULL if it is not closed. */
static const char *skip_class(const char *at)
{
    at += 1 + (at[1] == '^' || at[1] == '!');
    do {
        if (*at == '\0')
            return NULL;
        at = skip_backslash(at) + 1;
    } while (*at != ']' && *at != '\0');
    return *at == ']' ? at + 1 : NULL;
}

/* Behind one piece of a pattern: a class, or a character with its backslash. */
static const char *skip_piece(const char *at)
{
    return *at == '[' ? skip_class(at) : skip_backslash(at) + 1;
}

struct brace {
    const char *open, *close; /* the two characters; open NULL: there is none */
};

static int unclosed(const char *text, char what, struct lt_error *error)
{
    return lt_error_set(error, LT_E_PARSE,
                        "the glob \"%s\" has a \"%c\" that is not closed; hint: put a backslash "
                        "before a \"%c\" that is part of a name",
                        text, what, what);
}

/* The first pair of braces, with its partner. */
static int find_brace(const char *text, struct brace *brace, struct lt_error *error)
{
    int depth = 0;
    *brace = (struct brace){0};
    for (const char *at = text; *at != '\0';) {
        if (*at == '{' && depth++ == 0)
            brace->open = at;
        if (*at == '}' && depth > 0 && --depth == 0) {
            brace->close = at;
            return 0;
        }
        const char *next = skip_piece(at);
        if (next == NULL)
            return unclosed(text, '[', error);
        at = next;
    }
    return depth == 0 ? 0 : unclosed(text, '{', error);
}

/* The end of the alternative that begins at `at`: a comma of the brace's own, or its end. */
static const char *alternative_end(const char *at, const char *close)
{
    int depth = 0;
    while (at < close && (depth > 0 || *at != ',')) {
        depth += (*at == '{') - (*at == '}');
        at = skip_piece(at);
    }
    return at;
}

struct expansion {
    struct lt_arena *arena;
    const char **todo; /* patterns that may have braces; those before `done` have none */
    size_t count, done;
};

static int add(struct expansion *expansion, const char *pattern, const char *whole,
               struct lt_error *error)
{
    if (expansion->count == PATTERNS_MAX)
        return lt_error_set(error, LT_E_LIMIT,
                            "the braces of the glob \"%s\" make more than %d patterns", whole,
                            PATTERNS_MAX);
    expansion->todo[expansion->count++] = pattern;
    return 0;
}

/* The pattern at `done` is replaced by one for each alternative of its first brace. */
static int expand_brace(struct expansion *expansion, const struct brace *brace, const char *whole,
                        struct lt_error *error)
{
    const char *pattern = expansion->todo[expansion->done], *at = brace->open + 1;
    bool is_first = true;
    for (;;) {
        const char *end = alternative_end(at, brace->close);
        const char *text =
            lt_arena_format(expansion->arena, "%.*s%.*s%s", (int)(brace->open - pattern), pattern,
                            (int)(end - at), at, brace->close + 1);
        int code = 0;
        if (is_first)
            expansion->todo[expansion->done] = text;
        else
            code = add(expansion, text, whole, error);
        if (code != 0 || end == brace->close)
            return code;
        is_first = false;
        at = end + 1;
    }
}

int lt_globs_parse(const char *text, struct lt_arena *arena, struct lt_globs *out,
                   struct lt_error *error)
{
    struct expansion expansion = {
        .arena = arena,
        .todo = lt_arena_alloc(arena, PATTERNS_MAX * sizeof expansion.todo[0]),
    };
    int code = add(&expansion, text, text, error);
    while (code == 0 && expansion.done < expansion.count) {
        struct brace brace;
        code = find_brace(expansion.todo[expansion.done], &brace, error);
        if (code == 0 && brace.open == NULL)
            expansion.done++;
        else if (code == 0)
            code = expand_brace(&expansion, &brace, text, error);
    }
    *out = (struct lt_globs){.patterns = expansion.todo, .count = expansion.count};
    return code;
}
