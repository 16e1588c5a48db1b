/*
 * Calls: which function, which of its signatures, which casts its arguments need, what it gives.
 *
 * The conditions follow Spark: operators complain about pairs of types (BINARY_OP_DIFF_TYPES,
 * BINARY_OP_WRONG_TYPE), functions whose arguments share a type about that (DATA_DIFF_TYPES), all
 * others about one argument (UNEXPECTED_INPUT_TYPE).
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/absent.h"
#include "ops/expr/analyser.h"
#include "ops/expr/bounds.h"
#include "ops/expr/collections.h"
#include "ops/expr/cast.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/many_rows.h"
#include "ops/expr/unresolved.h"
#include "ops/expr/untyped.h"

enum { NO_MATCH = 1000000 };

/* ------------------------------------------------------------------------------------ rewrites */

struct lt_expression *lt_analyser_call(struct lt_analyser *analyser, const struct lt_expression *at,
                                       const char *name, struct lt_expression *a,
                                       struct lt_expression *b)
{
    struct lt_expression *call = lt_arena_alloc(analyser->coerce.arena, sizeof *call);
    *call = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .name = name,
                                   .argument_count = b == NULL ? 1 : 2,
                                   .index = -1};
    call->arguments = lt_arena_alloc(analyser->coerce.arena, 2 * sizeof *call->arguments);
    call->arguments[0] = a;
    call->arguments[1] = b;
    return call;
}

int lt_analyser_later(struct lt_analyser *analyser, const struct lt_expression *node,
                      const char *what)
{
    return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, node, "UNSUPPORTED_FEATURE", "0A000",
                            "%s is not supported by this version", what);
}

int lt_analyser_refuse_collation(struct lt_analyser *analyser, const struct lt_expression *node,
                                 const struct lt_type *type)
{
    if (type->kind == LT_TYPE_STRING && type->collation != NULL)
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, node, "UNSUPPORTED_FEATURE", "0A000",
                                "the collation %s is not supported by this version; hint: only "
                                "UTF8_BINARY is",
                                type->collation);
    for (uint32_t i = 0; i < type->field_count; i++) {
        int code = lt_analyser_refuse_collation(analyser, node, type->fields[i].type);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

int lt_analyser_cast(struct lt_analyser *analyser, struct lt_expression **node,
                     const struct lt_type *to)
{
    struct lt_expression *cast = lt_coerce_cast(*node, to, analyser->coerce.arena);
    if (cast->kind == LT_EXPR_CAST && cast != *node &&
        !lt_cast_exists(analyser->coerce.session, (*node)->type, to))
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, *node, "UNSUPPORTED_FEATURE", "0A000",
                                "a cast from %s to %s is not supported by this version",
                                lt_analyser_shown(analyser, (*node)->type),
                                lt_analyser_shown(analyser, to));
    *node = cast;
    return LT_OK;
}

