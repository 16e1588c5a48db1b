/*
 * Random expressions, two ways to one result: the threaded loop with everything optimised, and the
 * switch with nothing optimised. Alone, over rows of awkward values; and in chains of steps, which
 * the optimiser puts together.
 *
 *     FUZZ_EXPRESSIONS  how many (1000)
 *     FUZZ_SEED         where they begin (1); a failure prints it with the expression
 *     FUZZ_ROWS         a folder with other rows than those of tests/conformance
 *     FUZZ_FILE         also writes each expression with its results there, for
 *                       tests/ops/expr/fuzz_spark
 *     FUZZ_TEXTS        a file that FUZZ_FILE was: its expressions over its rows, and no random
 * ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/conformance.h"
#include "tests/support/conformance_pipeline.h"
#include "tests/support/conformance_rows.h"
#include "tests/support/random_expression.h"
#include "tests/support/twice.h"

enum { DEPTH = 4, ROWS_EACH = 3, PERCENT_SOUND = 20, DIFFERENT_MAX = 20 };

static const char *rows_folder(void)
{
    const char *folder = getenv("FUZZ_ROWS");
    return folder == NULL || *folder == '\0' ? "tests/conformance" : folder;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* Every expression begins with a seed of its own, so that one can be had again alone. */
static struct random_expressions begin(uint64_t seed, const struct lt_type *schema,
                                       struct lt_arena *arena)
{
    struct random_expressions random = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1, schema, arena};
    for (unsigned i = 0; i < 8; i++)
        (void)random_below(&random, 2);
    return random;
}

static void settings_of(struct random_expressions *random, struct lt_session *session)
{
    static const char *const zones[] = {"UTC", "America/Los_Angeles", "Asia/Kolkata"};
    *session = *lt_session_default();
    session->is_legacy = random_below(random, 4) == 0;
    (void)snprintf(session->time_zone, sizeof session->time_zone, "%s",
                   zones[random_below(random, 3)]);
}

static void write_result(FILE *file, const struct lt_session *session, const char *text,
                         int64_t row, const struct conformance_outcome *out)
{
    if (file != NULL)
        (void)fprintf(file, "%s\t%s\t%s\t%lld\t%s\t%s\t%s\n", session->is_legacy ? "false" : "true",
                      session->time_zone, text, (long long)row, out->kind, out->type,
                      strlen(out->result) < out->result_size ||
                              strpbrk(out->result, "\t\n\r") != NULL
                          ? "?"
                          : out->result);
}

/* Evaluates both ways and writes the result. Returns whether they are the same. */
static bool try_one(FILE *file, const char *text, const struct conformance_rows *rows,
                    const struct lt_row *row, const struct lt_session *session, bool is_first,
                    bool *is_sound)
{
    struct twice twice;
    const struct conformance_outcome *out = &twice.optimised, *second = &twice.plain;
    twice_evaluate(text, rows->schema, row, session, &twice);
    bool is_same = twice.is_same;
    *is_sound = strcmp(out->kind, "parse-error") != 0 && strcmp(out->kind, "analysis-error") != 0 &&
                strcmp(out->kind, "refused") != 0;
    if (!is_same)
        print_error("%s\n  %s %s %s\n  %s %s %s\n", text, out->kind, out->type, out->result,
                    second->kind, second->type, second->result);
    if (*is_sound || is_first)
        write_result(file, session, text, lt_row_values(row)[0].i64, out);
    twice_fini(&twice);
    return is_same;
}

