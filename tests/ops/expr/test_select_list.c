/*
 * Select lists: stars, what they leave out, and the schemas that come out of them.
 */
#include "ops/expr/lateral.h"
#include "tests/ops/expr/rows.h"

static const char schema_ddl[] =
    "id INT, s STRING, st STRUCT<a: INT, b: STRING, deep: STRUCT<x: INT, y: INT>>, m MAP<STRING, "
    "INT>";

struct fixture {
    struct lt_arena *arena;
    const struct lt_type *schema;
    struct lt_error error;
};

static void set_up(struct fixture *f)
{
    f->arena = lt_arena_create();
    lt_error_clear(&f->error);
    assert_int_equal(lt_type_parse_ddl(schema_ddl, f->arena, &f->schema, &f->error), LT_OK);
}

/* The schema of a list, or the condition of its error. */
static const char *schema_of(struct fixture *f, const char *text)
{
    struct lt_expr_list list;
    int code = lt_expr_parse_list(text, f->arena, &list, &f->error);
    if (code == LT_OK)
        code = lt_expr_expand_stars(&list, text, f->schema, NULL, f->arena, &f->error);
    const char **texts = lt_arena_alloc(f->arena, (list.count + 1) * sizeof *texts);
    for (size_t i = 0; i < list.count && code == LT_OK; i++) {
        struct lt_lateral lateral = {.items = {list.expressions, texts, (uint32_t)i}};
        texts[i] = text;
        code = lt_expr_analyse_item(&list.expressions[i], text, f->schema, NULL, &lateral, f->arena,
                                    &f->error);
    }
    if (code != LT_OK)
        return f->error.condition;
    return lt_type_simple_string(f->arena,
                                 lt_expr_output_schema(list.expressions, list.count, f->arena));
}

static void expect(const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture f;
        set_up(&f);
        assert_string_equal(schema_of(&f, cases[i][0]), cases[i][1]);
        lt_arena_destroy(f.arena);
    }
}
#define EXPECT(cases) expect(cases, sizeof cases / sizeof cases[0])

static void stars_stand_for_columns_and_for_the_fields_of_structs(void **state)
{
    static const char *const cases[][2] = {
        {"* EXCEPT (st, m)", "struct<id:int,s:string>"},
        {"id, st.* EXCEPT (deep)", "struct<id:int,a:int,b:string>"},
        {"ST.deep.*", "struct<x:int,y:int>"},
        {"id, id", "struct<id:int,id:int>"},
        {"* EXCEPT (id, s, m, st.deep.x, st.b)", "struct<st:struct<a:int,deep:struct<y:int>>>"},
        {"st.* EXCEPT (deep.y, a, b)", "struct<deep:struct<x:int>>"},
    };
    (void)state;
    EXPECT(cases);
}

static void stars_among_arguments_become_arguments(void **state)
{
    static const char *const cases[][2] = {
        {"struct(* EXCEPT (st, m)) AS all", "struct<all:struct<id:int,s:string>>"},
        {"struct(id, st.deep.*) AS x", "struct<x:struct<id:int,x:int,y:int>>"},
        {"concat_ws('-', * EXCEPT (st, m, id)) AS x", "struct<x:string>"},
        {"id IN (* EXCEPT (s, st, m)) AS x", "struct<x:boolean>"},
    };
    (void)state;
    EXPECT(cases);
}

static void stars_are_refused_where_spark_refuses_them(void **state)
{
    static const char *const cases[][2] = {
        {"* + 1", "INVALID_USAGE_OF_STAR_OR_REGEX"},
        {"* AS x", "INVALID_USAGE_OF_STAR_OR_REGEX"},
        {"CASE WHEN true THEN * END", "INVALID_USAGE_OF_STAR_OR_REGEX"},
        {"CAST(* AS STRING)", "INVALID_USAGE_OF_STAR_OR_REGEX"},
        {"nope.*", "CANNOT_RESOLVE_STAR_EXPAND"},
        {"struct(nope.*)", "CANNOT_RESOLVE_STAR_EXPAND"},
        {"m.*", "_LEGACY_ERROR_TEMP_1050"},
        {"struct(id).*", "PARSE_SYNTAX_ERROR"},
        {"* EXCEPT (nope)", "UNRESOLVED_COLUMN.WITH_SUGGESTION"},
        {"* EXCEPT (st.zz)", "FIELD_NOT_FOUND"},
        {"* EXCEPT (id, id)", "EXCEPT_OVERLAPPING_COLUMNS"},
        {"* EXCEPT (st.a, st)", "EXCEPT_OVERLAPPING_COLUMNS"},
    };
    (void)state;
    EXPECT(cases);
}

/* What only types tell is in the name, too; and no other expression but the one that was written.
 */
