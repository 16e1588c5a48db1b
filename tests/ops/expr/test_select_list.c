/*
 * Select lists: stars, what they leave out, and the schemas that come out of them.
 */
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
    for (size_t i = 0; i < list.count && code == LT_OK; i++)
        code = lt_expr_analyse(&list.expressions[i], text, f->schema, NULL, f->arena, &f->error);
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
        {"* EXCEPT (st.zz)", "UNRESOLVED_COLUMN.WITH_SUGGESTION"},
        {"* EXCEPT (id, id)", "EXCEPT_OVERLAPPING_COLUMNS"},
        {"* EXCEPT (st.a, st)", "EXCEPT_OVERLAPPING_COLUMNS"},
    };
    (void)state;
    EXPECT(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_stand_for_columns_and_for_the_fields_of_structs),
        cmocka_unit_test(stars_among_arguments_become_arguments),
        cmocka_unit_test(stars_are_refused_where_spark_refuses_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
