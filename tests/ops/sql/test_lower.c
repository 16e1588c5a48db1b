/*
 * What becomes of a query with state: its nodes as a line of text, from the last that rows pass to
 * the first, and what is refused of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "core/flow/plan.h"
#include "ops/expr/expr.h"
#include "ops/sql/analyse.h"
#include "ops/sql/parse.h"

/* --------------------------------------------------------------------------------------- tables */

static const struct {
    const char *name, *ddl;
} tables[] = {{"e", "ts TIMESTAMP, k STRING, v INT"},
              {"imp", "aid INT, its TIMESTAMP, site STRING"},
              {"clk", "cid INT, cts TIMESTAMP, pos INT"},
              {"marked", "id INT, at TIMESTAMP"}};
enum { MARKED = 3 };
static const struct lt_sql_option marked = {.key = "watermark", .value = "at 1 minute"};

struct session {
    struct lt_arena *arena;
    struct lt_sql_catalog catalog;
    struct lt_sql_host host;
};

static int read_table(void *user, struct lt_sql_table *table, struct lt_arena *arena,
                      struct lt_plan_node **out, bool *is_bounded, struct lt_error *error)
{
    (void)user;
    (void)error;
    *out = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    (*out)->format = table->name;
    (*out)->schema = table->schema;
    *is_bounded = false;
    return LT_OK;
}

static void open_session(struct session *session)
{
    struct lt_error error;
    *session = (struct session){.arena = lt_arena_create(), .host = {.read = read_table}};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct lt_sql_table *table = lt_arena_alloc(session->arena, sizeof *table);
        table->name = tables[i].name;
        table->format = "test";
        table->options = &marked;
        table->option_count = i == MARKED;
        assert_int_equal(
            lt_type_parse_ddl(tables[i].ddl, session->arena, &table->schema, &error), LT_OK);
        lt_sql_catalog_put(&session->catalog, table);
    }
}

static int analyse(struct session *session, const char *text, enum lt_output_mode mode,
                   struct lt_sql_plan *plan, struct lt_error *error)
{
    const struct lt_sql_env env = {.catalog = &session->catalog,
                                   .host = &session->host,
                                   .arena = session->arena,
                                   .mode = mode,
                                   .may_batch = true};
    struct lt_sql_query *query;
    int code = lt_sql_parse_query_text(text, session->arena, &query, error);
    return code == LT_OK ? lt_sql_analyse(&env, query, text, plan, error) : code;
}

/* ---------------------------------------------------------------------------------------- plans */

static void print_columns(struct lt_text_buffer *out, const uint32_t *columns, uint32_t count)
{
    lt_text_append_char(out, '(');
    for (uint32_t i = 0; i < count; i++)
        lt_text_format(out, "%s%u", i == 0 ? "" : " ", columns[i]);
    lt_text_append_char(out, ')');
}

static void print_side(struct lt_text_buffer *out, const struct lt_plan_side *side)
{
    print_columns(out, side->keys, side->key_count);
    if (side->event_time.column >= 0)
        lt_text_format(out, "@%d%s", side->event_time.column,
                       side->event_time.is_window ? "w" : "");
}

static void print_aggregates(struct lt_text_buffer *out, const struct lt_plan_stateful *stateful)
{
    for (uint32_t i = 0; i < stateful->aggregate_count; i++) {
        const struct lt_plan_aggregate *aggregate = &stateful->aggregates[i];
        lt_text_format(out, " %s", aggregate->function);
        print_columns(out, aggregate->arguments, aggregate->argument_count);
        if (aggregate->filter >= 0)
            lt_text_format(out, "?%d", aggregate->filter);
    }
    if (stateful->session_gap >= 0)
        lt_text_format(out, " session %d", stateful->session_gap);
}

static void print_slack(struct lt_text_buffer *out, const struct lt_plan_side *side)
{
    if (side->event_time.slack_us == INT64_MAX)
        lt_text_append(out, " ever");
    else
        lt_text_format(out, " %lld", (long long)side->event_time.slack_us);
}