int lt_analyser_bring_together(struct lt_analyser *analyser, struct lt_expression *call,
                               uint32_t first, uint32_t step, const struct lt_type **out)
{
    const struct lt_type **types =
        lt_arena_alloc(analyser->coerce.arena, call->argument_count * sizeof *types);
    uint32_t count = 0;
    for (uint32_t i = first; i < call->argument_count; i += step) {
        struct lt_expression **argument = &call->arguments[i];
        if (lt_coerce_is_open(*argument))
            *argument =
                lt_coerce_cast(*argument, lt_type_simple(LT_TYPE_STRING), analyser->coerce.arena);
        types[count++] = (*argument)->type;
    }
    const struct lt_type *common = lt_coerce_common_all(&analyser->coerce, types, count);
    *out = common;
    for (uint32_t i = first; i < call->argument_count && common != NULL; i += step) {
        int code = lt_analyser_cast(analyser, &call->arguments[i], common);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

/* ------------------------------------------------------------------------------------ choosing */

static const struct lt_type *common_of(char letter, const struct lt_type *a,
                                       const struct lt_type *b, const struct lt_coerce *coerce)
{
    if (letter == 'T')
        return lt_coerce_common(coerce, a, b);
    if (letter == 'I') {
        const struct lt_type *common = lt_coerce_common(coerce, a, b);
        return common == NULL && lt_collection_alike(a, b) ? a : common;
    }
    if (letter == 'W')
        return lt_coerce_common_strict(coerce, a, b);
    if (letter == 'C')
        return lt_coerce_compared(coerce, a, b);
    return lt_coerce_common_number(coerce, a, b);
}

/* The type that all the arguments under common letters meet at; NULL if there is none. `letter`
 * gets the kind of meeting, 0 when the signature has no common letter. */
static const struct lt_type *common_type(struct lt_analyser *analyser,
                                         const struct lt_signature *signature,
                                         const struct lt_expression *call, char *letter)
{
    const struct lt_type **types =
        lt_arena_alloc(analyser->coerce.arena, (call->argument_count + 1) * sizeof *types);
    uint32_t count = 0;
    *letter = '\0';
    for (uint32_t i = 0; i < call->argument_count; i++) {
        char here = lt_signature_parameter(signature, i, call->argument_count);
        if (!lt_letter_is_common(here))
            continue;
        *letter = here;
        types[count++] = call->arguments[i]->type;
    }
    if (*letter == 'T' || *letter == 'I')
        lt_coerce_put_texts_first(&analyser->coerce, types, count);
    const struct lt_type *common = count == 0 ? NULL : types[0];
    for (uint32_t i = 1; i < count && common != NULL; i++)
        common = common_of(*letter, common, types[i], &analyser->coerce);
    if (common == NULL)
        return NULL;
    bool is_number = common->kind >= LT_TYPE_TINYINT && common->kind <= LT_TYPE_DOUBLE;
    if ((*letter == 'N' || *letter == 'D') && !is_number)
        return NULL;
    if (*letter == 'G' && call->arguments[0]->type->kind == LT_TYPE_VOID &&
        call->arguments[1]->type->kind == LT_TYPE_VOID)
        return lt_type_simple(LT_TYPE_BIGINT);
    if (*letter == 'G' && !lt_type_is_integral(common))
        return NULL;
    return *letter == 'D' ? lt_type_simple(LT_TYPE_DOUBLE) : common;
}

/* The type a parameter wants of an argument; NULL when it takes it as it is, or not at all (*fits).
 * Where a function leaves no choice (`is_forced`), any number becomes the number it wants.
 */
static const struct lt_type *wanted_type(const struct lt_coerce *coerce, char letter,
                                         bool is_forced, const struct lt_expression *argument,
                                         const struct lt_type *common, bool *fits)
{
    const struct lt_type *type = argument->type;
    *fits = true;
    if (lt_letter_is_common(letter))
        return common;
    if (lt_letter_accepts(letter, type))
        return letter == 'a' && lt_coerce_is_open(argument) ? lt_type_simple(LT_TYPE_STRING) : NULL;
    if (letter == 'P' || letter == 'S') {
        *fits = type->kind == LT_TYPE_VOID;
        return lt_type_simple(letter == 'P' ? LT_TYPE_BOOLEAN : LT_TYPE_STRING);
    }
    const struct lt_type *target = lt_letter_type(letter);
    if (letter == 'n')
        target = lt_type_simple(LT_TYPE_DOUBLE);
    else if (letter == 'o')
        target = lt_type_simple(LT_TYPE_STRING);
    else if (letter == 'g')
        target = lt_type_simple(lt_coerce_is_open(argument) ? LT_TYPE_BIGINT : LT_TYPE_INT);
    bool is_assigned =
        is_forced && target != NULL && lt_type_is_numeric(type) && lt_type_is_numeric(target);
    *fits = target != NULL && (is_assigned || lt_coerce_is_implicit(coerce, type, target)) &&
            !(letter == 'o' && type->kind != LT_TYPE_VOID) &&
            !(letter == 'g' && type->kind != LT_TYPE_VOID) &&
            !(letter == 'n' && type->kind != LT_TYPE_VOID && !lt_type_is_text(type));
    return target;
}

/* Do all signatures that take so many arguments want the same of this one? */
static bool is_only(const struct lt_function *function, uint32_t index, uint32_t count)
{
    char only = '\0';
    for (const struct lt_signature *s = function->signatures; s->parameters != NULL; s++) {
        char letter = lt_signature_parameter(s, index, count);
        if (letter != '\0' && only != '\0' && letter != only)
            return false;
        only = letter != '\0' ? letter : only;
    }
    return true;
}

/* How many casts the signature needs; NO_MATCH if they do not help. */
static unsigned count_casts(struct lt_analyser *analyser, const struct lt_signature *signature,
                            const struct lt_function *function, const struct lt_expression *call)
{
    char letter;
    const struct lt_type *common = common_type(analyser, signature, call, &letter);
    if (letter != '\0' && common == NULL)
        return NO_MATCH;
    unsigned casts = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        char here = lt_signature_parameter(signature, i, call->argument_count);
        bool fits;
        const struct lt_type *wanted =
            wanted_type(&analyser->coerce, here, is_only(function, i, call->argument_count),
                        call->arguments[i], common, &fits);
        if (here == '\0' || !fits)
            return NO_MATCH;
        bool is_free = wanted == NULL || call->arguments[i]->type->kind == LT_TYPE_VOID ||
                       lt_type_equal(wanted, call->arguments[i]->type);
        casts += !is_free;
    }
    return casts;
}

static bool takes_count(const struct lt_signature *signature, uint32_t count)
{
    struct lt_function one = {.signatures = {*signature}};
    uint32_t fewest, most;
    lt_function_arity(&one, &fewest, &most);
    return count >= fewest && count <= most;
}

static const struct lt_signature *choose(struct lt_analyser *analyser,
                                         const struct lt_function *function,
                                         const struct lt_expression *call)
{
    const struct lt_signature *best = NULL;
    unsigned best_casts = NO_MATCH;
    for (const struct lt_signature *s = function->signatures; s->parameters != NULL; s++) {
        unsigned casts = takes_count(s, call->argument_count)
                             ? count_casts(analyser, s, function, call)
                             : NO_MATCH;
        if (casts < best_casts) {
            best = s;
            best_casts = casts;
        }
    }
    return best;
}

/* ------------------------------------------------------------------------------------ refusals */

/* What Spark says an operator takes. */
static const char *wanted_by_operator(const char *name)
{
    static const char *const logic[] = {"and", "or"};
    for (size_t i = 0; i < sizeof logic / sizeof logic[0]; i++) {
        if (strcmp(name, logic[i]) == 0)
            return "\"BOOLEAN\"";
    }
    if (strcmp(name, "+") == 0 || strcmp(name, "-") == 0)
        return "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or "
               "\"INTERVAL\")";
    return strchr("&|^", name[0]) != NULL ? "\"INTEGRAL\"" : "\"NUMERIC\"";
}

/* The type that Spark brings the sides of an operator to before it looks whether the operator takes
 * it: a string becomes what it stands beside (under the legacy rules of arithmetic a double), and a
 * decimal beside a double a double. NULL: none. */
static const struct lt_type *type_of_pair(struct lt_analyser *analyser, const char *name,
                                          const struct lt_type *a, const struct lt_type *b)
{
    bool is_legacy = analyser->coerce.session->is_legacy;
    bool is_arithmetic = !lt_ascii_is_letter(name[0]) || strcmp(name, "div") == 0;
    if (is_legacy && is_arithmetic) {
        a = lt_type_is_text(a) ? lt_type_simple(LT_TYPE_DOUBLE) : a;
        b = lt_type_is_text(b) ? lt_type_simple(LT_TYPE_DOUBLE) : b;
    }
    bool has_double = a->kind == LT_TYPE_DOUBLE || b->kind == LT_TYPE_DOUBLE;
    bool has_decimal = a->kind == LT_TYPE_DECIMAL || b->kind == LT_TYPE_DECIMAL;
    if (lt_type_equal(a, b))
        return a;
    if (has_decimal && (lt_type_is_integral(a) || lt_type_is_integral(b))) {
        const struct lt_type *decimal = a->kind == LT_TYPE_DECIMAL ? a : b;
        const struct lt_type *other =
            lt_coerce_decimal_of(analyser->coerce.arena, decimal == a ? b : a);
        return lt_type_equal(decimal, other) ? decimal : NULL;
    }
    bool has_text = !is_legacy && (lt_type_is_text(a) || lt_type_is_text(b));
    return has_text || (has_double && has_decimal) ? lt_coerce_common(&analyser->coerce, a, b)
                                                   : NULL;
}

int lt_analyser_refuse_pair(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const struct lt_type *a = call->arguments[0]->type;
    const struct lt_type *b = call->arguments[1]->type;
    const struct lt_type *common = type_of_pair(analyser, call->name, a, b);
    if (common != NULL)
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
                                    "the binary operator requires the input type %s, not \"%s\".",
                                    wanted_by_operator(call->name),
                                    lt_analyser_shown(analyser, common));
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                                "the left and right operands of the binary operator have "
                                "incompatible types (\"%s\" and \"%s\").",
                                lt_analyser_shown(analyser, a), lt_analyser_shown(analyser, b));
}

