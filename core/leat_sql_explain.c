/*
 * EXPLAIN: a query or an INSERT is built as if it were to run, and told instead: parsed, analysed
 * and optimised, and what would run here. What no mode of this version runs is told up to where it
 * is refused.
 */
#include "core/leat_sql.h"
#include "core/run/explain.h"
#include "core/run/pipeline.h"
#include "ops/sql/explain.h"

/* A query whose rows go to the console, as `leat sql` shows them. */
static int build_select(const struct lt_door_statement *statement, struct lt_sql_plan *plan,
                        leat_query **out)
{
    leat_context *context = statement->sql->context;
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    int code =
        lt_sql_analyse(&env, statement->tree->query, statement->text, plan, statement->error);
    if (code != LT_OK)
        return code;
    *out = leat_query_create(context, NULL);
    code = leat_query_write(*out, lt_door_stream(context, plan->node), "console", NULL);
    if (code != LT_OK)
        *statement->error = (*out)->error;
    return code;
}

/* The optimised and the physical plan of a query that is built. */
static int explain_built(const struct lt_door_statement *statement, leat_query *query,
                         struct lt_text_buffer *out)
{
    static const enum lt_explain_form forms[] = {
        [LT_SQL_EXPLAIN_SIMPLE] = LT_EXPLAIN_SIMPLE,
        [LT_SQL_EXPLAIN_EXTENDED] = LT_EXPLAIN_EXTENDED,
        [LT_SQL_EXPLAIN_FORMATTED] = LT_EXPLAIN_FORMATTED,
        [LT_SQL_EXPLAIN_COST] = LT_EXPLAIN_COST,
    };
    const struct lt_explain_options options = {.form = forms[statement->tree->explain],
                                               .hides_sinks = !statement->tree->is_insert};
    struct lt_query_spec spec;
    int code = lt_door_spec(query, &spec, statement->error);
    return code != LT_OK ? code : lt_explain_spec(&spec, &options, out, statement->error);
}

static void append_analysed(const struct lt_sql_plan *plan, struct lt_arena *arena,
                            struct lt_text_buffer *out)
{
    const struct lt_type *schema = plan->node->schema;
    lt_text_append(out, "\n== Analyzed Logical Plan ==\n");
    for (uint32_t i = 0; i < schema->field_count; i++)
        lt_text_format(out, "%s%s: %s", i == 0 ? "" : ", ", schema->fields[i].name,
                       lt_type_simple_string(arena, schema->fields[i].type));
    lt_text_append_char(out, '\n');
    lt_plan_tree_draw(plan->tree, LT_PLAN_TREE_MARKED, arena, out);
    lt_text_append_char(out, '\n');
}

/* What no mode runs, or not the one that the trigger names, and why, as Spark says it. */
static int explain_refused(const struct lt_door_statement *statement,
                           const struct lt_sql_refusal *refusal, struct lt_text_buffer *out)
{
    const char *why = statement->error->text;
    if (refusal->node == NULL)
        return statement->error->code;
    lt_text_format(out, "%s== Physical Plan ==\nnone: %s is not run\n\n",
                   statement->tree->explain == LT_SQL_EXPLAIN_EXTENDED ? "\n" : "", refusal->node);
    lt_text_format(out, "mode: none   # %s%.*s\n",
                   refusal->is_for_trigger ? "trigger continuous, which was chosen: " : "",
                   (int)strcspn(why, "\n"), why);
    lt_text_format(out,
                   "not continuous: %s   # Continuous processing does not support %s operations.\n",
                   refusal->node, refusal->node);
    return LT_OK;
}

/* Of what ends, the sides of a union are run one after the other: how many there are is no limit,
 * but to a picture of one query. */
static bool has_many_sides(const struct lt_door_statement *statement,
                           const struct lt_sql_plan *plan, int code)
{
    return code == LT_E_LIMIT && !statement->tree->is_insert && plan->node != NULL &&
           plan->is_bounded && plan->node->kind == LT_PLAN_UNION;
}

static void append_many_sides(const struct lt_sql_plan *plan, bool is_extended,
                              struct lt_text_buffer *out)
{
    lt_text_format(
        out,
        "%s== Physical Plan ==\nthe %u sides of the union, one after the other, each as a "
        "query of its own\n",
        is_extended ? "\n" : "", plan->node->input_count);
}

int lt_door_sql_explain(const struct lt_door_statement *statement)
{
    struct lt_arena *arena = statement->sql->context->arena;
    bool is_extended = statement->tree->explain == LT_SQL_EXPLAIN_EXTENDED;
    struct lt_sql_plan plan = {0};
    struct lt_text_buffer text;
    leat_query *query = NULL;
    bool ends;
    lt_text_init(&text);
    if (is_extended) { /* now: analysis makes other expressions of it */
        lt_text_append(&text, "== Parsed Logical Plan ==\n");
        lt_plan_tree_draw(lt_sql_parsed_tree(statement->tree, arena), LT_PLAN_TREE_PLAIN, arena,
                          &text);
    }
    int code = statement->tree->is_insert ? lt_door_sql_insert(statement, &plan, &query, &ends)
                                          : build_select(statement, &plan, &query);
    bool has_many = has_many_sides(statement, &plan, code);
    if ((code == LT_OK || has_many) && is_extended)
        append_analysed(&plan, arena, &text);
    if (has_many) {
        append_many_sides(&plan, is_extended, &text);
        code = LT_OK;
    } else {
        code = code == LT_OK ? explain_built(statement, query, &text)
                             : explain_refused(statement, &plan.refusal, &text);
    }
    leat_query_destroy(query);
    statement->result->kind = LEAT_SQL_ROWS;
    if (code == LT_OK)
        statement->result->text = lt_text_take(&text);
    lt_text_fini(&text);
    return code;
}
