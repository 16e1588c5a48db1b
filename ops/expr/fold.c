/*
 * Constant parts are evaluated once, here, by the machine itself. A part that fails stays in the
 * tree. As in Spark, it fails when a record reaches it where a condition stands above it (CASE, if,
 * coalesce), and keeps the query from starting where none does: it is marked, and the compiler
 * refuses it.
 *
 * Two passes take turns until nothing changes, as Spark's rules do. The first goes from the leaves
 * up: what is NULL because of a NULL that is written there becomes NULL, coalesce() loses the parts
 * it never comes to, and a test for NULL of what never is NULL is decided. The second goes from the
 * top down: constants are evaluated, and what was only written to be counted is counted; and behind
 * that, from the leaves up, what is compared with itself is decided, AND and OR by a side that is a
 * constant, and what one part of stands for the whole, also within constants that fail under a
 * condition.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/expr/analyser.h"
#include "ops/expr/bounds.h"
#include "ops/expr/elements.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/outcomes.h"
#include "ops/expr/program.h"
#include "ops/expr/replaced.h"
#include "ops/expr/same.h"

/* The lambdas between a node and the root that is asked about. */
struct bound {
    const struct bound *outer;
    const struct lt_expression *lambda;
};

static bool is_bound(const struct lt_expression *variable, const struct bound *bound)
{
    for (; bound != NULL; bound = bound->outer) {
        for (uint32_t i = 1; i < bound->lambda->argument_count; i++) {
            if (bound->lambda->arguments[i]->index == variable->index)
                return true;
        }
    }
    return false;
}

static bool is_constant(const struct lt_expression *node, const struct bound *bound)
{
    if (node->kind == LT_EXPR_COLUMN || node->kind == LT_EXPR_STAR)
        return false;
    if (node->kind == LT_EXPR_VARIABLE)
        return is_bound(node, bound);
    if (node->kind == LT_EXPR_CALL) {
        const struct lt_function *function = lt_function_at((size_t)node->index, NULL);
        if (!function->is_deterministic || function->flow == LT_FLOW_GENERATOR ||
            function->flow == LT_FLOW_AGGREGATE || function->makes_rows ||
            lt_is_call_of(node, "elt") || lt_is_call_of(node, "raise_error"))
            return false; /* the last two are none to Spark */
    }
    const struct bound here = {bound, node};
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (!is_constant(node->arguments[i], node->kind == LT_EXPR_LAMBDA ? &here : bound))
            return false;
    }
    return true;
}

/* ----------------------------------------------------------------------- values that stay alive */

static union lt_value copy_value(const struct lt_type *type, const union lt_value *value,
                                 struct lt_arena *arena);

/* `count` values whose types are fields[0], or fields[0], fields[1], ... */
static const union lt_value *copy_values(const struct lt_field *fields, bool is_one_type,
                                         const union lt_value *values, const uint64_t *nulls,
                                         uint32_t count, struct lt_arena *arena)
{
    union lt_value *copies = lt_arena_alloc(arena, count * sizeof *copies);
    for (uint32_t i = 0; i < count; i++) {
        if (!lt_bit(nulls, i))
            copies[i] = copy_value(fields[is_one_type ? 0 : i].type, &values[i], arena);
    }
    return copies;
}

static const uint64_t *copy_nulls(const uint64_t *nulls, uint32_t count, struct lt_arena *arena)
{
    if (nulls == NULL)
        return NULL;
    size_t size_bytes = ((size_t)count + 63) / 64 * sizeof *nulls;
    uint64_t *copy = lt_arena_alloc(arena, size_bytes);
    memcpy(copy, nulls, size_bytes);
    return copy;
}

static struct lt_array copy_array(const struct lt_field *element, const struct lt_array *array,
                                  struct lt_arena *arena)
{
    return (struct lt_array){
        .count = array->count,
        .nulls = copy_nulls(array->nulls, array->count, arena),
        .values = copy_values(element, true, array->values, array->nulls, array->count, arena)};
}

