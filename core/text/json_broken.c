/*
 * Objects, arrays, names and blanks of a broken JSON text. Every function that can fail leaves `at`
 * behind the unit that was wrong.
 */
#include "core/text/json_broken.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/text/java_identifier.h"
#include "core/text/utf8.h"

enum { END_OF_TEXT = -1, FAULT = -2, FIRST_LEVELS = 32 };

void lt_json_broken_init(struct lt_json_broken *broken)
{
    *broken = (struct lt_json_broken){0};
    lt_text_init(&broken->text);
    lt_text_init(&broken->name);
}

void lt_json_broken_fini(struct lt_json_broken *broken)
{
    free(broken->units);
    free(broken->levels);
    lt_text_fini(&broken->text);
    lt_text_fini(&broken->name);
}

/* Makes room for level `depth`, and begins it. */
static void begin_level(struct lt_json_broken *broken, uint32_t depth, uint8_t bracket)
{
    if (depth >= broken->level_capacity) {
        uint32_t capacity = broken->level_capacity != 0 ? 2 * broken->level_capacity : FIRST_LEVELS;
        broken->levels = lt_realloc_array(broken->levels, capacity, sizeof *broken->levels);
        broken->level_capacity = capacity;
    }
    broken->depth = depth;
    broken->levels[depth] = (struct lt_json_broken_level){.bracket = bracket};
}

void lt_json_broken_begin(struct lt_json_broken *broken, const void *data, size_t size_bytes,
                          unsigned flags)
{
    const uint8_t *at = data, *end = at + size_bytes;
    if (broken->capacity < size_bytes) {
        broken->units = lt_realloc_array(broken->units, size_bytes, sizeof *broken->units);
        broken->capacity = size_bytes;
    }
    broken->count = 0;
    while (at < end) {
        uint32_t code = lt_utf8_next(&at, end);
        if (code > 0xFFFF) {
            broken->units[broken->count++] = (uint16_t)(0xD7C0 + (code >> 10));
            code = 0xDC00 | (code & 0x3FF);
        }
        broken->units[broken->count++] = (uint16_t)code;
    }
    broken->at = broken->piece_end = 0;
    broken->flags = flags;
    broken->token = broken->next = LT_JSON_TOKEN_END;
    broken->is_unfinished = false;
    broken->fault = NULL;
    begin_level(broken, 0, 0);
}

/* -------------------------------------------------------------------------------------- blanks */

/* Up to its end, or that of the line; false: a fault. */
static bool skip_comment(struct lt_json_broken *broken)
{
    uint16_t kind = broken->at < broken->count ? broken->units[broken->at++] : 0;
    while (kind == '/' && broken->at < broken->count) {
        uint16_t unit = broken->units[broken->at++];
        if (unit == '\n' || unit == '\r')
            return true;
        if (unit < ' ' && unit != '\t')
            break;
    }
    while (kind == '*' && broken->at < broken->count) {
        uint16_t unit = broken->units[broken->at++];
        if (unit == '*' && broken->at < broken->count && broken->units[broken->at] == '/') {
            broken->at++;
            return true;
        }
        if (unit < ' ' && unit != '\t' && unit != '\n' && unit != '\r')
            break;
    }
    return kind == '/' && broken->at == broken->count;
}

/* The first unit that is no blank, END_OF_TEXT or FAULT. */
static int32_t skip_blanks(struct lt_json_broken *broken)
{
    while (broken->at < broken->count) {
        uint16_t unit = broken->units[broken->at++];
        if (unit == '/') {
            if ((broken->flags & LT_JSON_SCAN_COMMENTS) != 0 && skip_comment(broken))
                continue;
            (void)lt_json_broken_fail(broken, "a comment is not allowed");
            return FAULT;
        }
        if (unit > ' ')
            return unit;
        if (unit != ' ' && unit != '\t' && unit != '\n' && unit != '\r') {
            (void)lt_json_broken_fail(broken, "a control character stands between tokens");
            return FAULT;
        }
    }
    return END_OF_TEXT;
}