static void print_node(struct lt_text_buffer *out, const struct lt_plan_node *node,
                       struct lt_arena *arena)
{
    switch (node->kind) {
    case LT_PLAN_READ:
        lt_text_append(out, node->format);
        return;
    case LT_PLAN_PROJECT:
    case LT_PLAN_FILTER:
        lt_text_append(out, node->kind == LT_PLAN_FILTER ? "filter" : "project");
        for (uint32_t i = 0; i < node->expression_count; i++)
            lt_text_format(out, "%s%s", i == 0 ? " " : ", ",
                           lt_expr_plan_text(node->expressions[i], false, arena));
        break;
    case LT_PLAN_WATERMARK:
        lt_text_format(out, "watermark%u %s %lld", node->watermark, node->name,
                       (long long)node->interval_us);
        break;
    case LT_PLAN_AGGREGATE:
        lt_text_append(out, "aggregate ");
        print_side(out, &node->stateful->left);
        print_aggregates(out, node->stateful);
        break;
    case LT_PLAN_JOIN:
        lt_text_format(out, "join%d ", (int)node->stateful->join);
        print_side(out, &node->stateful->left);
        print_slack(out, &node->stateful->left);
        lt_text_append_char(out, ' ');
        print_side(out, &node->stateful->right);
        print_slack(out, &node->stateful->right);
        if (node->stateful->condition != NULL)
            lt_text_format(out, " on %s",
                           lt_expr_plan_text(node->stateful->condition, false, arena));
        break;
    case LT_PLAN_SORT:
        lt_text_append(out, "sort");
        for (uint32_t i = 0; i < node->order_count; i++)
            lt_text_format(out, " %u%s%s", node->orders[i].column,
                           node->orders[i].is_descending ? "-" : "+",
                           node->orders[i].nulls_last ? "l" : "f");
        break;
    case LT_PLAN_LIMIT:
        lt_text_format(out, "limit %lld", (long long)node->limit);
        break;
    default:
        lt_text_append(out, lt_plan_kind_name(node->kind));
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
        lt_text_append(out, node->input_count > 1 ? " {" : " < ");
        print_node(out, node->inputs[i], arena);
        lt_text_append(out, node->input_count > 1 ? "}" : "");
    }
}

static void expect_plan(const char *sql, enum lt_output_mode mode, const char *wanted,
                        const char *wanted_schema)
{
    struct session session;
    struct lt_sql_plan plan;
    struct lt_error error;
    struct lt_text_buffer text;
    open_session(&session);
    lt_text_init(&text);
    if (analyse(&session, sql, mode, &plan, &error) != LT_OK)
        fail_msg("%s\n%s", sql, error.text);
    print_node(&text, plan.node, session.arena);
    if (strcmp(lt_text_get(&text), wanted) != 0)
        fail_msg("%s\n wanted %s\n got    %s", sql, wanted, lt_text_get(&text));
    assert_string_equal(lt_type_simple_string(session.arena, plan.node->schema), wanted_schema);
    lt_text_fini(&text);
    lt_arena_destroy(session.arena);
}

static void expect_refused(const char *sql, enum lt_output_mode mode, const char *condition,
                           const char *part)
{
    struct session session;
    struct lt_sql_plan plan;
    struct lt_error error;
    open_session(&session);
    if (analyse(&session, sql, mode, &plan, &error) == LT_OK)
        fail_msg("%s\n is not refused", sql);
    if (strcmp(error.condition, condition) != 0 || strstr(error.text, part) == NULL)
        fail_msg("%s\n wanted %s %s\n got    %s %s", sql, condition, part, error.condition,
                 error.text);
    lt_arena_destroy(session.arena);
}

/* --------------------------------------------------------------------------------------- groups */

static void test_keys(void **state)
{
    (void)state;
    expect_plan("SELECT k, count(*) AS n, sum(v) + 1 AS s FROM e GROUP BY k", LT_OUTPUT_UPDATE,
                "project k, count(1) AS n, (sum(v) + 1) AS s < aggregate (0) count() sum(1) < "
                "project k AS k, v AS _0 < e",
                "struct<k:string,n:bigint,s:bigint>");
    expect_plan("SELECT upper(x.K) AS u, max(x.v) AS m FROM e x GROUP BY upper(k)",
                LT_OUTPUT_UPDATE,
                "project upper(k) AS u, max(v) AS m < aggregate (0) max(1) < "
                "project upper(k) AS upper(k), v AS _0 < e",
                "struct<u:string,m:int>");
    expect_plan("SELECT count(*) AS n FROM e", LT_OUTPUT_COMPLETE,
                "project count(1) AS n < aggregate () count() < project 1 AS _0 < e",
                "struct<n:bigint>");
}