/* Recursion is bounded by the depth of types. */
static union lt_value copy_value(const struct lt_type *type, const union lt_value *value,
                                 struct lt_arena *arena)
{
    union lt_value copy = *value;
    if (lt_type_is_bytes(type)) {
        uint8_t *data = lt_arena_alloc(arena, value->bytes.size_bytes);
        if (value->bytes.size_bytes > 0)
            memcpy(data, value->bytes.data, value->bytes.size_bytes);
        copy.bytes.data = data;
        copy.bytes.padding_bytes = 0;
    } else if (type->kind == LT_TYPE_ARRAY) {
        lt_array_materialize(value->array);
        copy.array = lt_arena_alloc(arena, sizeof *copy.array);
        *copy.array = copy_array(&type->fields[0], value->array, arena);
    } else if (type->kind == LT_TYPE_MAP) {
        struct lt_map *map = lt_arena_alloc(arena, sizeof *map);
        map->keys = copy_array(&type->fields[0], &value->map->keys, arena);
        map->values = copy_array(&type->fields[1], &value->map->values, arena);
        copy.map = map;
    } else if (type->kind == LT_TYPE_STRUCT) {
        struct lt_struct *structure = lt_arena_alloc(arena, sizeof *structure);
        structure->nulls = copy_nulls(value->structure->nulls, type->field_count, arena);
        structure->values = copy_values(type->fields, false, value->structure->values,
                                        value->structure->nulls, type->field_count, arena);
        copy.structure = structure;
    }
    return copy;
}

/* A constant that is larger than a statement may be stays what makes it: 'a' || 'a', doubled thirty
 * times, is a gigabyte, and would be made and compared again and again. */
enum { LITERAL_BYTES_MAX = 1024 * 1024, ROOM_BYTES = 4 * LITERAL_BYTES_MAX };

static size_t withheld_bytes(void)
{
    const size_t all_bytes = LT_LIMIT_VALUE_BYTES, room_bytes = ROOM_BYTES;
    return all_bytes > room_bytes ? all_bytes - room_bytes : 0;
}

/* The value as a literal of the same type and place; NULL when it fails, which is then the error of
 * `refused`, if there is one, and when it is too large for the caller who has `is_too_large`. */
static struct lt_expression *evaluate(struct lt_expression *node, const char *text,
                                      const struct lt_session *session, struct lt_arena *arena,
                                      struct lt_analyser *refused, bool *is_too_large)
{
    const struct lt_program_options options = {
        .expressions = &node,
        .texts = &text,
        .count = 1,
        .session = session,
        .withheld_bytes = is_too_large == NULL ? 0 : withheld_bytes()};
    struct lt_program *program;
    if (lt_program_create(&options, &program, refused == NULL ? NULL : refused->error) != LT_OK)
        return NULL;
    struct lt_expression *literal = NULL;
    union lt_value value;
    bool is_null;
    bool is_made = lt_program_eval_value(program, NULL, &value, &is_null);
    size_t room_bytes = LITERAL_BYTES_MAX;
    bool is_large = is_made && !is_null && !lt_value_is_within(node->type, &value, &room_bytes);
    if (is_too_large != NULL) /* what try_ functions make of a lack of room is no value either */
        *is_too_large = is_large || lt_program_lacked_room(program);
    if (is_made && (is_too_large == NULL || !*is_too_large)) {
        literal = lt_arena_alloc(arena, sizeof *literal);
        *literal = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                          .begin = node->begin,
                                          .end = node->end,
                                          .type = node->type,
                                          .is_null = is_null,
                                          .nullable = is_null,
                                          .index = -1};
        if (!is_null)
            literal->value = copy_value(node->type, &value, arena);
    } else if (refused != NULL) {
        const struct lt_program_fault *fault = lt_program_fault(program);
        (void)lt_error_set(refused->error, LT_E_ANALYSIS, "%s", fault->text);
        (void)lt_error_condition(refused->error, fault->condition, fault->sqlstate);
        (void)lt_error_place(refused->error, fault->line, fault->position);
    }
    lt_program_destroy(program);
    return literal;
}

static bool is_null_literal(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_LITERAL && node->is_null;
}

