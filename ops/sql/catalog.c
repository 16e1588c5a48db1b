/*
 * A list in the order of names: sessions have a handful of tables.
 */
#include "ops/sql/catalog.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "ops/expr/unresolved.h"

enum { NAMES_MAX = 256 };

static int not_found(const char *const *parts, uint32_t count, struct lt_expr_place place,
                     const char *near, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    int code = lt_expr_error(
        error, LT_E_NOT_FOUND, "TABLE_OR_VIEW_NOT_FOUND", "42P01", place,
        "The table or view %s cannot be found. Verify the spelling and correctness of the schema "
        "and catalog.\nIf you did not qualify the name with a schema, verify the current_schema() "
        "output, or qualify the name with the correct schema and catalog.\nTo tolerate the error "
        "on "
        "drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS%s%s%s",
        lt_name_quoted(parts, count, arena), near != NULL ? "; hint: did you mean \"" : ".",
        near != NULL ? near : "", near != NULL ? "\"?" : "");
    lt_arena_destroy(arena);
    return code;
}

static int refuse_namespace(const struct lt_sql_name *name, struct lt_expr_place place,
                            struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    int code =
        lt_expr_error(error, LT_E_ANALYSIS, "REQUIRES_SINGLE_PART_NAMESPACE", "42K05", place,
                      "spark_catalog requires a single-part namespace, but got %s.",
                      lt_name_quoted((const char *const *)name->parts, name->count - 1, arena));
    lt_arena_destroy(arena);
    return code;
}

const char *lt_sql_table_name(const struct lt_sql_name *name, const char *text,
                              struct lt_error *error)
{
    struct lt_expr_place place = {text, name->begin, name->end};
    const char *last = name->parts[name->count - 1];
    if (name->count == 1)
        return last;
    bool is_catalog = lt_ascii_compare(name->parts[0], "spark_catalog") == 0;
    if (name->count > 3 || (name->count == 3 && !is_catalog)) {
        (void)refuse_namespace(name, place, error);
        return NULL;
    }
    if (lt_ascii_compare(name->parts[name->count - 2], "default") == 0)
        return last;
    (void)not_found((const char *const *)name->parts, name->count, place, NULL, error);
    return NULL;
}

struct lt_sql_table *lt_sql_catalog_find(const struct lt_sql_catalog *catalog, const char *name)
{
    struct lt_sql_table *table = catalog->first;
    while (table != NULL && lt_ascii_compare(table->name, name) != 0)
        table = table->next;
    return table;
}

struct lt_sql_table *lt_sql_catalog_get(const struct lt_sql_catalog *catalog,
                                        const struct lt_sql_name *name, const char *text,
                                        struct lt_error *error)
{
    const char *plain = lt_sql_table_name(name, text, error);
    struct lt_sql_table *found = plain == NULL ? NULL : lt_sql_catalog_find(catalog, plain);
    if (plain == NULL || found != NULL)
        return found;
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct lt_sql_table *table = catalog->first; table != NULL && count < NAMES_MAX;
         table = table->next)
        names[count++] = table->name;
    const char *near = lt_nearest(plain, names, count);
    struct lt_expr_place place = {text, name->begin, name->end};
    (void)not_found((const char *const *)name->parts, name->count, place, near, error);
    return NULL;
}

void lt_sql_catalog_remove(struct lt_sql_catalog *catalog, const struct lt_sql_table *table)
{
    struct lt_sql_table **link = &catalog->first;
    while (*link != NULL && *link != table)
        link = &(*link)->next;
    if (*link != NULL)
        *link = table->next;
}

void lt_sql_catalog_put(struct lt_sql_catalog *catalog, struct lt_sql_table *table)
{
    const struct lt_sql_table *before = lt_sql_catalog_find(catalog, table->name);
    if (before != NULL)
        lt_sql_catalog_remove(catalog, before);
    struct lt_sql_table **link = &catalog->first;
    while (*link != NULL && lt_ascii_compare((*link)->name, table->name) < 0)
        link = &(*link)->next;
    table->next = *link;
    *link = table;
}

const char *lt_sql_table_option(const struct lt_sql_table *table, const char *key)
{
    for (uint32_t i = table->option_count; i > 0; i--) {
        if (lt_ascii_compare(table->options[i - 1].key, key) == 0)
            return table->options[i - 1].value;
    }
    return NULL;
}

/* One alternative, up to `end`. Each '*' is tried from where the last one matched: no recursion. */
static bool matches_one(const char *pattern, const char *end, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name != '\0') {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (pattern < end &&
                   (*pattern == '.' || lt_ascii_lower(*pattern) == lt_ascii_lower(*name))) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

bool lt_sql_matches(const char *pattern, const char *name)
{
    if (pattern == NULL)
        return true;
    for (;;) {
        const char *end = pattern + strcspn(pattern, "|");
        if (matches_one(pattern, end, name))
            return true;
        if (*end == '\0')
            return false;
        pattern = end + 1;
    }
}
