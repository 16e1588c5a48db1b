/* Wrong statements, word for word: what a live Spark said of each stands in sql_errors.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat.h"

static const char setup_text[] =
    "CREATE TABLE s USING rate;"
    "CREATE TEMPORARY VIEW r AS SELECT timestamp AS t, value AS v, "
    "named_struct('a', 1, 'b', 'x') AS st, array(1, 2) AS arr, CAST(value AS STRING) AS str "
    "FROM s;"
    "CREATE TEMPORARY VIEW w AS SELECT * FROM s WATERMARK timestamp DELAY OF INTERVAL 10 SECONDS;"
    "CREATE TABLE o_append USING noop OPTIONS (outputMode 'append');"
    "CREATE TABLE o_update USING noop OPTIONS (outputMode 'update');"
    "CREATE TABLE o_complete USING noop OPTIONS (outputMode 'complete');"
    "CREATE TABLE t3 (a INT) USING memory";

enum { STATEMENT, CONDITION, SQLSTATE, LINE, POSITION, TEXT, CELLS };

static int run_all(leat_context *context, const char *text)
{
    int code = LEAT_OK;
    leat_sql_result result = {.size = sizeof result};
    do {
        code = leat_sql(context, text, &text, &result);
        free(result.text);
        leat_query_destroy(result.query);
    } while (code == LEAT_OK && result.kind != LEAT_SQL_NONE);
    return code;
}

/* Cuts the line at its tabs; false for a comment. */
static bool cut(char *line, char *cells[CELLS])
{
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#')
        return false;
    for (int i = 0; i < CELLS; i++) {
        cells[i] = strsep(&line, "\t");
        assert_non_null(cells[i]);
    }
    return true;
}

/* The text as the tool shows it: without what leat adds behind it, and its last full stop. */
static void take_text(const char *error, char *out, size_t out_bytes)
{
    size_t size_bytes = strlen(error), used = 0;
    const char *hint = strstr(error, "; hint: "), *place = strstr(error, "\n  ");
    if (place != NULL)
        size_bytes = (size_t)(place - error);
    if (hint != NULL && hint < error + size_bytes)
        size_bytes = (size_t)(hint - error);
    while (size_bytes > 0 && error[size_bytes - 1] == '.')
        size_bytes--;
    for (size_t i = 0; i < size_bytes && used + 2 < out_bytes; i++) {
        if (error[i] == '\n')
            out[used++] = '\\';
        out[used++] = error[i] == '\n' ? 'n' : error[i];
    }
    out[used] = '\0';
}

static bool expect_error(char *const cells[CELLS])
{
    leat_context *context = leat_context_create();
    char text[4096];
    uint32_t line = 0, position = 0;
    if (run_all(context, setup_text) != LEAT_OK)
        fail_msg("%s", leat_context_error(context));
    bool is_wrong = run_all(context, cells[STATEMENT]) != LEAT_OK;
    (void)leat_context_error_place(context, &line, &position);
    take_text(leat_context_error(context), text, sizeof text);
    bool is_same =
        is_wrong && strcmp(leat_context_error_condition(context), cells[CONDITION]) == 0 &&
        strcmp(leat_context_error_sqlstate(context), cells[SQLSTATE]) == 0 &&
        strcmp(text, cells[TEXT]) == 0 &&
        (strcmp(cells[LINE], "0") == 0 || (line == strtoul(cells[LINE], NULL, 10) &&
                                           position == strtoul(cells[POSITION], NULL, 10)));
    if (!is_same)
        print_error("%s\n  gives  [%s] %s %u:%u %s\n  wanted [%s] %s %s:%s %s\n", cells[STATEMENT],
                    leat_context_error_condition(context), leat_context_error_sqlstate(context),
                    line, position, text, cells[CONDITION], cells[SQLSTATE], cells[LINE],
                    cells[POSITION], cells[TEXT]);
    leat_context_destroy(context);
    return is_same;
}

static void each_error_is_sparks_to_the_word(void **state)
{
    FILE *file = fopen("tests/core/sql_errors.tsv", "re");
    char *line = NULL, *cells[CELLS];
    size_t capacity = 0;
    unsigned count = 0, wrong = 0;
    (void)state;
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        if (!cut(line, cells))
            continue;
        count++;
        wrong += !expect_error(cells);
    }
    free(line);
    assert_int_equal(fclose(file), 0);
    assert_true(count > 100);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_is_sparks_to_the_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