/* Functions that have NULL for NULL, and evaluate their other arguments all the same. round() is a
 * constant or is not, and so are ceil() and floor() to places. */
static bool looks_at_all(const struct lt_function *function, const struct lt_expression *call)
{
    if (strcmp(function->name, "ceil") == 0 || strcmp(function->name, "floor") == 0)
        return call->argument_count == 2;
    static const char *const names[] = {
        "array_join", "bround", "btrim", "date_trunc", "get_json_object", "locate", "ltrim",
        "map_zip_with", "round", "rtrim", "sequence", "to_date", "to_timestamp", "to_timestamp_ntz",
        "to_unix_timestamp", "trim", "try_to_date", "try_to_timestamp", "unix_timestamp",
        "zip_with",
    };
    return lt_is_one_of(function->name, names, sizeof names / sizeof names[0]);
}

/* A cast of NULL is NULL. A strict call with a constant NULL among its arguments is NULL, whatever
 * the others would do; so is NULL IN (...). A function of any number of arguments looks at each of
 * them. */
static bool has_null_argument(const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_CAST)
        return is_null_literal(node->arguments[0]);
    const struct lt_function *function =
        node->kind == LT_EXPR_CALL ? lt_function_at((size_t)node->index, NULL) : NULL;
    if (function == NULL)
        return false;
    bool is_in = function->flow == LT_FLOW_IN;
    bool is_strict = function->flow == LT_FLOW_CALL && function->null_rule == LT_NULL_STRICT &&
                     strchr(function->signatures[0].parameters, '*') == NULL &&
                     !looks_at_all(function, node);
    uint32_t count = is_in ? 1 : is_strict ? node->argument_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_null_literal(node->arguments[i]))
            return true;
    }
    return false;
}

struct folding {
    const char *text;
    const struct lt_session *session;
    struct lt_arena *arena;
    bool has_changed;
    bool leaves_parts; /* parts of records stay what they are: in a constant that fails */
};

static bool is_flow(const struct lt_expression *node, enum lt_flow flow)
{
    return node->kind == LT_EXPR_CALL && lt_function_at((size_t)node->index, NULL)->flow == flow;
}

/* Is it decided at run time whether its arguments are evaluated? AND and OR are not meant. */
static bool is_conditional(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CASE || is_flow(node, LT_FLOW_IF) ||
           (is_flow(node, LT_FLOW_COALESCE) && node->argument_count > 1) ||
           lt_is_call_of(node, "assert_true") || lt_is_call_of(node, "right");
}

/* Has it a part that Spark leaves to the records even where all its arguments are constants? That
 * fails when a record comes to it. */
static bool has_part_of_records(const struct lt_expression *node)
{
    bool has = lt_is_call_of(node, "assert_true") || node->kind == LT_EXPR_LAMBDA;
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = has_part_of_records(node->arguments[i]);
    return has;
}

/* A test for NULL of what never is NULL: it is dropped, with the errors in it. */
static bool is_decided_test(const struct lt_expression *node)
{
    if (node->kind != LT_EXPR_CALL || node->argument_count != 1 || node->arguments[0]->nullable ||
        lt_is_call_of(node->arguments[0], "element_at"))
        return false;
    return lt_is_call_of(node, "isnull") || lt_is_call_of(node, "isnotnull");
}

/* What makes rows makes them wherever it stands, and is not dropped. */
static bool has_row_maker(const struct lt_expression *node)
{
    bool has = node->kind == LT_EXPR_CALL && lt_function_at((size_t)node->index, NULL)->makes_rows;
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = has_row_maker(node->arguments[i]);
    return has;
}

static bool is_droppable(const struct lt_expression *node)
{
    return !has_row_maker(node) && !lt_expr_has_failing(node);
}

static void become(struct lt_expression **node, int64_t value, struct folding *folding)
{
    struct lt_expression *literal = lt_expr_null(*node, (*node)->type, folding->arena);
    literal->is_null = literal->nullable = false;
    literal->value.i64 = value;
    *node = literal;
    folding->has_changed = true;
}

