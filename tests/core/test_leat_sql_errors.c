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
    "CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES (0L, CAST(0 AS STRING), array(0L)) "
    "AS t(id, name, arr);"
    "CREATE TEMPORARY VIEW d AS SELECT * FROM VALUES (1, 'one', 1.5) AS d(i, str, dec);"
    "CREATE TABLE o_append USING noop OPTIONS (trigger 'continuous 1 second', outputMode 'append');"
    "CREATE TABLE o_update USING noop OPTIONS (trigger 'continuous 1 second', outputMode 'update');"
    "CREATE TABLE o_complete USING noop OPTIONS (trigger 'continuous 1 second', "
    "outputMode 'complete');"
    "CREATE TABLE t3 (a INT) USING memory;"
    "CREATE TABLE t4 (a INT, b STRING) USING memory";

enum { STATEMENT, CONDITION, SQLSTATE, LINE, POSITION, TEXT, CELLS };

/* What was said of the wrong one of some statements. */
struct outcome {
    char condition[128], sqlstate[8], text[4096];
    uint32_t line, position;
};

static void note(struct outcome *outcome, const char *condition, const char *sqlstate,
                 const char *text)
{
    (void)snprintf(outcome->condition, sizeof outcome->condition, "%s", condition);
    (void)snprintf(outcome->sqlstate, sizeof outcome->sqlstate, "%s", sqlstate);
    (void)snprintf(outcome->text, sizeof outcome->text, "%s", text);
}

/* A query that ends by itself is run to its end. */
static int run_query(leat_query *query, struct outcome *outcome)
{
    int code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await(query, LEAT_FOREVER);
    if (code != LEAT_OK)
        note(outcome, leat_query_error_condition(query), leat_query_error_sqlstate(query),
             leat_query_error(query));
    return code;
}

static int run_all(leat_context *context, const char *text, struct outcome *outcome)
{
    int code = LEAT_OK;
    leat_sql_result result = {.size = sizeof result};
    do {
        code = leat_sql(context, text, &text, &result);
        if (code != LEAT_OK) {
            note(outcome, leat_context_error_condition(context),
                 leat_context_error_sqlstate(context), leat_context_error(context));
            (void)leat_context_error_place(context, &outcome->line, &outcome->position);
            return code;
        }
        if (result.kind == LEAT_SQL_QUERY && result.ends)
            code = run_query(result.query, outcome);
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

/* Behind what leat was doing: which record it was, or what could not be started. */
static const char *skip_intent(const char *error)
{
    static const char *const begins[] = {"record at ", "cannot start the query: "};
    static const char *const ends[] = {
        ": project: ", ": filter: ", ": flatmap: ", "cannot make the projection: ",
        "cannot make the flat-map: "};
    bool has_intent = false;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        has_intent |= strncmp(error, begins[i], strlen(begins[i])) == 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0] && has_intent; i++) {
        const char *end = strstr(error, ends[i]);
        if (end != NULL)
            return end + strlen(ends[i]);
    }
    return error;
}

/* The text as the tool shows it: without what leat adds around it, and its last full stop. */
static void take_text(const char *error, char *out, size_t out_bytes)
{
    error = skip_intent(error);
    size_t size_bytes = strlen(error), used = 0;
    const char *hint = strstr(error, "; hint: "), *place = strstr(error, "\n  ");
    const char *part = strstr(error, "; in \"");
    if (part != NULL && strstr(part, " (line ") != NULL)
        size_bytes = (size_t)(part - error);
    if (place != NULL && place < error + size_bytes)
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

/* Line feeds, "\\n" in the table, become blanks: what is told of a record has none. */
static void join_lines(char *text)
{
    for (char *at = text; (at = strstr(at, "\\n")) != NULL;) {
        at[0] = ' ';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
}

static bool expect_error(char *const cells[CELLS])
{
    leat_context *context = leat_context_create();
    char text[4096];
    struct outcome outcome = {.line = 0};
    char *statement = strdup(cells[STATEMENT]);
    for (char *at = statement; (at = strstr(at, "\\n")) != NULL;) {
        *at = '\n';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
    if (run_all(context, setup_text, &outcome) != LEAT_OK)
        fail_msg("%s", outcome.text);
    bool is_wrong = run_all(context, statement, &outcome) != LEAT_OK;
    free(statement);
    take_text(outcome.text, text, sizeof text);
    join_lines(cells[TEXT]);
    join_lines(text);
    bool is_same =
        is_wrong && strcmp(outcome.condition, cells[CONDITION]) == 0 &&
        (outcome.sqlstate[0] == '\0' || strcmp(outcome.sqlstate, cells[SQLSTATE]) == 0) &&
        strcmp(text, cells[TEXT]) == 0 &&
        (strcmp(cells[LINE], "0") == 0 || (outcome.line == strtoul(cells[LINE], NULL, 10) &&
                                           outcome.position == strtoul(cells[POSITION], NULL, 10)));
    if (!is_same)
        print_error("%s\n  gives  [%s] %s %u:%u %s\n  wanted [%s] %s %s:%s %s\n", cells[STATEMENT],
                    outcome.condition, outcome.sqlstate, outcome.line, outcome.position, text,
                    cells[CONDITION], cells[SQLSTATE], cells[LINE], cells[POSITION], cells[TEXT]);
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
    assert_true(count > 900);
    assert_int_equal(wrong, 0);
}

static void a_record_that_fails_is_told_of_with_its_origin_and_place(void **state)
{
    leat_context *context = leat_context_create();
    uint32_t line = 0, position = 0;
    struct outcome outcome;
    (void)state;
    assert_int_equal(run_all(context, setup_text, &outcome), LEAT_OK);
    assert_int_equal(run_all(context, "SELECT\n  i,\n  i / (i - 1)\nFROM d", &outcome),
                     LEAT_ERROR_RECORD);
    assert_string_equal(
        leat_context_error(context),
        "record at row partition 0 offset 0: project: Division by zero. Use `try_divide` to "
        "tolerate divisor being 0 and return NULL instead. If necessary set "
        "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error; in \"i / (i - 1)\" (line 3, "
        "position 3); hint: a dead-letter sink (dlq) would keep such records and let the query go "
        "on");
    assert_true(leat_context_error_place(context, &line, &position));
    assert_int_equal(line, 3);
    assert_int_equal(position, 2);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_that_fails_is_told_of_with_its_origin_and_place),
        cmocka_unit_test(each_error_is_sparks_to_the_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
