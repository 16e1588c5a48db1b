/* Statements as trees, and texts that are no statements: cut off, mangled, nested without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/text_buffer.h"
#include "ops/sql/parse.h"

static struct lt_arena *arena;
static struct lt_error error;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static const struct lt_sql_statement *parse(const char *text)
{
    struct lt_sql_statement *statement;
    const char *rest;
    if (lt_sql_parse(text, arena, &statement, &rest, &error) != LT_OK)
        fail_msg("%s: %s", text, error.text);
    return statement;
}

static void create_table_has_name_schema_format_and_options(void **state)
{
    const struct lt_sql_statement *s =
        parse("create or replace temporary table default.`my t` (a int, b decimal(10, 2) comment "
              "'x') using kafka options (subscribe 'a,b', kafka.bootstrap.servers = 'h:1', "
              "includeHeaders true, n -5, 'minPartitions' 3) comment 'it''s'");
    (void)state;
    assert_int_equal(s->kind, LT_SQL_CREATE_TABLE);
    assert_true(s->or_replace);
    assert_true(s->is_temporary);
    assert_int_equal(s->name.count, 2);
    assert_string_equal(s->name.parts[1], "my t");
    assert_string_equal(lt_type_ddl(arena, s->schema), "a INT,b DECIMAL(10,2) COMMENT 'x'");
    assert_string_equal(s->format, "kafka");
    static const char *const wanted[][2] = {{"subscribe", "a,b"},
                                            {"kafka.bootstrap.servers", "h:1"},
                                            {"includeHeaders", "true"},
                                            {"n", "-5"},
                                            {"minPartitions", "3"}};
    assert_int_equal(s->option_count, 5);
    for (uint32_t i = 0; i < s->option_count; i++) {
        assert_string_equal(s->options[i].key, wanted[i][0]);
        assert_string_equal(s->options[i].value, wanted[i][1]);
    }
    assert_string_equal(s->comment, "it's");
}

static void a_view_over_a_source_is_a_table(void **state)
{
    (void)state;
    assert_int_equal(parse("CREATE TEMPORARY VIEW v USING rate")->kind, LT_SQL_CREATE_TABLE);
    assert_int_equal(parse("CREATE TEMPORARY VIEW v (a INT) USING rate")->kind,
                     LT_SQL_CREATE_TABLE);
    const struct lt_sql_statement *s =
        parse("CREATE TEMPORARY VIEW v (a COMMENT 'first', b) AS SELECT 1, 2");
    assert_int_equal(s->kind, LT_SQL_CREATE_VIEW);
    assert_int_equal(s->columns.count, 2);
    assert_string_equal(s->columns.comments[0], "first");
    assert_null(s->columns.comments[1]);
}

static void keywords_are_names_where_no_clause_can_begin(void **state)
{
    const struct lt_sql_statement *s = parse("SELECT where, value from, x FROM s AS order WHERE y");
    (void)state;
    const struct lt_sql_select *select = s->query->select;
    assert_int_equal(select->items.count, 3);
    assert_string_equal(select->items.items[0]->name, "where");
    assert_int_equal(select->items.items[1]->kind, LT_EXPR_ALIAS);
    assert_string_equal(select->items.items[1]->name, "from");
    assert_string_equal(select->from->alias, "order");
    s = parse("SELECT value FROM s WHERE");
    assert_null(s->query->select->where);
    assert_string_equal(s->query->select->from->alias, "WHERE");
}

static void intersect_binds_tighter_than_union(void **state)
{
    const struct lt_sql_query *q =
        parse("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4")->query;
    (void)state;
    assert_int_equal(q->set, LT_SQL_EXCEPT);
    assert_int_equal(q->left->set, LT_SQL_UNION);
    assert_true(q->left->is_all);
    assert_int_equal(q->left->right->set, LT_SQL_INTERSECT);
}

static void clauses_behind_brackets_are_not_those_inside(void **state)
{
    const struct lt_sql_query *q =
        parse("(SELECT a FROM s ORDER BY a LIMIT 1) ORDER BY a DESC NULLS LAST LIMIT 2")->query;
    (void)state;
    assert_non_null(q->nested);
    assert_int_equal(q->order_by.count, 1);
    assert_int_equal(q->limit->value.i64, 2);
    assert_int_equal(q->nested->limit->value.i64, 1);
}

static void relations_have_joins_views_and_watermarks(void **state)
{
    const struct lt_sql_relation *r =
        parse("SELECT * FROM a WATERMARK ts DELAY OF INTERVAL 5 MINUTES AS x LEFT OUTER JOIN b "
              "USING (k), (SELECT 1) AS c (n) LATERAL VIEW OUTER explode(x.y) t AS e, f")
            ->query->select->from;
    (void)state;
    assert_int_equal(r->kind, LT_SQL_LATERAL_VIEW);
    assert_true(r->is_outer);
    assert_string_equal(r->alias, "t");
    assert_int_equal(r->columns.count, 2);
    assert_int_equal(r->left->kind, LT_SQL_JOIN);
    assert_string_equal(r->left->join, "Inner");
    assert_string_equal(r->left->right->alias, "c");
    assert_string_equal(r->left->left->join, "LeftOuter");
    assert_string_equal(r->left->left->columns.names[0], "k");
    assert_string_equal(r->left->left->left->alias, "x");
    assert_non_null(r->left->left->left->watermark);
    assert_string_equal(parse("SELECT 1 FROM a NATURAL JOIN b")->query->select->from->join,
                        "Inner");
}

static void set_takes_any_text_as_a_value(void **state)
{
    static const char *const cases[][3] = {
        {"SET a.b=America/Los_Angeles", "a.b", "America/Los_Angeles"},
        {"SET a.b = file:///x y ; SELECT 1", "a.b", "file:///x y"},
        {"SET a.b='quoted; text'", "a.b", "quoted; text"},
        {"SET `a.b`=`c;d`", "a.b", "c;d"},
        {"SET a.b=", "a.b", ""},
        {"SET TIME ZONE INTERVAL '1:30' HOUR TO MINUTE", "spark.sql.session.timeZone", "+01:30"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct lt_sql_statement *s = parse(cases[i][0]);
        assert_int_equal(s->kind, LT_SQL_SET);
        assert_string_equal(s->key, cases[i][1]);
        assert_string_equal(s->value, cases[i][2]);
    }
}

/* ---------------------------------------------------------------------------------- bad texts */

