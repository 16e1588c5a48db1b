/*
 * One item, one row, one plan.
 */
#include "tests/support/conformance_generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text_buffer.h"
#include "tests/support/conformance_pipeline.h"

static void set_outcome(const struct pipeline_result *result, struct conformance_outcome *out)
{
    bool is_rows = strcmp(result->kind, "rows") == 0;
    struct lt_text_buffer text;
    lt_text_init(&text);
    if (is_rows)
        lt_text_append_char(&text, '[');
    else
        lt_text_append(&text, result->error);
    for (unsigned i = 0; i < result->row_count && is_rows; i++)
        lt_text_format(&text, "%s%s", i > 0 ? "," : "", result->rows[i]);
    if (is_rows)
        lt_text_append_char(&text, ']');
    *out = (struct conformance_outcome){.result = strdup(lt_text_get(&text)),
                                        .result_size = text.size_bytes};
    (void)snprintf(out->kind, sizeof out->kind, "%s", result->kind);
    (void)snprintf(out->type, sizeof out->type, "%.*s", (int)sizeof out->type - 1, result->type);
    lt_text_fini(&text);
}

void conformance_generate(const char *text, const struct lt_type *schema, struct lt_row *row,
                          const struct lt_session *session, struct conformance_outcome *out)
{
    static struct pipeline_result result;
    const struct lt_row_pool_options options = {.column_count = 1, .capacity = 1};
    struct lt_arena *arena = lt_arena_create();
    struct lt_row_pool *pool = NULL;
    if (row == NULL) {
        schema = lt_type_struct(arena, NULL, 0);
        lt_assert(lt_row_pool_create(&options, &pool, NULL) == LT_OK);
        row = lt_row_claim(pool);
    } else {
        lt_row_hold(row);
    }
    const struct conformance_rows rows = {.schema = schema, .rows = &row, .count = 1};
    conformance_pipeline_run(NULL, &text, 1, &rows, session, &result);
    set_outcome(&result, out);
    conformance_pipeline_fini(&result);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
}