static bool shares_type(const struct lt_function *function)
{
    const char *parameters = function->signatures[0].parameters;
    return strchr(parameters, 'C') != NULL || strchr(parameters, 'T') != NULL ||
           strchr(parameters, 'W') != NULL || strchr(parameters, 'I') != NULL;
}

static bool is_later_type(const struct lt_type *type)
{
    return type->kind == LT_TYPE_TIME || type->kind == LT_TYPE_VARIANT;
}

static int refuse(struct lt_analyser *analyser, const struct lt_function *function,
                  const struct lt_expression *call)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (is_later_type(call->arguments[i]->type))
            return lt_analyser_fail(
                analyser, LT_E_UNSUPPORTED, call, "UNSUPPORTED_FEATURE", "0A000",
                "\"%s\" of a value of type %s is not supported by this version", call->name,
                lt_analyser_shown(analyser, call->arguments[i]->type));
    }
    if (function->is_operator && call->argument_count >= 2 && strcmp(call->name, "[]") != 0)
        return lt_analyser_refuse_pair(analyser, call);
    if (shares_type(function) &&
        !(function->flow == LT_FLOW_IF && call->arguments[0]->type->kind != LT_TYPE_BOOLEAN))
        return lt_analyser_refuse_types(analyser, call);
    /* The first argument that no signature takes is the one to show. */
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        char letter = lt_signature_parameter(&function->signatures[0], i, call->argument_count);
        bool fits;
        (void)wanted_type(&analyser->coerce, letter, is_only(function, i, call->argument_count),
                          call->arguments[i], NULL, &fits);
        if (!fits) {
            wrong = i;
            break;
        }
    }
    return lt_analyser_refuse_argument(analyser, function, call, wrong);
}