static void test_having(void **state)
{
    (void)state;
    expect_plan("SELECT k, count(*) AS n FROM e GROUP BY k HAVING n > 1 AND max(v) < 5",
                LT_OUTPUT_UPDATE,
                "project k, count(1) AS n < "
                "filter ((count(1) > 1) AND (max(v) < 5)) < "
                "aggregate (0) count() max(1) < project k AS k, v AS _0 < e",
                "struct<k:string,n:bigint>");
}

static void test_windows(void **state)
{
    (void)state;
    expect_plan("SELECT window.start AS ws, k, count(*) AS n FROM e WATERMARK ts DELAY OF INTERVAL "
                "10 MINUTES GROUP BY window(ts, '5 minutes'), k",
                LT_OUTPUT_APPEND,
                "project window.start AS ws, k, count(1) AS n < aggregate (0 1)@0w count() < "
                "project window AS window, k AS k < "
                "project ts, k, v, window AS window < filter (ts IS NOT NULL) < "
                "watermark0 ts 600000000 < e",
                "struct<ws:timestamp,k:string,n:bigint>");
}

/* ---------------------------------------------------------------------------------------- joins */

#define IMP "imp WATERMARK its DELAY OF INTERVAL 10 MINUTES"
#define CLK "clk WATERMARK cts DELAY OF INTERVAL 20 MINUTES"

static void test_joins(void **state)
{
    (void)state;
    expect_plan("SELECT aid, pos FROM " IMP " JOIN " CLK
                " ON aid = cid AND cts >= its AND cts <= its + INTERVAL 15 MINUTES AND pos > 1",
                LT_OUTPUT_APPEND,
                "project aid, pos < project aid AS aid, its AS its, site AS site, cid AS cid, "
                "cts AS cts, pos AS pos < join0 (0)@1 900001000 (0)@1 1000 on "
                "((cts >= its) AND (cts <= (its + INTERVAL '15' MINUTE))) "
                "{filter (its IS NOT NULL) < watermark0 its 600000000 < filter (aid IS NOT NULL) < "
                "imp} {filter (cts IS NOT NULL) < watermark1 cts 1200000000 < "
                "filter (((cid IS NOT NULL) AND (pos IS NOT NULL)) AND (pos > 1)) < clk}",
                "struct<aid:int,pos:int>");
}

/* What WHERE says of both sides is the join's condition where it has none. */
static void test_join_where(void **state)
{
    (void)state;
    expect_plan("SELECT aid FROM imp, clk WHERE aid = cid AND pos > 1", LT_OUTPUT_APPEND,
                "project aid < filter ((aid = cid) AND (pos > 1)) < "
                "project aid AS aid, its AS its, site AS site, cid AS cid, cts AS cts, "
                "pos AS pos < join0 (0) ever (0) ever "
                "{filter (aid IS NOT NULL) < imp} "
                "{filter (((cid IS NOT NULL) AND (pos IS NOT NULL)) AND (pos > 1)) < clk}",
                "struct<aid:int>");
}