/* coalesce() is looked at without NULLs that are written there, up to the first part that never is
 * NULL; of one part it is that part. */
static void fold_coalesce(struct lt_expression **node, struct folding *folding)
{
    const struct lt_expression *call = *node;
    if (!is_flow(call, LT_FLOW_COALESCE) || !is_droppable(call))
        return;
    struct lt_expression **parts =
        lt_arena_alloc(folding->arena, call->argument_count * sizeof *parts);
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (!is_null_literal(call->arguments[i]))
            parts[count++] = call->arguments[i];
        if (!call->arguments[i]->nullable)
            break;
    }
    if (count == call->argument_count || count == 0)
        return;
    if (count == 1 && !lt_type_equal(parts[0]->type, call->type))
        return;
    struct lt_expression *shorter = lt_expr_copy_node(call, folding->arena);
    shorter->arguments = parts;
    shorter->argument_count = count;
    *node = count == 1 ? lt_expr_in_place(parts[0], call, folding->arena) : shorter;
    folding->has_changed = true;
}

/* An array or a map of columns and literals has as many elements as were written, and is not made
 * to be counted: one key given twice is no fault then. */
static bool is_count_written(const struct lt_expression *node)
{
    const struct lt_expression *made = lt_is_call_of(node, "size") ? node->arguments[0] : NULL;
    if (made == NULL || (!lt_is_call_of(made, "array") && !lt_is_call_of(made, "map")))
        return false;
    for (uint32_t i = 0; i < made->argument_count; i++) {
        if (made->arguments[i]->kind != LT_EXPR_LITERAL &&
            made->arguments[i]->kind != LT_EXPR_COLUMN)
            return false;
    }
    return true;
}

static void fold_nulls(struct lt_expression **node, struct folding *folding)
{
    for (uint32_t i = 0; i < (*node)->argument_count; i++)
        fold_nulls(&(*node)->arguments[i], folding);
    fold_coalesce(node, folding);
    bool is_decided = is_decided_test(*node);
    if ((!is_decided && !has_null_argument(*node)) || !is_droppable(*node))
        return;
    if (is_decided) {
        become(node, lt_is_call_of(*node, "isnotnull"), folding);
        return;
    }
    *node = lt_expr_null(*node, (*node)->type, folding->arena);
    folding->has_changed = true;
}

/* What is compared with itself is known, unless it may be NULL where NULL is no answer. */
static bool is_decided_comparison(const struct lt_expression *node, bool *answer)
{
    bool is_safe = lt_is_call_of(node, "<=>");
    *answer = is_safe || lt_is_call_of(node, "=") || lt_is_call_of(node, "<=") ||
              lt_is_call_of(node, ">=");
    if (!*answer && !lt_is_call_of(node, "<") && !lt_is_call_of(node, ">"))
        return false;
    return (is_safe || !node->arguments[0]->nullable) &&
           lt_expr_same(node->arguments[0], node->arguments[1]);
}

/* A part that stands for the whole, whatever the others do: the element that is taken, the outcome
 * that is the same whatever a condition says. */
static void fold_to_part(struct lt_expression **node, struct folding *folding)
{
    if (!is_droppable(*node))
        return;
    struct lt_expression *part = lt_expr_take_folded(*node, folding->arena);
    part = lt_expr_drop_folded(part, folding->arena);
    folding->has_changed = folding->has_changed || part != *node;
    *node = part;
}

/* a OR true is true, a AND false is false, whatever a does. */
static void fold_decided(struct lt_expression **node, struct folding *folding)
{
    bool answer;
    fold_to_part(node, folding);
    if (is_decided_comparison(*node, &answer) && is_droppable(*node)) {
        become(node, answer, folding);
        return;
    }
    bool is_or = is_flow(*node, LT_FLOW_OR);
    if ((!is_or && !is_flow(*node, LT_FLOW_AND)) || !is_droppable(*node))
        return;
    for (uint32_t i = 0; i < (*node)->argument_count; i++) {
        struct lt_expression *part = (*node)->arguments[i];
        if (part->kind != LT_EXPR_LITERAL || part->is_null || (part->value.i64 != 0) != is_or)
            continue;
        become(node, is_or, folding);
        return;
    }
}