static void names_tell_what_only_types_can_tell(void **state)
{
    static const char *const cases[][2] = {
        {"DATE'2024-01-01' + id", "struct<date_add(DATE '2024-01-01', id):date>"},
        {"id - DATE'2024-01-01'", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"},
        {"1 + DATE'2024-01-01'", "struct<date_add(DATE '2024-01-01', 1):date>"},
        {"DATE'2024-01-01' - INTERVAL '1' DAY",
         "struct<date_add(DATE '2024-01-01', (- extractansiintervaldays(INTERVAL '1' DAY))):date>"},
        {"TIMESTAMP'2024-01-01' - INTERVAL '1' MONTH",
         "struct<TIMESTAMP '2024-01-01 00:00:00' - INTERVAL '1' MONTH:timestamp>"},
        {"2 * INTERVAL '1' DAY", "struct<(INTERVAL '1' DAY * 2):interval day to second>"},
        {"make_ym_interval() / 2", "struct<(make_ym_interval(0, 0) / 2):interval year to month>"},
        {"make_interval(1) * id",
         "struct<multiply_interval(make_interval(1, 0, 0, 0, 0, 0, 0.000000), id):interval>"},
        {"m['a'] + 1", "struct<(m[a] + 1):int>"},
        {"-m.a", "struct<(- m[a]):int>"},
        {"-st['a']", "struct<(- st.a):int>"},
        {"int('1') + id", "struct<(1 + id):int>"},
        {"CAST(array(id) AS ARRAY<STRING>)", "struct<array(id):array<string>>"},
        {"struct(m['a'], m.b, st['a'])",
         "struct<struct(m[a], m[b], st.a):struct<a:int,b:int,a:int>>"},
        {"array(st.deep.*)", "struct<array(st.deep.x AS x, st.deep.y AS y):array<int>>"},
        {"transform(array(id), 1)",
         "struct<transform(array(id), lambdafunction(1, namedlambdavariable())):array<int>>"},
        {"to_json(m, map('pretty', 'true'))", "struct<to_json(m):string>"},
        {"(id, id + 1, s AS t)", "struct<named_struct(id, id, col2, (id + 1), t, s):"
                                 "struct<id:int,col2:int,t:string>>"},
        {"from_json(s, 'MAP<STRING, INT>')", "struct<entries:map<string,int>>"},
        {"negative(id)", "struct<negative(id):int>"},
        {"position('a' IN s)", "struct<locate(a, s, 1):int>"},
        {"extract(YEAR FROM DATE'2024-01-01')", "struct<extract(YEAR FROM DATE '2024-01-01'):int>"},
        {"window(TIMESTAMP'2024-01-01', '1 hour').start", "struct<window.start:timestamp>"},
    };
    (void)state;
    EXPECT(cases);
}

/* As a live Spark resolves and names them. */
static void names_of_items_further_left_stand_for_them(void **state)
{
    static const char *const cases[][2] = {
        {"id + 1 AS a, a * 2 AS b, b + a",
         "struct<a:int,b:int,(lateralAliasReference(b) + lateralAliasReference(a)):int>"},
        {"s AS id, id + 1", "struct<id:string,(id + 1):int>"},
        {"id AS a, A", "struct<a:int,A:int>"},
        {"id AS `a.b`, `a.b`", "struct<a.b:int,a.b:int>"},
        {"st AS t, t.deep.x, t['a']", "struct<t:struct<a:int,b:string,deep:struct<x:int,y:int>>,"
                                      "x:int,lateralAliasReference(t).a:int>"},
        {"id AS a, struct(a, a + 1)",
         "struct<a:int,struct(lateralAliasReference(a), (lateralAliasReference(a) + 1)):"
         "struct<a:int,col2:int>>"},
        {"array(id) AS a, transform(a, a -> a + 1) AS b", "struct<a:array<int>,b:array<int>>"},
        {"a, id AS a", "UNRESOLVED_COLUMN.WITH_SUGGESTION"},
        {"1 AS a, 2 AS a, a", "AMBIGUOUS_LATERAL_COLUMN_ALIAS"},
        {"id AS a, a.b", "INVALID_EXTRACT_BASE_FIELD_TYPE"},
    };
    (void)state;
    EXPECT(cases);
}

/* A column that cannot be NULL by Spark's word. */
static void what_can_be_null_is_told(void **state)
{
    static const struct {
        const char *text;
        bool is_nullable;
    } cases[] = {
        {"CAST('1' AS INT)", true},
        {"CAST(1 AS STRING)", false},
        {"CAST(1.5 AS INT)", true},
        {"CAST(1 AS DECIMAL(10, 2))", true},
        {"CAST(1 AS DECIMAL(12, 2))", false},
        {"CAST(DATE'2024-01-01' AS TIMESTAMP)", false},
        {"CAST(DATE'2024-01-01' AS TIMESTAMP_NTZ)", true},
        {"TRY_CAST(1 AS BIGINT)", false},
        {"TRY_CAST(1L AS INT)", true},
        {"1 = '1'", true},
        {"array(1, NULL)[0]", false},
        {"array(1, NULL)[1]", true},
        {"get(array(1, 2), 5)", true},
        {"element_at(array(1, NULL), -2)", false},
        {"try_element_at(array(1), 2)", true},
        {"greatest(1, NULL)", false},
        {"hash(CAST(NULL AS STRING))", false},
        {"make_interval(1)", false},
        {"try_make_interval(1)", true},
        {"aggregate(array(1), 0, (a, x) -> a + x, a -> 1)", false},
        {"to_json(named_struct('a', 1))", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct lt_expression *node;
        struct lt_session unfolded = *lt_session_default();
        unfolded.is_unoptimised = true;
        set_up(&f);
        assert_int_equal(lt_expr_parse(cases[i].text, f.arena, &node, &f.error), LT_OK);
        assert_int_equal(
            lt_expr_analyse(&node, cases[i].text, f.schema, &unfolded, f.arena, &f.error), LT_OK);
        if (node->nullable != cases[i].is_nullable)
            fail_msg("%s", cases[i].text);
        lt_arena_destroy(f.arena);
    }
}

/* What a live Spark calls them. */
static void columns_without_a_name_are_named_as_in_spark(void **state)
{
    static const char *const cases[][2] = {
        {"id", "id"},
        {"st.deep.x", "x"},
        {"CAST(id AS STRING)", "id"},
        {"CAST(id + 1 AS STRING)", "CAST((id + 1) AS STRING)"},
        {"TRY_CAST(s AS INT)", "s"},
        {"named_struct('a', 1).a", "named_struct(a, 1).a"},
        {"'a'", "a"},
        {"1e3", "1000.0"},
        {"DATE'2024-01-01'", "DATE '2024-01-01'"},
        {"X'0aFF'", "X'0AFF'"},
        {"id <> 1 AND id > 2 OR id <= 3", "(((NOT (id = 1)) AND (id > 2)) OR (id <= 3))"},
        {"id > 1 AND id > 2 AND id > 3", "(((id > 1) AND (id > 2)) AND (id > 3))"},
        {"-id", "(- id)"},
        {"+id", "(+ id)"},
        {"~id", "~id"},
        {"id DIV 2", "(id div 2)"},
        {"id BETWEEN 1 AND 2", "between(id, 1, 2)"},
        {"id NOT IN (1, 2)", "(NOT (id IN (1, 2)))"},
        {"s IS NOT NULL", "(s IS NOT NULL)"},
        {"s NOT LIKE 'a%'", "(NOT s LIKE a%)"},
        {"s LIKE 'a%' ESCAPE '/'", "s LIKE a% ESCAPE '/'"},
        {"s RLIKE 'a'", "RLIKE(s, a)"},
        {"s LIKE ANY ('a', 'b')", "likeany(s)"},
        {"s NOT LIKE ALL ('a', 'b')", "notlikeall(s)"},
        {"s || 'x'", "concat(s, x)"},
        {"if(id = 1, 1, 2)", "(IF((id = 1), 1, 2))"},
        {"CASE id WHEN 1 THEN 'a' ELSE 'b' END", "CASE WHEN (id = 1) THEN a ELSE b END"},
        {"UPPER(s)", "upper(s)"},
        {"substr(s, 2)", "substr(s, 2, 2147483647)"},
        {"trim(LEADING 'a' FROM s)", "TRIM(LEADING a FROM s)"},
        {"sqrt(id)", "SQRT(id)"},
        {"pow(id, 2)", "pow(id, 2)"},
        {"log(id)", "LOG(E(), id)"},
        {"round(id)", "round(id, 0)"},
        {"m['a']", "m[a]"},
        {"struct(id AS x, s)", "struct(id AS x, s)"},
        {"transform(array(id), (x, i) -> x + i)",
         "transform(array(id), lambdafunction((namedlambdavariable() + namedlambdavariable()), "
         "namedlambdavariable(), namedlambdavariable()))"},
        {"from_json(s, 'a INT')", "from_json(s)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct lt_expr_list list;
        set_up(&f);
        assert_int_equal(lt_expr_parse_list(cases[i][0], f.arena, &list, &f.error), LT_OK);
        assert_string_equal(lt_expr_output_name(list.expressions[0], f.arena), cases[i][1]);
        lt_arena_destroy(f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_stand_for_columns_and_for_the_fields_of_structs),
        cmocka_unit_test(stars_among_arguments_become_arguments),
        cmocka_unit_test(stars_are_refused_where_spark_refuses_them),
        cmocka_unit_test(columns_without_a_name_are_named_as_in_spark),
        cmocka_unit_test(names_tell_what_only_types_can_tell),
        cmocka_unit_test(names_of_items_further_left_stand_for_them),
        cmocka_unit_test(what_can_be_null_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