/* The same where the text must not end. */
static int32_t skip_blanks_inside(struct lt_json_broken *broken)
{
    int32_t unit = skip_blanks(broken);
    if (unit != END_OF_TEXT)
        return unit;
    (void)lt_json_broken_fail(broken, "the document ends too early");
    return FAULT;
}

/* --------------------------------------------------------------------------------------- names */

static bool read_name(struct lt_json_broken *broken, uint16_t first)
{
    struct lt_json_broken_level *level = &broken->levels[broken->depth];
    uint32_t begin = broken->at, end;
    bool is_single = first == '\'' && (broken->flags & LT_JSON_SCAN_SINGLE_QUOTES) != 0;
    if (first == '"' || is_single) {
        if (!lt_json_broken_quote(broken, first))
            return false;
        end = broken->at - 1;
    } else if ((broken->flags & LT_JSON_SCAN_BARE_NAMES) != 0 &&
               lt_java_identifier_is_bare_name(first)) {
        begin--;
        while (broken->at < broken->count &&
               lt_java_identifier_is_bare_name(broken->units[broken->at]))
            broken->at++;
        end = broken->at;
    } else {
        (void)lt_json_broken_fail(broken, "a name is expected");
        return false;
    }
    level->has_name = true;
    level->name_begin = begin;
    level->name_end = end;
    return true;
}

/* Past the colon, and to the first unit of the value. */
static int32_t skip_colon(struct lt_json_broken *broken)
{
    int32_t unit = skip_blanks_inside(broken);
    if (unit == ':')
        return skip_blanks_inside(broken);
    if (unit != FAULT)
        (void)lt_json_broken_fail(broken, "a colon is expected");
    return FAULT;
}

bool lt_json_broken_name(struct lt_json_broken *broken, struct lt_bytes *out)
{
    bool begins =
        broken->token == LT_JSON_TOKEN_OBJECT_BEGIN || broken->token == LT_JSON_TOKEN_ARRAY_BEGIN;
    uint32_t depth = broken->depth - (begins && broken->depth > 0);
    const struct lt_json_broken_level *level = &broken->levels[depth];
    if (!level->has_name)
        return false;
    lt_text_clear(&broken->name);
    bool is_whole =
        lt_json_broken_append(broken, level->name_begin, level->name_end, &broken->name);
    *out = lt_value_bytes(lt_text_get(&broken->name), (uint32_t)broken->name.size_bytes).bytes;
    return is_whole;
}

/* -------------------------------------------------------------------------------------- tokens */

/* An array that is too deep is open all the same. */
static bool open_level(struct lt_json_broken *broken, enum lt_json_token token)
{
    if (token != LT_JSON_TOKEN_OBJECT_BEGIN && token != LT_JSON_TOKEN_ARRAY_BEGIN)
        return true;
    begin_level(broken, broken->depth + 1, token == LT_JSON_TOKEN_OBJECT_BEGIN ? '{' : '[');
    if (broken->depth <= LT_JSON_SCAN_DEPTH)
        return true;
    (void)lt_json_broken_fail(broken, "it is nested too deep");
    return false;
}

static enum lt_json_token close_level(struct lt_json_broken *broken, uint16_t unit)
{
    bool is_object = unit == '}';
    if (broken->levels[broken->depth].bracket != (is_object ? '{' : '['))
        return lt_json_broken_fail(broken, "a bracket closes what is not open");
    broken->depth--;
    broken->token = is_object ? LT_JSON_TOKEN_OBJECT_END : LT_JSON_TOKEN_ARRAY_END;
    return broken->token;
}

