/*
 * Quoting and listing names, and their distance from what was written.
 */
#include "ops/expr/unresolved.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"

enum { SUGGESTIONS = 5 };

const char *lt_name_quoted_one(const char *name, struct lt_arena *arena)
{
    return lt_name_quoted(&name, 1, arena);
}

const char *lt_name_quoted(const char *const *parts, uint32_t count, struct lt_arena *arena)
{
    size_t size_bytes = 1;
    for (uint32_t i = 0; i < count; i++)
        size_bytes += 2 * strlen(parts[i]) + 3;
    char *quoted = lt_arena_alloc(arena, size_bytes), *at = quoted;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = '.';
        *at++ = '`';
        for (const char *from = parts[i]; *from != '\0'; from++) {
            *at++ = *from;
            if (*from == '`')
                *at++ = '`';
        }
        *at++ = '`';
    }
    *at = '\0';
    return quoted;
}

/* The columns of a schema, quoted; of any number. */
static const char **quoted_fields(const struct lt_type *type, struct lt_arena *arena)
{
    const char **names = lt_arena_alloc(arena, (type->field_count + 1) * sizeof *names);
    for (uint32_t i = 0; i < type->field_count; i++)
        names[i] = lt_name_quoted_one(type->fields[i].name, arena);
    return names;
}

static const char *joined(const char *const *texts, uint32_t count, struct lt_arena *arena)
{
    const char *text = "";
    for (uint32_t i = 0; i < count; i++)
        text = lt_arena_format(arena, "%s%s%s", text, i == 0 ? "" : ", ", texts[i]);
    return text;
}

const char *lt_name_list(const char *const *names, uint32_t count, struct lt_arena *arena)
{
    const char **quoted = lt_arena_alloc(arena, (count + 1) * sizeof *quoted);
    for (uint32_t i = 0; i < count; i++)
        quoted[i] = lt_name_quoted_one(names[i], arena);
    return joined(quoted, count, arena);
}

const char *lt_field_list(const struct lt_type *type, struct lt_arena *arena)
{
    return joined(quoted_fields(type, arena), type->field_count, arena);
}

/* "[`a`, `b`]", at most `limit` of them. */
static const char *list(const char *const *names, uint32_t count, uint32_t limit,
                        struct lt_arena *arena)
{
    return lt_arena_format(arena, "[%s]", joined(names, count < limit ? count : limit, arena));
}

/* What is behind the last dot. */
static const char *last_part(const char *quoted)
{
    const char *part = quoted;
    for (const char *at = quoted; (at = strstr(at, "`.`")) != NULL; at += 2)
        part = at + 2;
    return part;
}

void lt_sort_names(const char **names, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const char *name = names[i];
        uint32_t at = i;
        for (; at > 0 && strcmp(last_part(names[at - 1]), last_part(name)) > 0; at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
}

/* Of Levenshtein: insertions, deletions and replacements, every case for itself. */
static unsigned distance_of(const char *a, const char *b)
{
    size_t columns = strlen(b) + 1;
    unsigned *row = lt_alloc_array(columns, sizeof *row);
    for (size_t j = 0; j < columns; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 1; j < columns; j++) {
            unsigned replaced = diagonal + (a[i] != b[j - 1]);
            unsigned stepped = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < stepped ? replaced : stepped;
        }
    }
    unsigned distance = row[columns - 1];
    free(row);
    return distance;
}

/* The nearest first; of several that are as near, as they were. Only the front has to be right. */
static void sort_by_distance(const char **names, uint32_t count, const char *written)
{
    for (uint32_t i = 0; i < count && i < SUGGESTIONS; i++) {
        uint32_t best = i;
        unsigned best_distance = distance_of(names[i], written);
        for (uint32_t j = i + 1; j < count; j++) {
            unsigned distance = distance_of(names[j], written);
            if (distance < best_distance) {
                best = j;
                best_distance = distance;
            }
        }
        const char *nearest = names[best];
        memmove(&names[i + 1], &names[i], (best - i) * sizeof *names);
        names[i] = nearest;
    }
}

int lt_refuse_column(struct lt_error *error, struct lt_expr_place place, const char *name,
                     const char *written, const char **known, uint32_t count,
                     struct lt_arena *arena)
{
    static const char text[] = "A column, variable, or function parameter with name %s cannot be "
                               "resolved.";
    if (count == 0)
        return lt_expr_error(error, LT_E_ANALYSIS, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703",
                             place, text, name);
    sort_by_distance(known, count, written);
    const char *begin = lt_arena_format(arena, text, name);
    return lt_expr_error(error, LT_E_ANALYSIS, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", place,
                         "%s Did you mean one of the following? %s.", begin,
                         list(known, count, SUGGESTIONS, arena));
}

