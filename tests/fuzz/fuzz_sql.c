/*
 * Statements, one after the other, in a context of their own: tables and views are made, queries
 * are analysed and explained, jobs are built and checked, and none is run.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/base/log.h"
#include "core/leat.h"
#include "core/leat_admin.h"
#include "ops/sql/parse.h"

enum { STATEMENTS_MAX = 20 };

static void take(leat_context *context, const char *text)
{
    leat_sql_result result = {.size = sizeof result};
    if (leat_sql(context, text, NULL, &result) != LEAT_OK)
        return;
    if (result.query != NULL)
        (void)leat_admin_check(result.query);
    leat_query_destroy(result.query);
    free(result.text);
}

/* False: the text ends here. */
static bool take_next(leat_context *context, const char **text)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_sql_statement *statement;
    struct lt_error error;
    const char *rest = *text;
    bool is_statement =
        lt_sql_parse(*text, arena, &statement, &rest, &error) == LT_OK && statement != NULL;
    if (is_statement) {
        bool is_run = statement->kind == LT_SQL_SELECT;
        take(context, lt_arena_format(arena, "%s %.*s", is_run ? "EXPLAIN EXTENDED" : "",
                                      (int)(rest - *text), *text));
    }
    lt_arena_destroy(arena);
    *text = rest;
    return is_statement;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct fuzz_input input = {data, data + size_bytes};
    char *script = fuzz_text(fuzz_rest(&input));
    const char *text = script;
    leat_context *context = leat_context_create();
    lt_log_set_level(LT_LOG_ERROR);
    take(context, "CREATE TABLE t (a INT, s STRING, d DATE, x ARRAY<INT>) USING memory");
    for (unsigned i = 0; i < STATEMENTS_MAX && take_next(context, &text); i++)
        ;
    leat_context_destroy(context);
    free(script);
    return 0;
}
