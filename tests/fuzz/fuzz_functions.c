/*
 * Every function of the table, on texts of any bytes. Two bytes choose the function, one how many
 * arguments it is given, then one byte for each says what is made of a text before it becomes that
 * argument. The texts are the lines after that.
 *
 * Left out is what has to do much by the size of a number: there a large result is no fault.
 */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/json_write.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/program.h"

enum { ARGUMENTS = 4, COLUMNS = 3 };

/* With the name of a column for $. */
static const char *const MADE[] = {
    "$",
    "CAST($ AS BINARY)",
    "TRY_CAST($ AS INT)",
    "TRY_CAST($ AS BIGINT)",
    "TRY_CAST($ AS DOUBLE)",
    "TRY_CAST($ AS DECIMAL(38,18))",
    "TRY_CAST($ AS DATE)",
    "TRY_CAST($ AS TIMESTAMP)",
    "TRY_CAST($ AS INTERVAL DAY TO SECOND)",
    "split($, ',')",
    "str_to_map($)",
    "from_json($, 'a INT, b ARRAY<STRING>, c MAP<STRING, DOUBLE>')",
    "from_json($, 'ARRAY<INT>')",
    "($ IS NULL)",
    "x -> concat(x, $)",
    "(x, y) -> x < y",
    "'%s|%d|%5.2f'",
    "'yyyy-MM-dd HH:mm:ss.SSS'",
    "'a INT, b STRING'",
    "map('mode', 'FAILFAST')",
};
enum { MADE_COUNT = sizeof MADE / sizeof MADE[0] };

static bool is_left_out(const struct lt_function *function)
{
    static const char *const names[] = {"repeat",        "space",    "lpad",    "rpad",
                                        "array_repeat",  "sequence", "randstr", "format_string",
                                        "format_number", "elt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(function->name, names[i]) == 0)
            return true;
    }
    return function->flow == LT_FLOW_AGGREGATE || isalpha((unsigned char)function->name[0]) == 0;
}

/* The call as text, in the arena; NULL: no such call. */
static const char *call_of(struct fuzz_input *input, struct lt_arena *arena)
{
    static const char COLUMN_NAMES[] = "abc";
    if (input->end - input->at < 3 + ARGUMENTS)
        return NULL;
    const uint8_t *choice = input->at;
    input->at += 3 + ARGUMENTS;
    size_t index = (choice[0] + 256U * choice[1]) % lt_function_count();
    const struct lt_function *function = lt_function_at(index, NULL);
    uint32_t count = choice[2] % (ARGUMENTS + 1);
    if (is_left_out(function))
        return NULL;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_format(&text, "%s(", function->name);
    for (uint32_t i = 0; i < count; i++) {
        const char column[] = {COLUMN_NAMES[i % COLUMNS], '\0'};
        lt_text_append(&text, i == 0 ? "" : ", ");
        const char *made = MADE[choice[3 + i] % MADE_COUNT], *place = strchr(made, '$');
        lt_text_append_n(&text, made, place != NULL ? (size_t)(place - made) : strlen(made));
        if (place != NULL)
            lt_text_format(&text, "%s%s", column, place + 1);
    }
    lt_text_append(&text, ")");
    const char *call = lt_arena_text(arena, lt_text_get(&text));
    lt_text_fini(&text);
    return call;
}

static const struct lt_type *columns_of(struct lt_arena *arena)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    const struct lt_field fields[COLUMNS] = {
        {"a", string, true, NULL}, {"b", string, true, NULL}, {"c", string, true, NULL}};
    return lt_type_struct(arena, fields, COLUMNS);
}

static void evaluate(const char *text, const struct lt_session *session, const struct lt_row *row,
                     struct lt_arena *arena)
{
    const struct lt_type *schema = columns_of(arena);
    struct lt_expression *expression;
    struct lt_program *program;
    struct lt_error error;
    union lt_value value;
    bool is_null;
    if (lt_expr_parse(text, arena, &expression, &error) != LT_OK ||
        lt_expr_analyse(&expression, text, schema, session, arena, &error) != LT_OK)
        return;
    const struct lt_program_options options = {.expressions = &expression,
                                               .texts = &text,
                                               .count = 1,
                                               .schema = schema,
                                               .session = session};
    if (lt_program_create(&options, &program, &error) != LT_OK)
        return;
    if (lt_program_eval_value(program, row, &value, &is_null) && !is_null) {
        struct lt_text_buffer shown;
        lt_text_init(&shown);
        lt_json_write_value(&shown, expression->type, &value, NULL);
        lt_text_fini(&shown);
    }
    lt_program_destroy(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static struct lt_row_pool *pool;
    struct fuzz_input input = {data, data + size_bytes};
    struct lt_arena *arena = lt_arena_create();
    struct lt_session session = *lt_session_default();
    const struct lt_row_pool_options options = {.column_count = COLUMNS, .capacity = 16};
    if (pool == NULL)
        lt_assert(lt_row_pool_create(&options, &pool, NULL) == LT_OK);
    session.is_legacy = size_bytes % 4 == 0;
    const char *text = call_of(&input, arena);
    if (text != NULL) {
        struct lt_row *row = lt_row_claim(pool);
        for (uint32_t i = 0; i < COLUMNS; i++)
            lt_row_values(row)[i].bytes = i + 1 < COLUMNS ? fuzz_line(&input) : fuzz_rest(&input);
        evaluate(text, &session, row, arena);
        lt_row_release(row);
    }
    lt_arena_destroy(arena);
    return 0;
}