/* Between operands AND and OR take any number of them; called by name, two. */
static bool is_wrong_pair(const struct lt_function *function, const struct lt_expression *call)
{
    bool is_logic = function->flow == LT_FLOW_AND || function->flow == LT_FLOW_OR;
    return is_logic && call->is_call && call->argument_count != 2;
}

/* Generators are asked for their argument by its name. */
static int refuse_count(struct lt_analyser *analyser, const struct lt_function *function,
                        const struct lt_expression *call)
{
    if (is_wrong_pair(function, call))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                                "42605", "\"%s\" was given %u arguments and takes two", call->name,
                                call->argument_count);
    bool is_inline = strncmp(function->name, "inline", 6) == 0;
    bool is_named = is_inline || strstr(function->name, "explode") != NULL;
    if (call->argument_count == 0 && is_named)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, "REQUIRED_PARAMETER_NOT_FOUND",
                                "4274K",
                                "\"%s\" was not given its parameter \"%s\"; hint: usage: %s",
                                call->name, is_inline ? "input" : "collection", function->usage);
    return lt_analyser_refuse_count(analyser, function, call);
}

static int refuse_name(struct lt_analyser *analyser, const struct lt_expression *call)
{
    if (lt_expr_is_part(call))
        return lt_analyser_later(analyser, call, call->name);
    int code = lt_refuse_many_rows(analyser, call);
    if (code == LT_INFER_LETTERS)
        code = lt_refuse_absent(analyser, call);
    if (code != LT_INFER_LETTERS)
        return code;
    struct lt_expr_place place = {analyser->text, call->begin, call->end};
    return lt_refuse_routine(analyser->error, place, call->name, lt_function_nearest(call->name),
                             analyser->coerce.arena);
}

/* ---------------------------------------------------------------------------------- resolution */

/* Open JSON paths take the type of what they meet, before anything is compared. */
static void decide_open_paths(struct lt_analyser *analyser, struct lt_expression *call,
                              const struct lt_function *function)
{
    const char *parameters = function->signatures[0].parameters;
    if (strpbrk(parameters, "TWCNDG") == NULL)
        return;
    const struct lt_expression *other = NULL;
    bool has_open = false;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        bool is_common = lt_letter_is_common(
            lt_signature_parameter(&function->signatures[0], i, call->argument_count));
        bool is_open = lt_coerce_is_open(argument);
        has_open = has_open || (is_common && is_open);
        if (is_common && !is_open && argument->type->kind != LT_TYPE_VOID && other == NULL)
            other = argument;
    }
    if (!has_open)
        return;
    bool is_number = strpbrk(parameters, "NDG") != NULL;
    const struct lt_type *type = lt_type_simple(is_number ? LT_TYPE_DOUBLE : LT_TYPE_STRING);
    if (other != NULL)
        type = lt_coerce_open_type(other);
    if (is_number && type->kind == LT_TYPE_STRING)
        type = lt_type_simple(LT_TYPE_DOUBLE);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        bool is_common = lt_letter_is_common(
            lt_signature_parameter(&function->signatures[0], i, call->argument_count));
        if (is_common && lt_coerce_is_open(call->arguments[i]))
            call->arguments[i] = lt_coerce_cast(call->arguments[i], type, analyser->coerce.arena);
    }
}