static FILE *open_results(void)
{
    const char *path = getenv("FUZZ_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    assert_true(path == NULL || file != NULL);
    return file;
}

static void expressions_give_the_same_in_both_ways(void **state)
{
    struct conformance_rows rows;
    (void)state;
    assert_true(conformance_rows_open(rows_folder(), &rows));
    uint64_t count = number_of("FUZZ_EXPRESSIONS", 1000), first = number_of("FUZZ_SEED", 1);
    uint64_t sound = 0, different = 0;
    FILE *file = open_results();
    for (uint64_t seed = first; seed < first + count && different < DIFFERENT_MAX; seed++) {
        struct lt_arena *arena = lt_arena_create();
        struct random_expressions random = begin(seed, rows.schema, arena);
        struct lt_session session;
        struct lt_text_buffer text;
        lt_text_init(&text);
        settings_of(&random, &session);
        while (strchr(lt_text_get(&text), '(') == NULL) { /* more than a leaf */
            lt_text_clear(&text);
            random_expression(&random, random_type(&random), 1 + random_below(&random, DEPTH),
                              &text);
        }
        bool is_sound = true;
        for (unsigned i = 0; i < ROWS_EACH && is_sound; i++) {
            const struct lt_row *row = rows.rows[random_below(&random, rows.count)];
            if (!try_one(file, lt_text_get(&text), &rows, row, &session, i == 0, &is_sound)) {
                different++;
                print_error("  FUZZ_SEED=%llu\n", (unsigned long long)seed);
            }
            sound += i == 0 && is_sound;
        }
        lt_text_fini(&text);
        lt_arena_destroy(arena);
    }
    if (file != NULL)
        assert_int_equal(fclose(file), 0);
    assert_int_equal(different, 0);
    if (sound * 100 < count * PERCENT_SOUND)
        fail_msg("of %llu expressions only %llu are sound", (unsigned long long)count,
                 (unsigned long long)sound);
    conformance_rows_close(&rows);
}

/* Lines that write_result() wrote, of which the setting, the expression and the row are read. */
static void given_expressions_give_the_same_in_both_ways(void **state)
{
    struct conformance_rows rows;
    FILE *texts = fopen(*state, "r"), *file = open_results();
    char *line = NULL;
    size_t capacity = 0;
    uint64_t different = 0;
    assert_non_null(texts);
    assert_true(conformance_rows_open(rows_folder(), &rows));
    while (getline(&line, &capacity, texts) >= 0) {
        char *fields[CONFORMANCE_FIELDS];
        bool is_sound;
        assert_in_range(conformance_split(line, fields), 4, CONFORMANCE_FIELDS);
        struct lt_session session = *lt_session_default();
        uint64_t row = strtoull(fields[3], NULL, 10);
        assert_in_range(row, 1, rows.count);
        session.is_legacy = strcmp(fields[0], "false") == 0;
        (void)snprintf(session.time_zone, sizeof session.time_zone, "%s", fields[1]);
        different +=
            !try_one(file, fields[2], &rows, rows.rows[row - 1], &session, true, &is_sound);
    }
    free(line);
    (void)fclose(texts);
    if (file != NULL)
        assert_int_equal(fclose(file), 0);
    assert_int_equal(different, 0);
    conformance_rows_close(&rows);
}

/* --------------------------------------------------------------------------------------- chains */

/* The type of a result of one column. */
static const struct lt_type *column_type(const struct pipeline_result *result,
                                         struct lt_arena *arena)
{
    const struct lt_type *type;
    const char *ddl = lt_arena_format(arena, "x %s", result->type);
    if (lt_type_parse_ddl(ddl, arena, &type, NULL) != LT_OK)
        return NULL; /* void */
    return type->fields[0].type->fields[0].type;
}

/* "E AS name": an expression over the schema, asked for by `*type`, which becomes its own. Tried
 * until one is sound. */
static const char *sound_item(struct random_expressions *random, const struct lt_type **type,
                              const struct lt_session *session, const char *name,
                              struct lt_arena *arena)
{
    enum { TRIES = 100 };
    const struct conformance_rows none = {.schema = random->schema};
    static struct pipeline_result result;
    for (unsigned i = 0; i < TRIES; i++) {
        struct lt_text_buffer text;
        lt_text_init(&text);
        random_expression(random, *type, 2, &text);
        const char *item = lt_arena_format(arena, "%s AS %s", lt_text_get(&text), name);
        lt_text_fini(&text);
        conformance_pipeline_run(NULL, &item, 1, &none, session, &result);
        const struct lt_type *own =
            strcmp(result.kind, "rows") == 0 ? column_type(&result, arena) : NULL;
        bool is_condition = (*type)->kind == LT_TYPE_BOOLEAN;
        if (own == NULL || (is_condition && own->kind != LT_TYPE_BOOLEAN))
            continue;
        *type = own;
        return item;
    }
    bool is_condition = (*type)->kind == LT_TYPE_BOOLEAN;
    *type = lt_type_simple(is_condition ? LT_TYPE_BOOLEAN : LT_TYPE_INT);
    return lt_arena_format(arena, is_condition ? "true AS %s" : "1 AS %s", name);
}

/* A projection, a predicate over it, a projection over both. */
static void fill_chain(struct random_expressions *random, const struct lt_session *session,
                       struct lt_arena *arena, struct pipeline_step *steps, const char *items[2][4])
{
    struct lt_field fields[4];
    static const char *const names[] = {"p", "q", "r", "u"};
    for (uint32_t i = 0; i < 4; i++) {
        fields[i] = (struct lt_field){.name = names[i], .type = random_type(random)};
        items[0][i] = sound_item(random, &fields[i].type, session, names[i], arena);
        fields[i].nullable = true;
    }
    struct random_expressions over = {random->state, lt_type_struct(arena, fields, 4), arena};
    const struct lt_type *type = lt_type_simple(LT_TYPE_BOOLEAN);
    const char *predicate = sound_item(&over, &type, session, "x", arena);
    for (uint32_t i = 0; i < 3; i++) {
        type = random_type(&over);
        items[1][i] = sound_item(&over, &type, session, i == 0 ? "x" : i == 1 ? "y" : "z", arena);
    }
    items[1][3] = "u";
    steps[0] = (struct pipeline_step){.items = items[0], .item_count = 4};
    steps[1] = (struct pipeline_step){.where = predicate};
    steps[2] = (struct pipeline_step){.items = items[1], .item_count = 4};
}

/* What an optimised chain may do otherwise is not to fail; and to be refused for a constant that no
 * row comes to. */
static bool is_right_chain(const struct pipeline_result *optimised,
                           const struct pipeline_result *plain)
{
    bool failed = strstr(plain->kind, "error") != NULL;
    return conformance_pipeline_same(optimised, plain) ||
           (optimised->is_refused && plain->row_count == 0) ||
           (failed && (strcmp(optimised->kind, "rows") == 0 ||
                       strcmp(optimised->kind, "runtime-error") == 0));
}

static void chains_give_the_same_in_both_ways(void **state)
{
    enum { CHAINS_PER_EXPRESSION = 5 };
    struct conformance_rows rows;
    (void)state;
    assert_true(conformance_rows_open(rows_folder(), &rows));
    uint64_t count = number_of("FUZZ_EXPRESSIONS", 1000) / CHAINS_PER_EXPRESSION;
    uint64_t first = number_of("FUZZ_SEED", 1), sound = 0;
    static struct pipeline_result optimised, plain;
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct lt_arena *arena = lt_arena_create();
        struct random_expressions random = begin(seed, rows.schema, arena);
        struct pipeline_step steps[3];
        const char *items[2][4];
        struct lt_session session, other;
        settings_of(&random, &session);
        fill_chain(&random, &session, arena, steps, items);
        other = conformance_plain(&session);
        conformance_chain_run(steps, 3, &rows, &session, &optimised);
        conformance_chain_run(steps, 3, &rows, &other, &plain);
        sound += strcmp(plain.kind, "analysis-error") != 0;
        if (!is_right_chain(&optimised, &plain))
            fail_msg("FUZZ_SEED=%llu: SELECT %s, %s, %s, %s WHERE %s SELECT %s, %s, %s, u\n  %s %s "
                     "%u rows\n  %s %s %u rows",
                     (unsigned long long)seed, items[0][0], items[0][1], items[0][2], items[0][3],
                     steps[1].where, items[1][0], items[1][1], items[1][2], optimised.kind,
                     optimised.error, optimised.row_count, plain.kind, plain.error,
                     plain.row_count);
        conformance_pipeline_fini(&optimised);
        conformance_pipeline_fini(&plain);
        lt_arena_destroy(arena);
    }
    if (sound * 100 < count * PERCENT_SOUND)
        fail_msg("of %llu chains only %llu are sound", (unsigned long long)count,
                 (unsigned long long)sound);
    conformance_rows_close(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_give_the_same_in_both_ways),
        cmocka_unit_test(chains_give_the_same_in_both_ways),
    };
    char *texts = getenv("FUZZ_TEXTS");
    if (texts != NULL && *texts != '\0') {
        const struct CMUnitTest given[] = {
            cmocka_unit_test_prestate(given_expressions_give_the_same_in_both_ways, texts),
        };
        return cmocka_run_group_tests(given, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