static const char *const samples[] = {
    "CREATE OR REPLACE TEMPORARY TABLE t (a INT NOT NULL, b ARRAY<STRUCT<x: INT>>) USING kafka "
    "OPTIONS (subscribe 'in', kafka.bootstrap.servers 'h:1', n 5) COMMENT 'c';",
    "CREATE TEMPORARY VIEW v (a COMMENT 'x', b) AS WITH q (k) AS (SELECT 1) SELECT k, 2 FROM q;",
    "INSERT INTO TABLE t (a, b) SELECT a AS b, * EXCEPT (c, d.e) FROM s AS x WHERE a > 1 "
    "AND b LIKE ANY ('x', 'y') GROUP BY a, b WITH ROLLUP HAVING count(*) > 1 ORDER BY a DESC NULLS "
    "FIRST LIMIT 5 OFFSET 2;",
    "SELECT DISTINCT count(DISTINCT a) FILTER (WHERE b), max(c) OVER (PARTITION BY d) FROM s "
    "TABLESAMPLE (5 PERCENT) CROSS JOIN (a JOIN b ON a.x = b.x) LATERAL VIEW OUTER explode(m) t AS "
    "k, v UNION ALL (TABLE u INTERSECT FROM s SELECT 1) SORT BY 1;",
    "EXPLAIN EXTENDED INSERT INTO o SELECT CASE WHEN a THEN INTERVAL 1 DAY END::STRING, m['k'].x, "
    "value:a.b[0], transform(a, (x, i) -> x + i) FROM s WATERMARK ts DELAY OF INTERVAL 10 SECONDS;",
    "DESCRIBE FUNCTION EXTENDED upper; SHOW TABLES LIKE 'a*|b'; SET a.b=c d; RESET a.b; DROP VIEW "
    "IF EXISTS v; SET TIME ZONE LOCAL; /* a /* nested */ comment */ -- and another\n;",
};
enum { SAMPLE_COUNT = sizeof samples / sizeof samples[0] };