int lt_refuse_ambiguous(struct lt_error *error, struct lt_expr_place place, const char *name,
                        const char *const *bearers, uint32_t count, struct lt_arena *arena)
{
    return lt_expr_error(error, LT_E_ANALYSIS, "AMBIGUOUS_REFERENCE", "42704", place,
                         "Reference %s is ambiguous, could be: %s.", name,
                         list(bearers, count, count, arena));
}

int lt_refuse_star_base(struct lt_error *error, struct lt_expr_place place, const char *name,
                        const struct lt_type *schema, struct lt_arena *arena)
{
    uint32_t count = schema == NULL ? 0 : schema->field_count;
    const char **names = count == 0 ? NULL : quoted_fields(schema, arena);
    lt_sort_names(names, count);
    return lt_expr_error(error, LT_E_ANALYSIS, "CANNOT_RESOLVE_STAR_EXPAND", "42704", place,
                         "Cannot resolve %s.* given input columns %s. Please check that the "
                         "specified table or struct exists and is accessible in the input "
                         "columns.",
                         lt_name_quoted_one(name, arena), joined(names, count, arena));
}

/* A name as it was written, parts between dots. */
static const char *quoted_path(const char *name, struct lt_arena *arena)
{
    const char *text = "";
    for (;;) {
        size_t size_bytes = strcspn(name, ".");
        const char *part = lt_arena_text_n(arena, name, size_bytes);
        text = lt_arena_format(arena, "%s%s", text, lt_name_quoted_one(part, arena));
        if (name[size_bytes] == '\0')
            return text;
        text = lt_arena_format(arena, "%s.", text);
        name += size_bytes + 1;
    }
}

int lt_refuse_unknown_routine(struct lt_error *error, struct lt_expr_place place, const char *name,
                              struct lt_arena *arena)
{
    return lt_expr_error(
        error, LT_E_ANALYSIS, "ROUTINE_NOT_FOUND", "42883", place,
        "The routine `default`.%s cannot be found. Verify the spelling and correctness of the "
        "schema and catalog.\nIf you did not qualify the name with a schema and catalog, verify "
        "the "
        "current_schema() output, or qualify the name with the correct schema and catalog.\nTo "
        "tolerate the error on drop use DROP ... IF EXISTS.",
        lt_name_quoted_one(name, arena));
}

const char *lt_name_written(struct lt_expr_place place, const char *name, struct lt_arena *arena)
{
    size_t size_bytes = place.text == NULL ? 0 : place.end - place.begin, used = 0;
    char *written = lt_arena_alloc(arena, size_bytes + 1);
    bool is_quoted = false;
    for (size_t i = 0; i < size_bytes; i++) {
        char c = place.text[place.begin + i];
        if (c == '`' && !(is_quoted && i + 1 < size_bytes && place.text[place.begin + i + 1] == c))
            is_quoted = !is_quoted;
        else if (!is_quoted && (c == '(' || lt_ascii_is_blank(c)))
            break;
        else
            written[used++] = c;
        i += c == '`' && used > 0 && written[used - 1] == c; /* two quotes stand for one */
    }
    written[used] = '\0';
    return lt_ascii_compare(written, name) == 0 ? written : name;
}

int lt_refuse_routine(struct lt_error *error, struct lt_expr_place place, const char *name,
                      const char *near, struct lt_arena *arena)
{
    name = lt_name_written(place, name, arena);
    const char *last = strrchr(name, '.');
    if (last != NULL && strchr(name, '.') != last)
        return lt_expr_error(
            error, LT_E_ANALYSIS, "REQUIRES_SINGLE_PART_NAMESPACE", "42K05", place,
            "spark_catalog requires a single-part namespace, but got %s.",
            quoted_path(lt_arena_text_n(arena, name, (size_t)(last - name)), arena));
    return lt_expr_error(error, LT_E_ANALYSIS, "UNRESOLVED_ROUTINE", "42883", place,
                         "Cannot resolve routine %s on search path [`system`.`builtin`, "
                         "`system`.`session`, `spark_catalog`.`default`]%s%s%s",
                         quoted_path(name, arena), near != NULL ? "; hint: did you mean \"" : ".",
                         near != NULL ? near : "", near != NULL ? "\"?" : "");
}
