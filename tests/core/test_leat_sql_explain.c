/* EXPLAIN: plans of Spark's shapes, why a query does not run, and numbers that a run confirms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/doors.h"

static const char setup_text[] = "CREATE TABLE s USING rate OPTIONS (rowsPerSecond '5');"
                                 "CREATE TABLE o USING noop;"
                                 "CREATE TABLE c USING noop OPTIONS (trigger 'continuous');"
                                 "CREATE TABLE p USING noop OPTIONS (shufflePartitions '3');"
                                 "CREATE TABLE once USING noop OPTIONS (trigger 'once');"
                                 "CREATE TABLE u USING noop OPTIONS (outputMode 'update');"
                                 "CREATE TABLE w USING rate OPTIONS (watermark 'timestamp 1 s');"
                                 "CREATE TABLE docs (value STRING) USING memory;"
                                 "CREATE TABLE one_writer USING append OPTIONS (path 'x', "
                                 "format 'json');"
                                 "CREATE TEMPORARY VIEW v AS SELECT value AS n FROM s;";

/* Runs statements; a query is run to its end, and its counters are asked for by `look`. */
static void run_all(leat_context *context, const char *text,
                    void (*look)(void *user, leat_query *query), void *user)
{
    leat_sql_result result = {.size = sizeof result};
    do {
        if (leat_sql(context, text, &text, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(context));
        if (result.kind == LEAT_SQL_QUERY) {
            doors_start(result.query);
            if (leat_await(result.query, DOORS_PATIENCE_NS) != LEAT_OK)
                fail_msg("%s", leat_query_error(result.query));
            if (look != NULL)
                look(user, result.query);
            leat_query_destroy(result.query);
        }
        free(result.text);
    } while (result.kind != LEAT_SQL_NONE);
}

static leat_context *open_session(void)
{
    leat_context *context = leat_context_create();
    run_all(context, setup_text, NULL, NULL);
    return context;
}

static char *explained(leat_context *context, const char *statement)
{
    leat_sql_result result = {.size = sizeof result};
    if (leat_sql(context, statement, NULL, &result) != LEAT_OK)
        fail_msg("%s: %s", statement, leat_context_error(context));
    assert_int_equal(result.kind, LEAT_SQL_ROWS);
    return result.text;
}

/* --------------------------------------------------------------------------------------- plans */

/* A statement, and how its answer begins: what is leat's own follows. */
struct plan {
    const char *statement, *text;
};

static void expect_plans(const struct plan *plans, size_t count)
{
    leat_context *context = open_session();
    for (size_t i = 0; i < count; i++) {
        char *text = explained(context, plans[i].statement);
        if (strncmp(text, plans[i].text, strlen(plans[i].text)) != 0)
            fail_msg("%s:\n%s", plans[i].statement, text);
        free(text);
    }
    leat_context_destroy(context);
}

/* Shapes and names are a live Spark's of the same statements; its plans end with the analysed one,
 * for streams. Column ids, casts of constants and the providers' classes are left out. */
static const struct plan plans[] = {
    {"EXPLAIN EXTENDED SELECT value, value * 2 AS d FROM s WHERE value % 2 = 0",
     "== Parsed Logical Plan ==\n"
     "'Project ['value, ('value * 2) AS d]\n"
     "+- 'Filter (('value % 2) = 0)\n"
     "   +- 'UnresolvedRelation [s], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "value: bigint, d: bigint\n"
     "~Project [value, (value * 2) AS d]\n"
     "+- ~Filter ((value % 2) = 0)\n"
     "   +- ~SubqueryAlias s\n"
     "      +- ~StreamingRelationV2 rate, [timestamp, value]\n"
     "\n== Optimized Logical Plan ==\n"
     "Project [value, (value * 2) AS d]\n"
     "+- Filter ((value % 2) = 0)\n"
     "   +- StreamingRelationV2 rate, [value]\n"
     "\n== Physical Plan ==\n"
     "Project [value, (value * 2) AS d]\n"
     "+- Filter ((value % 2) = 0)\n"
     "   +- ContinuousScan[value] rate\n\n"},
    {"EXPLAIN EXTENDED SELECT a.value FROM (SELECT value + 1 AS value FROM s) a WHERE a.value > 3",
     "== Parsed Logical Plan ==\n"
     "'Project ['a.value]\n"
     "+- 'Filter ('a.value > 3)\n"
     "   +- 'SubqueryAlias a\n"
     "      +- 'Project [('value + 1) AS value]\n"
     "         +- 'UnresolvedRelation [s], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "value: bigint\n"
     "~Project [value]\n"
     "+- ~Filter (value > 3)\n"
     "   +- ~SubqueryAlias a\n"
     "      +- ~Project [(value + 1) AS value]\n"
     "         +- ~SubqueryAlias s\n"
     "            +- ~StreamingRelationV2 rate, [timestamp, value]\n"
     "\n== Optimized Logical Plan ==\n"
     "Project [(value + 1) AS value]\n"
     "+- Filter ((value + 1) > 3)\n"},
    {"EXPLAIN EXTENDED SELECT value FROM s UNION ALL SELECT value + 1 FROM s",
     "== Parsed Logical Plan ==\n"
     "'Union false, false\n"
     ":- 'Project ['value]\n"
     ":  +- 'UnresolvedRelation [s], [], false\n"
     "+- 'Project [unresolvedalias(('value + 1))]\n"
     "   +- 'UnresolvedRelation [s], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "value: bigint\n"
     "~Union false, false\n"
     ":- ~Project [value]\n"
     ":  +- ~SubqueryAlias s\n"
     ":     +- ~StreamingRelationV2 rate, [timestamp, value]\n"
     "+- ~Project [(value + 1) AS (value + 1)]\n"
     "   +- ~SubqueryAlias s\n"
     "      +- ~StreamingRelationV2 rate, [timestamp, value]\n"
     "\n== Optimized Logical Plan ==\n"
     "Union false, false\n"},
    {"EXPLAIN EXTENDED SELECT s.value, e FROM s LATERAL VIEW explode(array(value, value + 1)) t AS "
     "e WHERE e > 1",
     "== Parsed Logical Plan ==\n"
     "'Project ['s.value, 'e]\n"
     "+- 'Filter ('e > 1)\n"
     "   +- 'Generate 'explode('array('value, ('value + 1))), false, t, ['e]\n"
     "      +- 'UnresolvedRelation [s], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "value: bigint, e: bigint\n"
     "~Project [value, e]\n"
     "+- ~Filter (e > 1)\n"
     "   +- ~Generate explode(array(value, (value + 1))), false, t, [e]\n"
     "      +- ~SubqueryAlias s\n"
     "         +- ~StreamingRelationV2 rate, [timestamp, value]\n"},
    {"EXPLAIN EXTENDED SELECT explode(array(value)) AS e FROM s",
     "== Parsed Logical Plan ==\n"
     "'Project ['explode('array('value)) AS e]\n"
     "+- 'UnresolvedRelation [s], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "e: bigint\n"
     "~Project [e]\n"
     "+- ~Generate explode(array(value)), false, [e]\n"
     "   +- ~SubqueryAlias s\n"},
    {"EXPLAIN EXTENDED WITH c AS (SELECT n FROM v) SELECT n FROM c",
     "== Parsed Logical Plan ==\n"
     "CTE [c]\n"
     ":  +- 'SubqueryAlias c\n"
     ":     +- 'Project ['n]\n"
     ":        +- 'UnresolvedRelation [v], [], false\n"
     "+- 'Project ['n]\n"
     "   +- 'UnresolvedRelation [c], [], false\n"
     "\n== Analyzed Logical Plan ==\n"
     "n: bigint\n"
     "~Project [n]\n"
     "+- ~SubqueryAlias c\n"
     "   +- ~Project [n]\n"
     "      +- ~SubqueryAlias v\n"
     "         +- View (`v`, [n])\n"
     "            +- ~Project [value AS n]\n"
     "               +- ~SubqueryAlias s\n"},
    {"EXPLAIN EXTENDED SELECT 1 AS one",
     "== Parsed Logical Plan ==\nProject [1 AS one]\n+- OneRowRelation\n"
     "\n== Analyzed Logical Plan ==\none: int\nProject [1 AS one]\n+- OneRowRelation\n"
     "\n== Optimized Logical Plan ==\nProject [1 AS one]\n+- OneRowRelation\n"
     "\n== Physical Plan ==\nProject [1 AS one]\n+- Scan OneRowRelation[]\n"},
    {"EXPLAIN FORMATTED SELECT value + 1 AS n FROM s WHERE value > 3",
     "== Physical Plan ==\n"
     "Project (3)\n+- Filter (2)\n   +- ContinuousScan (1)\n\n\n"
     "(1) ContinuousScan\nOutput [1]: [value]\nArguments: RateStreamV2[rowsPerSecond=5, "
     "rampUpTimeSeconds=0, numPartitions=2]\n"
     "\n(2) Filter\nInput [1]: [value]\nCondition : (value > 3)\n"
     "\n(3) Project\nOutput [1]: [n]\nInput [1]: [value]\n"},
    {"EXPLAIN COST SELECT value FROM s",
     "== Optimized Logical Plan ==\n"
     "Project [value], Statistics(sizeInBytes=8.0 EiB)\n"
     "+- StreamingRelationV2 rate, [value], Statistics(sizeInBytes=8.0 EiB)\n"
     "\n== Physical Plan ==\n"},
    {"EXPLAIN INSERT INTO o SELECT value FROM s",
     "== Physical Plan ==\nWriteToContinuousDataSource noop\n+- Project [value]\n"},
};

static void plans_have_sparks_shapes(void **state)
{
    (void)state;
    expect_plans(plans, sizeof plans / sizeof plans[0]);
}

static const struct plan refused[] = {
    {"EXPLAIN EXTENDED SELECT count(1) FROM s GROUP BY value",
     "== Parsed Logical Plan ==\n"
     "'Aggregate ['value], [unresolvedalias('count(1))]\n"
     "+- 'UnresolvedRelation [s], [], false\n"
     "\n== Physical Plan ==\nnone: Aggregate is not run\n"
     "\nmode: none   # Invalid streaming output mode: append. "},
    {"EXPLAIN INSERT INTO c SELECT value FROM s LIMIT 3",
     "== Physical Plan ==\nnone: LocalLimit is not run\n"
     "\nmode: none   # trigger continuous, which was chosen: Continuous processing does not "
     "support LocalLimit operations."},
    {"EXPLAIN INSERT INTO c SELECT count(1) AS n FROM w GROUP BY window(timestamp, '5 seconds')",
     "== Physical Plan ==\nnone: Aggregate is not run\n"
     "\nmode: none   # trigger continuous, which was chosen: Continuous processing does not "
     "support Aggregate operations."},
    {"EXPLAIN SELECT value FROM s ORDER BY value",
     "== Physical Plan ==\nnone: Sort is not run\n"
     "\nmode: none   # Sorting is not supported on streaming DataFrames/Datasets, unless"},
};

static void what_cannot_run_continuously_is_told_with_its_operator(void **state)
{
    (void)state;
    expect_plans(refused, sizeof refused / sizeof refused[0]);
    leat_context *context = open_session();
    assert_int_not_equal(leat_sql(context, "EXPLAIN SELECT nope FROM s", NULL, NULL), LEAT_OK);
    assert_string_equal(leat_context_error_condition(context), "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    leat_context_destroy(context);
}

/* ---------------------------------------------------------------------------- micro-batches */

/* A statement, and what stands in its answer, in this order. */
struct parts {
    const char *statement;
    const char *parts[16];
};

static const struct parts batches[] = {
    {"EXPLAIN INSERT INTO p SELECT window, value, count(*) AS n FROM s WATERMARK timestamp DELAY "
     "OF INTERVAL 10 MINUTES GROUP BY window(timestamp, '5 minutes'), value",
     {"== Physical Plan ==\nWriteToDataSourceV2 noop\n",
      "+- Project [window, value, count(1) AS n]\n",
      "   +- StateStoreSave [window, value], [count(1)], append, operator 0, 3 partitions\n",
      "      +- StateStoreRestore [window, value], [count(1)]\n",
      "         +- Exchange hashpartitioning(window, value), 3\n",
      "            +- HashAggregate [window, value], [count(1)], partial\n",
      "+- EventTimeWatermark timestamp, 600000 ms\n", "+- MicroBatchScan[timestamp, value] rate\n",
      "\nguarantee: ",
      "\nmode: micro-batch   # trigger processingTime, by default; Aggregate has state, which "
      "continuous processing does not keep\n",
      "\nstate: memory   # stateStore = memory, default\n",
      "state partitions: 3   # shufflePartitions = 3, table p\n",
      "operator 0: StateStoreSave   # a group goes when the watermark has passed window.end\n",
      "watermark 0: 10.0 min behind the latest timestamp\n",
      "watermark of the query: that one   # multipleWatermarkPolicy = min, default\n"}},
    {"EXPLAIN INSERT INTO p SELECT a.value FROM s a JOIN v b ON a.value = b.n",
     {"StreamingSymmetricHashJoin Inner, [value], [n], operator 0, 3 partitions\n",
      ":- Exchange hashpartitioning(value), 3\n", "+- Exchange hashpartitioning(n), 3\n",
      "\nmode: micro-batch   # trigger processingTime, by default; Join has state",
      "operator 0: StreamingSymmetricHashJoin   # rows of the left side are kept for ever, of the "
      "right are kept for ever\n"}},
    {"EXPLAIN INSERT INTO p SELECT n FROM v LIMIT 2",
     {"StreamingGlobalLimit 2, operator 0, 1 partition\n", "+- Exchange SinglePartition\n",
      "operator 0: StreamingGlobalLimit   # one number, kept for ever\n"}},
    {"EXPLAIN INSERT INTO one_writer SELECT value FROM s UNION ALL SELECT n FROM v",
     {"== Physical Plan ==\nWriteToDataSourceV2 append\n+- Coalesce 1\n",
      "\nmode: micro-batch   # trigger processingTime, by default; a union comes to a sink that "
      "has one writer\n"}},
    {"EXPLAIN INSERT INTO once SELECT value FROM s",
     {"MicroBatchScan", "\nmode: micro-batch   # trigger once, which was chosen; no operator has "
                        "state\n"}},
    {"EXPLAIN INSERT INTO o SELECT value FROM s",
     {"ContinuousScan",
      "\nmode: continuous   # trigger continuous, by default, an epoch each 1",
      "; no operator has state\n"}},
    {"EXPLAIN EXTENDED INSERT INTO u SELECT value, count(*) AS n FROM s GROUP BY value UNION ALL "
     "SELECT n, 1L FROM v",
     {"~WriteToMicroBatchDataSource", "== Optimized Logical Plan ==\nWriteToMicroBatchDataSource",
      "== Physical Plan ==\nWriteToDataSourceV2 noop\n+- Coalesce 1\n", "Exchange SinglePartition",
      "operator 0: StateStoreSave   # kept for ever: no key has a watermark\n",
      "watermark of the query: none"}},
};

static void what_runs_in_batches_is_told_with_its_state(void **state)
{
    (void)state;
    leat_context *context = open_session();
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        char *text = explained(context, batches[i].statement), *at = text;
        for (size_t k = 0; batches[i].parts[k] != NULL; k++) {
            char *found = strstr(at, batches[i].parts[k]);
            if (found == NULL)
                fail_msg("%s:\nno \"%s\" in\n%s", batches[i].statement, batches[i].parts[k], at);
            at = found;
        }
        free(text);
    }
    leat_context_destroy(context);
}

/* ------------------------------------------------------------------------------------- numbers */

enum { DOCUMENTS = 8 };

/* Eight fields, two of them in a struct; the text under k has escapes or has none. */
static void fill(leat_context *context, const char *k)
{
    char text[512];
    snprintf(text, sizeof text,
             "INSERT INTO docs SELECT concat('{\"a\":', n, ',\"b\":\"x\",\"c\":{\"x\":2,\"y\":3},"
             "\"d\":4,\"e\":5.5,\"f\":\"7,8,9\",\"k\":\"%s\"}') AS value FROM (SELECT "
             "explode(sequence(1, %d)) AS n)",
             k, DOCUMENTS);
    run_all(context, text, NULL, NULL);
}

struct counted {
    int64_t documents, fields_parsed, texts_copied;
};

/* Over the operators of the one lane, which stand before the sinks or at one of them. */
static void add_counter(leat_query *query, const char *name, int64_t *sum)
{
    static const char *const places[] = {"lane0.", "lane0.sink0."};
    static const char *const operators[] = {"filter", "project", "flatmap"};
    for (unsigned i = 0; i < 2 * 3 * 4; i++) {
        char full[64];
        int64_t value;
        snprintf(full, sizeof full, "%s%s%u.%s", places[i % 2], operators[i / 2 % 3], i / 6, name);
        if (leat_query_counter(query, full, &value))
            *sum += value;
    }
}

static void count(void *user, leat_query *query)
{
    struct counted *counted = user;
    add_counter(query, "documents", &counted->documents);
    add_counter(query, "fields_parsed", &counted->fields_parsed);
    add_counter(query, "texts_copied", &counted->texts_copied);
}

static const char *line_of(const char *text, const char *begin)
{
    const char *line = strstr(text, begin);
    if (line == NULL)
        fail_msg("no line \"%s\" in:\n%s", begin, text);
    return line + strlen(begin);
}

/* Explains the INSERT, runs it over DOCUMENTS records, and compares. */
static void expect_costs(leat_context *context, const char *insert, unsigned parsed,
                         unsigned declared, unsigned copies, unsigned made)
{
    char statement[1024];
    unsigned told_parsed = 0, told_declared = 0, told_copies = 0;
    struct counted counted = {0};
    snprintf(statement, sizeof statement, "EXPLAIN %s", insert);
    char *text = explained(context, statement);
    assert_int_equal(sscanf(line_of(text, "\nfields parsed per message: "), "%u of %u",
                            &told_parsed, &told_declared),
                     2);
    const char *line = line_of(text, "\ncopies per record: ");
    line += strspn(line, "at mos");
    assert_int_equal(sscanf(line, "%u", &told_copies), 1);
    assert_int_equal(told_parsed, parsed);
    assert_int_equal(told_declared, declared);
    assert_int_equal(told_copies, copies);
    free(text);
    run_all(context, insert, count, &counted);
    assert_true(counted.documents >= DOCUMENTS);
    assert_int_equal(counted.fields_parsed, (int64_t)parsed * DOCUMENTS);
    assert_int_equal(counted.texts_copied, (int64_t)made * DOCUMENTS);
}

#define FIELDS "a INT, b STRING, c STRUCT<x: INT, y: INT>, d INT, e DOUBLE, f STRING"

static void fields_and_copies_are_those_that_a_run_counts(void **state)
{
    leat_context *context = open_session();
    (void)state;
    fill(context, "p\\\\\\\\nq");
    expect_costs(context,
                 "INSERT INTO o SELECT j.a AS a, j.c.x AS x FROM (SELECT from_json(value, '" FIELDS
                 "') AS j FROM docs)",
                 3, 8, 0, 0); /* a, c, x */
    expect_costs(context, "INSERT INTO o SELECT value:k AS k FROM docs WHERE value:d > 0", 2, 2, 1,
                 1);
    expect_costs(context, "INSERT INTO o SELECT value:b AS b, value:c.y AS y FROM docs", 3, 3, 2,
                 0); /* none of them has escapes */
    expect_costs(context,
                 "INSERT INTO o SELECT from_csv(value:f, 'p INT, q INT, r INT').q AS q FROM docs",
                 2, 4, 1, 0);
    leat_context_destroy(context);
}

static void what_reads_no_documents_has_no_such_line(void **state)
{
    leat_context *context = open_session();
    (void)state;
    char *text = explained(context, "EXPLAIN SELECT value + 1 AS n FROM s");
    assert_null(strstr(text, "fields parsed"));
    assert_non_null(strstr(text, "\nrows made per record: 1   # "));
    assert_non_null(strstr(text, "\ncopies per record: 0   # "));
    assert_non_null(strstr(text, "\nheap allocations per record: 0   # by design"));
    free(text);
    text = explained(context, "EXPLAIN SELECT * FROM s");
    assert_non_null(strstr(text, "\nrows made per record: 0   # "));
    free(text);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_have_sparks_shapes),
        cmocka_unit_test(what_runs_in_batches_is_told_with_its_state),
        cmocka_unit_test(what_cannot_run_continuously_is_told_with_its_operator),
        cmocka_unit_test(fields_and_copies_are_those_that_a_run_counts),
        cmocka_unit_test(what_reads_no_documents_has_no_such_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