/* All statements of a text; the answer is no matter, that there is one is. */
static unsigned parse_any(const char *text)
{
    unsigned count = 0;
    struct lt_arena *own = lt_arena_create();
    struct lt_sql_statement *statement;
    lt_error_clear(&error);
    while (lt_sql_parse(text, own, &statement, &text, &error) == LT_OK && statement != NULL)
        count++;
    lt_arena_destroy(own);
    return count;
}

static void every_beginning_of_a_statement_is_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        size_t size = strlen(samples[i]);
        if (parse_any(samples[i]) == 0)
            fail_msg("%s: %s", samples[i], error.text);
        for (size_t end = 0; end < size; end++) {
            char *cut = strndup(samples[i], end); /* of its own, so that no byte behind is read */
            (void)parse_any(cut);
            free(cut);
        }
    }
}

static void mangled_statements_are_answered(void **state)
{
    static const char pieces[] = "();,.*'\"`-/ \n\\0aA=<>:[]{}%_";
    uint64_t seed = 20261121;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char *text = strdup(samples[round % SAMPLE_COUNT]);
        size_t size = strlen(text);
        for (unsigned i = 0; i < 1 + round % 4; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (size_t)(seed >> 33) % size;
            text[at] = (seed >> 20) % 3 == 0 ? text[(size_t)(seed >> 40) % size]
                                             : pieces[(seed >> 24) % (sizeof pieces - 1)];
        }
        (void)parse_any(text);
        free(text);
    }
}

static void nesting_without_end_is_refused(void **state)
{
    enum { DEPTH = 20000 };
    static const char *const opens[] = {"(", "SELECT * FROM (", "SELECT (", "(SELECT 1 UNION ALL ",
                                        "WITH a AS ("};
    (void)state;
    for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++) {
        size_t size = strlen(opens[i]);
        char *text = malloc(size * DEPTH + 1);
        assert_non_null(text);
        for (size_t j = 0; j < DEPTH; j++)
            memcpy(text + j * size, opens[i], size);
        text[size * DEPTH] = '\0';
        assert_int_equal(parse_any(text), 0);
        assert_int_not_equal(error.code, LT_OK);
        free(text);
    }
}

static void a_list_that_is_too_long_is_refused_and_not_passed_over(void **state)
{
    enum { COUNT = 300 };
    static const char *const forms[][3] = {
        {"INSERT INTO t PARTITION (", "p%d", ") SELECT 1"},
        {"CREATE TABLE t USING noop OPTIONS (", "o%d 1", ")"},
        {"CREATE TABLE t (a INT) USING noop CLUSTERED BY (a) SORTED BY (", "s%d",
         ") INTO 2 BUCKETS"},
        {"WITH ", "c%d AS (SELECT 1)", " SELECT 1"},
        {"SELECT 1 FROM t WINDOW ", "w%d AS ()", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct lt_text_buffer text;
        lt_text_init(&text);
        lt_text_append(&text, forms[i][0]);
        for (int j = 0; j < COUNT; j++) {
            lt_text_append(&text, j == 0 ? "" : ", ");
            lt_text_format(&text, forms[i][1], j);
        }
        lt_text_append(&text, forms[i][2]);
        struct lt_sql_statement *statement;
        const char *rest;
        lt_error_clear(&error); /* what an earlier one left is not an answer */
        if (lt_sql_parse(lt_text_get(&text), arena, &statement, &rest, &error) == LT_OK)
            fail_msg("%s...: is taken", forms[i][0]);
        lt_text_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_table_has_name_schema_format_and_options),
        cmocka_unit_test(a_view_over_a_source_is_a_table),
        cmocka_unit_test(keywords_are_names_where_no_clause_can_begin),
        cmocka_unit_test(intersect_binds_tighter_than_union),
        cmocka_unit_test(clauses_behind_brackets_are_not_those_inside),
        cmocka_unit_test(relations_have_joins_views_and_watermarks),
        cmocka_unit_test(set_takes_any_text_as_a_value),
        cmocka_unit_test(every_beginning_of_a_statement_is_answered),
        cmocka_unit_test(mangled_statements_are_answered),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(a_list_that_is_too_long_is_refused_and_not_passed_over),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
