/*
 * get_json_object reads the document once and copies what the path leads to. How it copies is a
 * *style*, which a wildcard changes for what is inside it:
 *
 *   RAW      no array around: a string comes out without quotes
 *   QUOTED   inside an array
 *   FLATTEN  inside two wildcards in a row, [*][*]: arrays that are found melt into the one around
 *
 * One wildcard gives an array only if it finds more than one thing. Of duplicate names the first
 * that leads somewhere counts. What follows the value is not read; a fault before its end makes the
 * result NULL.
 *
 * Recursion is at most as deep as the path has steps, and in FLATTEN as deep as arrays nest, which
 * the scanner limits.
 */
#include "core/text/json_path.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/text/json_scan.h"
#include "core/text/json_steps.h"

enum style { RAW, QUOTED, FLATTEN };

struct lt_json_path {
    struct lt_json_steps steps;
    struct lt_json_scan scan;
    struct lt_text_buffer *out;
    bool needs_comma; /* before the next item of the array that is being written */
    bool is_broken;   /* the document is malformed */
    bool keeps_pairs; /* what is written is a text within the text */
};

static bool evaluate(struct lt_json_path *p, enum style style, size_t step);

struct lt_json_path *lt_json_path_create(const char *text, size_t size_bytes)
{
    if (size_bytes == 0 || *text != '$')
        return NULL;
    struct lt_json_path *path = lt_alloc(sizeof *path);
    if (lt_json_steps_parse(&path->steps, text + 1, text + size_bytes, false) != NULL) {
        lt_json_path_destroy(path);
        return NULL;
    }
    return path;
}

void lt_json_path_destroy(struct lt_json_path *path)
{
    if (path == NULL)
        return;
    lt_json_steps_fini(&path->steps);
    free(path);
}

/* ---------------------------------------------------------------------------------- evaluation */

static enum lt_json_token next(struct lt_json_path *p)
{
    enum lt_json_token token = lt_json_scan_next(&p->scan);
    p->is_broken |= token == LT_JSON_TOKEN_INVALID;
    return token;
}

static void skip(struct lt_json_path *p)
{
    p->is_broken |= lt_json_scan_skip(&p->scan) == LT_JSON_TOKEN_INVALID;
}

static void begin_item(struct lt_json_path *p)
{
    if (p->needs_comma)
        lt_text_append_char(p->out, ',');
    p->needs_comma = true;
}

/* The next element of an array; false at its end or at a fault. */
static bool next_element(struct lt_json_path *p)
{
    return next(p) != LT_JSON_TOKEN_ARRAY_END && !p->is_broken;
}

/* The path has led here. */
static bool emit(struct lt_json_path *p, enum style style, size_t step)
{
    enum lt_json_token token = p->scan.token;
    if (token == LT_JSON_TOKEN_STRING && style == RAW) {
        p->is_broken |= lt_json_scan_has_lone_surrogate(&p->scan);
        lt_json_scan_text(&p->scan, p->out);
        return true;
    }
    if (token == LT_JSON_TOKEN_ARRAY_BEGIN && style == FLATTEN) {
        bool found = false;
        while (next_element(p))
            found |= evaluate(p, style, step);
        return found;
    }
    bool is_in_array = style != RAW;
    if (is_in_array)
        begin_item(p);
    p->is_broken |= !lt_json_scan_copy(&p->scan, !p->keeps_pairs, p->out);
    return !p->is_broken;
}

static bool evaluate_object(struct lt_json_path *p, enum style style, size_t step)
{
    const struct lt_json_step *name = &p->steps.steps[step];
    bool found = false;
    while (next(p) == LT_JSON_TOKEN_NAME) {
        if (found || !lt_json_scan_is(&p->scan, name->name, name->name_bytes))
            skip(p);
        else if (next(p) != LT_JSON_TOKEN_NULL && !p->is_broken)
            found = evaluate(p, style, step + 1);
    }
    return found;
}

static bool evaluate_index(struct lt_json_path *p, enum style style, size_t step)
{
    bool is_last = step + 1 == p->steps.count;
    enum style inner =
        !is_last && p->steps.steps[step + 1].kind == LT_JSON_STEP_ALL ? QUOTED : style;
    bool found = false;
    for (uint64_t index = 0; next_element(p); index++) {
        if (index == p->steps.steps[step].index)
            found = evaluate(p, inner, step + 1);
        else
            skip(p);
    }
    return found;
}

/* Every element; the array around them stays unless `may_unwrap` and there is only one. */
static bool evaluate_all(struct lt_json_path *p, enum style inner, size_t rest, bool may_unwrap)
{
    size_t before = p->out->size_bytes;
    bool needed_comma = p->needs_comma, kept_pairs = p->keeps_pairs;
    p->keeps_pairs = kept_pairs || may_unwrap;
    begin_item(p);
    size_t bracket = p->out->size_bytes;
    lt_text_append_char(p->out, '[');
    p->needs_comma = false;
    size_t found = 0;
    while (next_element(p))
        found += evaluate(p, inner, rest);
    lt_text_append_char(p->out, ']');
    p->needs_comma = true;
    p->keeps_pairs = kept_pairs;
    if (may_unwrap && found == 0) {
        p->out->size_bytes = before;
        p->needs_comma = needed_comma;
    } else if (may_unwrap && found == 1) {
        p->out->size_bytes -= 2;
        memmove(p->out->data + bracket, p->out->data + bracket + 1, p->out->size_bytes - bracket);
    }
    p->out->data[p->out->size_bytes] = '\0';
    return found != 0;
}

static bool evaluate_wildcard(struct lt_json_path *p, enum style style, size_t step)
{
    bool is_double = step + 1 < p->steps.count && p->steps.steps[step + 1].kind == LT_JSON_STEP_ALL;
    if (is_double)
        return evaluate_all(p, FLATTEN, step + 2, false);
    if (style == QUOTED)
        return evaluate_all(p, QUOTED, step + 1, false);
    return evaluate_all(p, style == RAW ? QUOTED : FLATTEN, step + 1, true);
}

/* Goes to the end of the value that the last token begins. True when something was written. */
static bool evaluate(struct lt_json_path *p, enum style style, size_t step)
{
    if (step == p->steps.count)
        return emit(p, style, step);
    enum lt_json_token token = p->scan.token;
    enum lt_json_step_kind kind = p->steps.steps[step].kind;
    if (token == LT_JSON_TOKEN_OBJECT_BEGIN && kind == LT_JSON_STEP_NAME)
        return evaluate_object(p, style, step);
    if (token == LT_JSON_TOKEN_ARRAY_BEGIN && kind == LT_JSON_STEP_INDEX)
        return evaluate_index(p, style, step);
    if (token == LT_JSON_TOKEN_ARRAY_BEGIN && kind == LT_JSON_STEP_ALL)
        return evaluate_wildcard(p, style, step);
    skip(p);
    return false;
}

bool lt_json_path_get(struct lt_json_path *path, const void *data, size_t size_bytes,
                      struct lt_text_buffer *out)
{
    lt_text_clear(out);
    lt_json_scan_init(&path->scan, data, size_bytes, LT_JSON_SCAN_SPARK);
    path->out = out;
    path->needs_comma = false;
    path->is_broken = false;
    path->keeps_pairs = false;
    enum lt_json_token token = next(path);
    if (token == LT_JSON_TOKEN_END || path->is_broken)
        return false;
    bool found = evaluate(path, RAW, 0);
    return found && !path->is_broken;
}