static void test_join_times(void **state)
{
    (void)state;
    expect_refused("SELECT * FROM imp LEFT JOIN clk ON aid = cid", LT_OUTPUT_APPEND,
                   "_LEGACY_ERROR_TEMP_3102", "without a watermark in the join keys");
    expect_refused("SELECT * FROM " IMP " LEFT JOIN " CLK " ON aid = cid AND cts > its",
                   LT_OUTPUT_APPEND, "_LEGACY_ERROR_TEMP_3102", "appropriate range condition");
    expect_refused("SELECT * FROM imp JOIN clk ON cts > its", LT_OUTPUT_APPEND,
                   "_LEGACY_ERROR_TEMP_1181", "without equality predicate");
    expect_refused("SELECT * FROM imp JOIN clk ON aid = cid", LT_OUTPUT_COMPLETE,
                   "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "");
    expect_refused("SELECT * FROM imp JOIN clk ON aid = cid", LT_OUTPUT_UPDATE,
                   "_LEGACY_ERROR_TEMP_3102", "in Update output mode");
}

/* ---------------------------------------------------------------------------------- other nodes */

static void test_order(void **state)
{
    (void)state;
    expect_plan("SELECT k, count(*) AS n FROM e GROUP BY k ORDER BY count(*) DESC, k LIMIT 3",
                LT_OUTPUT_COMPLETE,
                "limit 3 < sort 1-l 0+f < project k, count(1) AS n < aggregate (0) count() < "
                "project k AS k < e",
                "struct<k:string,n:bigint>");
    expect_plan("SELECT k, count(*) AS n FROM e GROUP BY k ORDER BY n + 1 NULLS LAST",
                LT_OUTPUT_COMPLETE,
                "project k AS k, n AS n < sort 2+l < "
                "project k AS k, n AS n, (n + 1) AS _2 < "
                "project k, count(1) AS n < aggregate (0) count() < project k AS k < e",
                "struct<k:string,n:bigint>");
}

/* A limit of the whole life, in append mode or below an aggregation. */
static void test_limit(void **state)
{
    (void)state;
    expect_plan("SELECT k FROM e LIMIT 3", LT_OUTPUT_APPEND, "limit 3 < project k < e",
                "struct<k:string>");
    expect_plan("SELECT k FROM e TABLESAMPLE (3 ROWS)", LT_OUTPUT_APPEND,
                "project k < limit 3 < e", "struct<k:string>");
    expect_plan("SELECT count(*) AS n FROM (SELECT k FROM e LIMIT 3)", LT_OUTPUT_COMPLETE,
                "project count(1) AS n < aggregate () count() < project 1 AS _0 < limit 3 < "
                "project k < e",
                "struct<n:bigint>");
}

/* What deals rows to lanes in another way changes nothing. */
static void test_hints(void **state)
{
    (void)state;
    expect_plan("SELECT /*+ REPARTITION(3, k) */ k FROM e DISTRIBUTE BY k", LT_OUTPUT_APPEND,
                "project k < e", "struct<k:string>");
    expect_plan("SELECT k, count(*) AS n FROM e GROUP BY k SORT BY k", LT_OUTPUT_COMPLETE,
                "sort 0+f < project k, count(1) AS n < aggregate (0) count() < project k AS k < e",
                "struct<k:string,n:bigint>");
}

/* Sides of a union stand beside each other: neither is behind the other's state. */
static void test_beside(void **state)
{
    (void)state;
    expect_plan("SELECT k, count(*) AS n FROM e GROUP BY k UNION ALL "
                "SELECT site, count(*) FROM imp GROUP BY site",
                LT_OUTPUT_UPDATE,
                "Union {project k, count(1) AS n < aggregate (0) count() < project k AS k < e} "
                "{project site AS k, count(1) AS n < project site, count(1) < "
                "aggregate (0) count() < project site AS site < imp}",
                "struct<k:string,n:bigint>");
    expect_refused("SELECT count(*) FROM (SELECT k, count(*) AS n FROM e GROUP BY k UNION ALL "
                   "SELECT site, aid FROM imp) GROUP BY n",
                   LT_OUTPUT_UPDATE, "_LEGACY_ERROR_TEMP_3102", "global watermark");
    expect_refused("SELECT window(ts, '1 hour') AS w, count(*) FROM (SELECT ts, k, count(*) FROM e "
                   "WATERMARK ts DELAY OF INTERVAL 1 MINUTE GROUP BY ts, k ORDER BY k) GROUP BY "
                   "window(ts, '1 hour')",
                   LT_OUTPUT_UPDATE, "_LEGACY_ERROR_TEMP_3102", "Sorting is not supported");
    expect_refused("SELECT window, count(*) FROM (SELECT max(ts) AS ts FROM e WATERMARK ts DELAY "
                   "OF INTERVAL 1 MINUTE GROUP BY k) WATERMARK ts DELAY OF INTERVAL 1 MINUTE "
                   "GROUP BY window(ts, '1 hour')",
                   LT_OUTPUT_APPEND, "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK",
                   "Append output mode not supported for aggregations on streaming");
}

static void test_order_refused(void **state)
{
    (void)state;
    expect_refused("SELECT count(*) AS n FROM (SELECT k FROM e ORDER BY k)", LT_OUTPUT_COMPLETE,
                   "_LEGACY_ERROR_TEMP_3102", "unless it is on aggregated");
    expect_refused("SELECT k, count(*) AS n FROM e GROUP BY k LIMIT 3", LT_OUTPUT_UPDATE,
                   "_LEGACY_ERROR_TEMP_3102", "Limits are not supported");
    expect_refused("SELECT k FROM e ORDER BY k", LT_OUTPUT_APPEND, "_LEGACY_ERROR_TEMP_3102",
                   "Sorting is not supported");
}

static void test_distinct(void **state)
{
    (void)state;
    expect_plan("SELECT DISTINCT ts, k FROM e WATERMARK ts DELAY OF INTERVAL 1 MINUTE",
                LT_OUTPUT_APPEND, "aggregate (0 1)@0 < project ts, k < watermark0 ts 60000000 < e",
                "struct<ts:timestamp,k:string>");
    expect_plan("SELECT k FROM e UNION SELECT site FROM imp", LT_OUTPUT_UPDATE,
                "aggregate (0) < Union {project k < e} {project site AS k < project site < imp}",
                "struct<k:string>");
}

/* A watermark that the table has is one, however often the query reads it. */
static void test_marked_table(void **state)
{
    (void)state;
    expect_plan("SELECT window.end AS we, count(*) AS n FROM marked "
                "GROUP BY window(at, '1 minute')",
                LT_OUTPUT_APPEND,
                "project window.end AS we, count(1) AS n < aggregate (0)@0w count() < "
                "project window AS window < project id, at, window AS window < "
                "filter (at IS NOT NULL) < watermark0 at 60000000 < marked",
                "struct<we:timestamp,n:bigint>");
    expect_plan("SELECT a.id FROM marked a JOIN marked b ON a.at = b.at", LT_OUTPUT_APPEND,
                "project id < project id AS id, at AS at, id AS id, at AS at < "
                "join0 (1)@1 0 (1)@1 0 "
                "{filter (at IS NOT NULL) < watermark0 at 60000000 < marked} "
                "{filter (at IS NOT NULL) < watermark0 at 60000000 < marked}",
                "struct<id:int>");
}

/* A watermark alone needs no state; what is filtered does not move it. */
static void test_stateless(void **state)
{
    (void)state;
    expect_plan("SELECT k FROM e WATERMARK ts DELAY OF INTERVAL 1 MINUTE WHERE v > 1",
                LT_OUTPUT_APPEND, "project k < watermark0 ts 60000000 < filter (v > 1) < e",
                "struct<k:string>");
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("SELECT k, count(*) FROM e GROUP BY k", LT_OUTPUT_APPEND,
                   "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", "without watermark");
    expect_refused("SELECT cast(ts AS DATE) AS d, count(*) FROM e WATERMARK ts DELAY OF INTERVAL 1 "
                   "MINUTE GROUP BY cast(ts AS DATE)",
                   LT_OUTPUT_APPEND, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                   "without watermark");
    expect_refused("SELECT count(*) FROM e WATERMARK ts DELAY OF INTERVAL 1 MINUTE GROUP BY "
                   "session_window(ts, '5 minutes')",
                   LT_OUTPUT_APPEND, "_LEGACY_ERROR_TEMP_3068", "Global aggregation");
    expect_refused("SELECT * FROM (SELECT * FROM e WATERMARK ts DELAY OF INTERVAL 1 MINUTE) "
                   "WATERMARK ts DELAY OF INTERVAL 2 MINUTES",
                   LT_OUTPUT_APPEND, "_LEGACY_ERROR_TEMP_3076", "Redefining watermark");
    expect_refused("SELECT k, count(*) FROM e GROUP BY ROLLUP(k)", LT_OUTPUT_UPDATE,
                   "_LEGACY_ERROR_TEMP_3102", "Grouping Sets is not supported");
    expect_refused("SELECT k, v + sum(v) FROM e GROUP BY ALL", LT_OUTPUT_UPDATE,
                   "UNRESOLVED_ALL_IN_GROUP_BY", "Cannot infer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys), cmocka_unit_test(test_having),
        cmocka_unit_test(test_windows), cmocka_unit_test(test_joins),
        cmocka_unit_test(test_join_where), cmocka_unit_test(test_join_times),
        cmocka_unit_test(test_order), cmocka_unit_test(test_order_refused),
        cmocka_unit_test(test_limit), cmocka_unit_test(test_hints), cmocka_unit_test(test_beside),
        cmocka_unit_test(test_distinct), cmocka_unit_test(test_marked_table),
        cmocka_unit_test(test_stateless), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