static const struct lt_type *result_type(const struct lt_signature *signature,
                                         const struct lt_expression *call,
                                         const struct lt_type *common)
{
    char letter = signature->result[0];
    if (lt_letter_is_common(letter))
        return common == NULL ? lt_type_simple(LT_TYPE_VOID) : common;
    if (letter == '0')
        return call->arguments[0]->type;
    if (letter == 'E') {
        const struct lt_type *type = call->arguments[0]->type;
        return type->fields[type->field_count - 1].type;
    }
    return lt_letter_type(letter);
}

bool lt_any_nullable(struct lt_expression *const *nodes, uint32_t count)
{
    bool is_nullable = false;
    for (uint32_t i = 0; i < count; i++)
        is_nullable = is_nullable || nodes[i]->nullable;
    return is_nullable;
}

/* isnull, isnotnull and <=> always answer; a total function is NULL only where an argument is;
 * coalesce is NULL where all are. */
static bool is_nullable(const struct lt_function *function, const struct lt_expression *call)
{
    if (function->flow == LT_FLOW_COALESCE) {
        for (uint32_t i = 0; i < call->argument_count; i++) {
            if (!call->arguments[i]->nullable)
                return false;
        }
        return true;
    }
    if (function->flow == LT_FLOW_IF)
        return lt_any_nullable(call->arguments + 1, 2);
    if (function->null_rule == LT_NULL_AWARE && call->type->kind == LT_TYPE_BOOLEAN &&
        function->flow == LT_FLOW_CALL)
        return false;
    return !function->is_total || lt_any_nullable(call->arguments, call->argument_count);
}

static int apply(struct lt_analyser *analyser, struct lt_expression *call,
                 const struct lt_function *function, const struct lt_signature *signature)
{
    char letter;
    const struct lt_type *common = common_type(analyser, signature, call, &letter);
    if (common != NULL && signature->family == LT_FAMILY_ORDER && !lt_type_is_ordered(common))
        return lt_analyser_refuse_order(analyser, call, common);
    if (common != NULL && common->kind == LT_TYPE_VOID && signature->family == LT_FAMILY_ORDER)
        common = lt_type_simple(LT_TYPE_STRING); /* NULL = NULL */
    for (uint32_t i = 0; i < call->argument_count; i++) {
        char here = lt_signature_parameter(signature, i, call->argument_count);
        bool fits;
        const struct lt_type *wanted =
            wanted_type(&analyser->coerce, here, true, call->arguments[i], common, &fits);
        if (wanted == NULL || wanted->kind == LT_TYPE_VOID)
            continue;
        int code = lt_analyser_cast(analyser, &call->arguments[i], wanted);
        if (code != LT_OK)
            return code;
    }
    call->signature = signature;
    call->type = result_type(signature, call, common);
    call->nullable = is_nullable(function, call);
    return function->conclude == NULL ? LT_OK : function->conclude(analyser, call);
}

/* A function analyses its own call, or the letters do. */
static int resolve_with(struct lt_analyser *analyser, struct lt_expression *call,
                        const struct lt_function *function, int32_t index)
{
    if (function->infer != NULL) {
        call->index = index;
        int code = function->infer(analyser, call);
        if (code != LT_INFER_LETTERS)
            return code;
        call->index = -1;
    }
    decide_open_paths(analyser, call, function);
    const struct lt_signature *signature = choose(analyser, function, call);
    if (signature == NULL)
        return refuse(analyser, function, call);
    call->index = index;
    return apply(analyser, call, function, signature);
}

int lt_resolve_aggregate(struct lt_analyser *analyser, struct lt_expression *call)
{
    int32_t index = lt_function_find(call->name);
    lt_assert(index >= 0);
    return resolve_with(analyser, call, lt_function_at((size_t)index, NULL), index);
}

int lt_resolve_call(struct lt_analyser *analyser, struct lt_expression *call)
{
    int32_t index = lt_function_find(call->name);
    const struct lt_function *function = index < 0 ? NULL : lt_function_at((size_t)index, NULL);
    if (function == NULL)
        return refuse_name(analyser, call);
    uint32_t fewest, most;
    lt_function_arity(function, &fewest, &most);
    if (call->argument_count < fewest || call->argument_count > most ||
        is_wrong_pair(function, call))
        return refuse_count(analyser, function, call);
    if (function->flow == LT_FLOW_AGGREGATE)
        return lt_analyser_later(analyser, call, "an aggregate in an expression of one row");
    lt_drop_untyped(call, function, analyser->coerce.arena);
    if (function->flow == LT_FLOW_REWRITTEN)
        return lt_rewrite_call(analyser, call);
    int code = resolve_with(analyser, call, function, index);
    return code != LT_OK || !lt_type_is_nested(call->type) ? code
                                                           : lt_analyser_check_type(analyser, call);
}