/* The value that begins with the unit. */
static enum lt_json_token begin_value(struct lt_json_broken *broken, uint16_t first)
{
    broken->value_begin = broken->at - 1;
    switch (first) {
    case '"':
        broken->is_unfinished = true;
        return LT_JSON_TOKEN_STRING;
    case '[':
        return LT_JSON_TOKEN_ARRAY_BEGIN;
    case '{':
        return LT_JSON_TOKEN_OBJECT_BEGIN;
    default:
        return lt_json_broken_value(broken, first);
    }
}

static enum lt_json_token after_name(struct lt_json_broken *broken)
{
    enum lt_json_token token = broken->next;
    broken->next = LT_JSON_TOKEN_END;
    if (!open_level(broken, token))
        return LT_JSON_TOKEN_INVALID;
    broken->token = token;
    return token;
}

/* Past the comma, if there has to be one; the first unit of the entry. */
static int32_t skip_comma(struct lt_json_broken *broken, int32_t unit)
{
    struct lt_json_broken_level *level = &broken->levels[broken->depth];
    bool expects_comma = level->has_entry && level->bracket != 0;
    level->has_entry = true;
    if (!expects_comma)
        return unit;
    if (unit == ',')
        return skip_blanks_inside(broken);
    (void)lt_json_broken_fail(broken, "a comma is expected");
    return FAULT;
}

/* The entry, or the comma in front of it, whose first unit was consumed. */
static enum lt_json_token next_entry(struct lt_json_broken *broken, int32_t unit)
{
    bool is_in_object = broken->levels[broken->depth].bracket == '{';
    unit = skip_comma(broken, unit);
    if (unit == FAULT)
        return LT_JSON_TOKEN_INVALID;
    if (is_in_object) {
        if (!read_name(broken, (uint16_t)unit))
            return LT_JSON_TOKEN_INVALID;
        broken->token = LT_JSON_TOKEN_NAME;
        unit = skip_colon(broken);
        if (unit == FAULT)
            return LT_JSON_TOKEN_INVALID;
    }
    enum lt_json_token token = begin_value(broken, (uint16_t)unit);
    if (token == LT_JSON_TOKEN_INVALID)
        return token;
    if (is_in_object) {
        broken->next = token;
        return LT_JSON_TOKEN_NAME;
    }
    if (!open_level(broken, token))
        return LT_JSON_TOKEN_INVALID;
    broken->token = token;
    return token;
}

enum lt_json_token lt_json_broken_next(struct lt_json_broken *broken)
{
    if (broken->token == LT_JSON_TOKEN_NAME)
        return after_name(broken);
    if (broken->is_unfinished) {
        broken->is_unfinished = false;
        if (!lt_json_broken_quote(broken, '"'))
            return LT_JSON_TOKEN_INVALID;
    }
    int32_t unit = broken->depth > 0 ? skip_blanks_inside(broken) : skip_blanks(broken);
    switch (unit) {
    case FAULT:
        return LT_JSON_TOKEN_INVALID;
    case END_OF_TEXT:
        broken->token = LT_JSON_TOKEN_END;
        return LT_JSON_TOKEN_END;
    case ']':
    case '}':
        return close_level(broken, (uint16_t)unit);
    default:
        return next_entry(broken, unit);
    }
}

bool lt_json_broken_skip(struct lt_json_broken *broken)
{
    if (broken->token != LT_JSON_TOKEN_OBJECT_BEGIN && broken->token != LT_JSON_TOKEN_ARRAY_BEGIN)
        return true;
    for (uint32_t open = 1; open > 0;) {
        switch (lt_json_broken_next(broken)) {
        case LT_JSON_TOKEN_INVALID:
            return false;
        case LT_JSON_TOKEN_END:
            return broken->depth == 0;
        case LT_JSON_TOKEN_OBJECT_BEGIN:
        case LT_JSON_TOKEN_ARRAY_BEGIN:
            open++;
            break;
        case LT_JSON_TOKEN_OBJECT_END:
        case LT_JSON_TOKEN_ARRAY_END:
            open--;
            break;
        default:
            break;
        }
    }
    return true;
}