static void fold_all_decided(struct lt_expression **node, struct folding *folding)
{
    for (uint32_t i = 0; i < (*node)->argument_count; i++)
        fold_all_decided(&(*node)->arguments[i], folding);
    fold_decided(node, folding);
}

static void fold_constants(struct lt_expression **node, struct folding *folding, bool is_in_branch)
{
    const char *text = folding->text;
    if ((*node)->kind == LT_EXPR_LITERAL || (*node)->kind == LT_EXPR_VARIABLE ||
        (*node)->is_failing)
        return;
    if (is_count_written(*node)) {
        const struct lt_expression *made = (*node)->arguments[0];
        become(node, made->argument_count / (lt_is_call_of(made, "map") ? 2 : 1), folding);
        return;
    }
    bool is_named = (*node)->kind == LT_EXPR_ALIAS || (*node)->kind == LT_EXPR_LAMBDA;
    bool leaves_parts = folding->leaves_parts, is_too_large = false;
    bool has_part = has_part_of_records(*node);
    if (!is_named && is_constant(*node, NULL) && !(leaves_parts && has_part)) {
        struct lt_expression *literal =
            evaluate(*node, text, folding->session, folding->arena, NULL, &is_too_large);
        if (literal != NULL) {
            *node = literal;
            folding->has_changed = true;
            return;
        }
        (*node)->is_failing = !is_in_branch && !has_part && !is_too_large;
        if (is_in_branch)
            fold_all_decided(node, folding);
        if ((*node)->is_failing || is_in_branch)
            return;
        folding->leaves_parts = !is_too_large;
    }
    folding->text = (*node)->text == NULL ? text : (*node)->text;
    for (uint32_t i = 0; i < (*node)->argument_count; i++)
        fold_constants(&(*node)->arguments[i], folding, is_in_branch || is_conditional(*node));
    folding->text = text;
    folding->leaves_parts = leaves_parts;
    fold_decided(node, folding);
}

static void fold(struct lt_expression **node, const char *text, const struct lt_session *session,
                 struct lt_arena *arena, bool is_whole)
{
    struct folding folding = {.text = text, .session = session, .arena = arena};
    do {
        folding.has_changed = false;
        fold_nulls(node, &folding);
        fold_constants(node, &folding, !is_whole);
    } while (folding.has_changed);
}

void lt_fold(struct lt_expression **node, const char *text, const struct lt_session *session,
             struct lt_arena *arena)
{
    fold(node, text, session, arena, false);
}

void lt_fold_whole(struct lt_expression **node, const char *text, const struct lt_session *session,
                   struct lt_arena *arena)
{
    fold(node, text, session, arena, true);
}

int lt_fold_refuse(const struct lt_expression *node, const char *text,
                   const struct lt_session *session, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_analyser refused = {.error = error};
    struct lt_expression copy = *node;
    copy.is_failing = false;
    lt_error_clear(error);
    struct lt_expression *literal = evaluate(&copy, text, session, arena, &refused, NULL);
    lt_assert(literal == NULL);
    lt_arena_destroy(arena);
    return error->code;
}

bool lt_expr_is_foldable(const struct lt_expression *node)
{
    return is_constant(node, NULL) && !lt_expr_has_replaced(node);
}

int lt_analyser_fold(struct lt_analyser *analyser, struct lt_expression **node)
{
    if ((*node)->kind == LT_EXPR_LITERAL || !lt_expr_is_foldable(*node))
        return LT_OK;
    struct lt_expression *literal =
        evaluate(*node, analyser->text, analyser->coerce.session, analyser->coerce.arena, analyser,
                 NULL);
    if (literal == NULL)
        return analyser->error->code;
    *node = literal;
    return LT_OK;
}

int lt_analyser_constant(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index)
{
    int code = lt_analyser_fold(analyser, &call->arguments[index]);
    return code != LT_OK || call->arguments[index]->kind == LT_EXPR_LITERAL
               ? code
               : lt_analyser_refuse_constant(analyser, call, index);
}
