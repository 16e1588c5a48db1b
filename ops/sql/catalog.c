/*
 * A list in the order of names: sessions have a handful of tables.
 */
#include "ops/sql/catalog.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/base/text_buffer.h"
#include "ops/expr/diagnose.h"

enum { NAMES_MAX = 256 };

const char *lt_sql_table_name(const struct lt_sql_name *name, const char *text,
                              struct lt_error *error)
{
    struct lt_expr_place place = {text, name->begin, name->end};
    const char *last = name->parts[name->count - 1];
    if (name->count == 1)
        return last;
    bool is_catalog = lt_ascii_compare(name->parts[0], "spark_catalog") == 0;
    if (name->count > 3 || (name->count == 3 && !is_catalog)) {
        (void)lt_expr_error(error, LT_E_ANALYSIS, "REQUIRES_SINGLE_PART_NAMESPACE", "42K05", place,
                            "spark_catalog requires a single-part namespace");
        return NULL;
    }
    if (lt_ascii_compare(name->parts[name->count - 2], "default") == 0)
        return last;
    (void)lt_expr_error(error, LT_E_NOT_FOUND, "TABLE_OR_VIEW_NOT_FOUND", "42P01", place,
                        "the table or view \"%s.%s\" cannot be found; hint: there is one schema, "
                        "\"default\"",
                        name->parts[name->count - 2], last);
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
    (void)lt_expr_error(error, LT_E_NOT_FOUND, "TABLE_OR_VIEW_NOT_FOUND", "42P01", place,
                        "the table or view \"%s\" cannot be found%s%s%s", plain,
                        near != NULL ? "; hint: did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
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
