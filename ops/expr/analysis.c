/*
 * What is analysed as a whole: an expression, a condition, an item of a select list. Names and
 * types are resolved (analyse.c), then constants are folded.
 */
#include "ops/expr/coerce.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/lateral.h"

static struct lt_analyser analyser_of(const char *text, const struct lt_type *schema,
                                      const struct lt_session *session, struct lt_arena *arena,
                                      struct lt_error *error)
{
    return (struct lt_analyser){.text = text,
                                .schema = schema,
                                .coerce = {lt_session_or_default(session), arena},
                                .error = error};
}

static void fold(const struct lt_analyser *analyser, struct lt_expression **expression)
{
    const struct lt_coerce *coerce = &analyser->coerce;
    if (!coerce->session->is_unoptimised)
        lt_fold_whole(expression, analyser->text, coerce->session, coerce->arena);
}

int lt_expr_analyse(struct lt_expression **expression, const char *text,
                    const struct lt_type *schema, const struct lt_session *session,
                    struct lt_arena *arena, struct lt_error *error)
{
    struct lt_analyser analyser = analyser_of(text, schema, session, arena, error);
    bool is_star = (*expression)->kind == LT_EXPR_STAR;
    analyser.whole = *expression;
    int code = is_star ? lt_analyser_star_base(&analyser, *expression) : LT_OK;
    if (code == LT_OK)
        code = lt_analyse(&analyser, *expression);
    if (code != LT_OK)
        return code;
    if (lt_coerce_is_open(*expression))
        *expression = lt_coerce_cast(*expression, lt_type_simple(LT_TYPE_STRING), arena);
    fold(&analyser, expression);
    return LT_OK;
}

int lt_expr_analyse_item(struct lt_expression **item, const char *text,
                         const struct lt_type *schema, const struct lt_session *session,
                         struct lt_lateral *lateral, struct lt_arena *arena, struct lt_error *error)
{
    struct lt_analyser analyser = analyser_of(text, schema, session, arena, error);
    analyser.lateral = lateral;
    analyser.may_give_rows = true;
    lateral->needed = -1;
    *item = lt_analyser_named(&analyser, *item);
    lateral->needed = -1;
    analyser.whole = *item;
    const bool is_column = (*item)->kind == LT_EXPR_COLUMN && (*item)->type == NULL;
    const char *name = (*item)->name;
    int code = lt_analyse(&analyser, *item);
    if (code != LT_OK)
        return code;
    if (is_column && (*item)->text != NULL) { /* it was another item's name */
        *item = lt_expr_alias(*item, name, analyser.coerce.arena);
        code = lt_analyse(&analyser, *item);
        lt_assert(code == LT_OK);
    }
    if (lt_coerce_is_open(*item))
        *item = lt_coerce_cast(*item, lt_type_simple(LT_TYPE_STRING), arena);
    fold(&analyser, item);
    return LT_OK;
}

int lt_expr_analyse_predicate(struct lt_expression **expression, const char *text,
                              const struct lt_type *schema, const struct lt_session *session,
                              struct lt_arena *arena, struct lt_error *error)
{
    struct lt_analyser analyser = analyser_of(text, schema, session, arena, error);
    analyser.is_condition = true;
    analyser.may_give_rows = true;
    if ((*expression)->kind == LT_EXPR_ALIAS)
        *expression = (*expression)->arguments[0];
    struct lt_expression *node = *expression;
    analyser.whole = node;
    const char *shown = lt_expr_text(node, arena); /* before there are casts in it */
    int code = lt_analyse(&analyser, node);
    if (code != LT_OK)
        return code;
    if (lt_generator_call(node) != NULL)
        return lt_analyser_refuse_generator(&analyser, lt_generator_call(node));
    const struct lt_type *boolean = lt_type_simple(LT_TYPE_BOOLEAN);
    if (lt_coerce_is_open(node))
        *expression = node = lt_coerce_cast(node, boolean, arena);
    if (node->type->kind != LT_TYPE_BOOLEAN)
        return lt_analyser_fail(&analyser, LT_E_ANALYSIS, node,
                                "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
                                "Cannot resolve \"%.300s\" due to data type mismatch: Filter "
                                "expression \"%.300s\" of type \"%s\" is not a boolean.",
                                shown, shown, lt_analyser_shown(&analyser, node->type));
    fold(&analyser, expression);
    return LT_OK;
}
