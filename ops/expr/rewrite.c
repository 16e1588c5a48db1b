/*
 * Functions that stand for other calls, or for what is known when a query is analysed: typeof,
 * nullif, nvl2, nullifzero, zeroifnull.
 */
#include <string.h>

#include "ops/expr/analyser.h"
#include "ops/expr/bounds.h"

static struct lt_expression *make_int(struct lt_analyser *analyser, const struct lt_expression *at,
                                      bool is_null)
{
    struct lt_expression *literal = lt_arena_alloc(analyser->coerce.arena, sizeof *literal);
    *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                      .begin = at->begin,
                                      .end = at->end,
                                      .is_null = is_null,
                                      .nullable = is_null,
                                      .index = -1};
    literal->type = lt_type_simple(is_null ? LT_TYPE_VOID : LT_TYPE_INT);
    return literal;
}

static void become_if(struct lt_analyser *analyser, struct lt_expression *call,
                      struct lt_expression *condition, struct lt_expression *then,
                      struct lt_expression *otherwise)
{
    call->name = "if";
    call->argument_count = 3;
    call->arguments = lt_arena_alloc(analyser->coerce.arena, 3 * sizeof *call->arguments);
    call->arguments[0] = condition;
    call->arguments[1] = then;
    call->arguments[2] = otherwise;
}

/* typeof is known now, and what it is asked about is never evaluated. */
static int become_type_name(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_expression *argument = call->arguments[0];
    const struct lt_type *type =
        lt_coerce_is_open(argument) ? lt_type_simple(LT_TYPE_STRING) : argument->type;
    *call = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .type = lt_type_simple(LT_TYPE_STRING),
                                   .index = -1};
    call->value = lt_value_text(lt_type_simple_string(analyser->coerce.arena, type));
    return LT_OK;
}

/* nullif(a, b) is if(a = b, NULL, a), and so on; the new inner call is resolved here. */
int lt_rewrite_call(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_expression **arguments = call->arguments;
    struct lt_expression *inner;
    if (strcmp(call->name, "typeof") == 0)
        return become_type_name(analyser, call);
    if (strcmp(call->name, "nullif") == 0) {
        arguments[0]->once = arguments[0];
        inner = lt_analyser_call(analyser, call, "=", arguments[0], arguments[1]);
        become_if(analyser, call, inner, make_int(analyser, call, true), arguments[0]);
    } else if (strcmp(call->name, "nvl2") == 0) {
        inner = lt_analyser_call(analyser, call, "isnotnull", arguments[0], NULL);
        become_if(analyser, call, inner, arguments[1], arguments[2]);
    } else if (strcmp(call->name, "nullifzero") == 0) {
        inner =
            lt_analyser_call(analyser, call, "=", arguments[0], make_int(analyser, call, false));
        become_if(analyser, call, inner, make_int(analyser, call, true), arguments[0]);
    } else { /* zeroifnull */
        struct lt_expression *zero = make_int(analyser, call, false);
        *call = *lt_analyser_call(analyser, call, "coalesce", arguments[0], zero);
        return lt_resolve_call(analyser, call);
    }
    int code = lt_analyser_check_size(analyser, call);
    if (code == LT_OK)
        code = lt_resolve_call(analyser, inner);
    return code != LT_OK ? code : lt_resolve_call(analyser, call);
}
