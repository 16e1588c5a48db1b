/*
 * Plan nodes to operators. What a mode does not allow is refused here, with Spark's text.
 */
#include "ops/catalog.h"

#include "core/base/limits.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/filter.h"
#include "ops/flatmap.h"
#include "ops/project.h"
#include "ops/select_items.h"
#include "ops/stateful/nodes.h"
#include "ops/stateful/watermark.h"
#include "ops/time_windows.h"

static const struct lt_type *input_schema(const struct lt_plan_node *node)
{
    lt_assert(node->input_count >= 1);
    lt_assert(node->inputs[0]->schema != NULL);
    return node->inputs[0]->schema;
}

static int refuse(const struct lt_plan_node *node, enum lt_ops_mode mode, struct lt_error *error)
{
    const char *name = lt_plan_kind_name(node->kind);
    int code = mode == LT_OPS_CONTINUOUS
                   ? lt_error_set(error, LT_E_UNSUPPORTED,
                                  "Continuous processing does not support %s operations.", name)
                   : lt_error_set(error, LT_E_UNSUPPORTED,
                                  "%s operations are not supported by this version", name);
    (void)lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
    return code;
}

/* ------------------------------------------------------------------------------------ analysis */

/* SQL shows the place in its own text; a text that stands alone is named. */
static int name_text(bool stands_alone, const char *what, struct lt_error *error, int code)
{
    return stands_alone ? lt_error_append(error, "cannot analyse the %s", what) : code;
}

static int analyse_filter(struct lt_plan_node *node, struct lt_arena *arena, struct lt_error *error)
{
    const char *text = node->expression_texts[0];
    struct lt_expression *predicate = node->expressions == NULL ? NULL : node->expressions[0];
    bool stands_alone = predicate == NULL;
    if (predicate == NULL && lt_expr_parse(text, arena, &predicate, error) != LT_OK)
        return lt_error_append(error, "cannot parse the condition");
    int code = lt_expr_analyse_predicate(&predicate, text, input_schema(node), node->session, arena,
                                         error);
    if (code != LT_OK)
        return name_text(stands_alone, "condition", error, code);
    node->expressions = lt_arena_alloc(arena, sizeof *node->expressions);
    node->expressions[0] = predicate;
    node->expression_count = 1;
    code = lt_ops_place_windows(node, arena, error);
    if (code != LT_OK)
        return name_text(stands_alone, "condition", error, code);
    node->schema = input_schema(node);
    return LT_OK;
}

static int analyse_union(struct lt_plan_node *node, struct lt_error *error)
{
    node->schema = input_schema(node);
    for (uint32_t i = 1; i < node->input_count; i++) {
        lt_assert(node->inputs[i]->schema != NULL);
        if (lt_type_equal(node->schema, node->inputs[i]->schema))
            continue;
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "cannot unite: input %u has another schema than input 1", i + 1);
        return lt_error_condition(error, "INCOMPATIBLE_COLUMN_TYPE", "42825");
    }
    return LT_OK;
}

static int analyse_watermark(struct lt_plan_node *node, struct lt_error *error)
{
    node->schema = input_schema(node);
    int index = lt_type_field_index(node->schema, node->name);
    if (index < 0) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "cannot declare a watermark: there is no column \"%s\"", node->name);
        return lt_error_condition(error, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703");
    }
    if (lt_watermark_takes(node->schema->fields[index].type))
        return LT_OK;
    (void)lt_error_set(error, LT_E_ANALYSIS,
                       "cannot declare a watermark: column \"%s\" is no timestamp", node->name);
    return lt_error_condition(error, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09");
}

int lt_ops_analyse(struct lt_plan_node *node, enum lt_ops_mode mode, struct lt_arena *arena,
                   struct lt_error *error)
{
    struct lt_error local;
    error = error == NULL ? &local : error;
    switch (node->kind) {
    case LT_PLAN_FILTER:
        return analyse_filter(node, arena, error);
    case LT_PLAN_PROJECT:
        lt_assert(input_schema(node) != NULL);
        return lt_ops_analyse_project(node, arena, error);
    case LT_PLAN_OPERATOR:
        node->schema = node->declared_schema != NULL ? node->declared_schema : input_schema(node);
        return LT_OK;
    case LT_PLAN_UNION:
        return analyse_union(node, error);
    case LT_PLAN_WATERMARK:
        return analyse_watermark(node, error);
    case LT_PLAN_WRITE:
        node->schema = input_schema(node);
        return LT_OK;
    case LT_PLAN_READ:
    case LT_PLAN_AGGREGATE:
    case LT_PLAN_JOIN:
    case LT_PLAN_DEDUPLICATE:
    case LT_PLAN_TRANSFORM:
    case LT_PLAN_SORT:
    case LT_PLAN_LIMIT:
        break;
    }
    if (mode == LT_OPS_CONTINUOUS || !lt_stateful_is_complete(node))
        return refuse(node, mode, error);
    if (node->schema == NULL) /* names of aggregates are given by whoever made the plan */
        node->schema = lt_stateful_schema(node, arena);
    return LT_OK;
}

/* ----------------------------------------------------------------------------------- operators */

static int create_flatmap(const struct lt_plan_node *node, struct lt_operator **out,
                          struct lt_error *error)
{
    const struct lt_flatmap_options options = {.expressions = node->expressions,
                                               .texts = node->expression_texts,
                                               .count = node->expression_count,
                                               .input_schema = input_schema(node),
                                               .output_schema = node->schema,
                                               .session = node->session};
    return lt_flatmap_create(&options, out, error);
}

static int create_watermark(const struct lt_plan_node *node, struct lt_operator **out,
                            struct lt_error *error)
{
    int column = lt_type_field_index(input_schema(node), node->name);
    lt_assert(column >= 0); /* analysed */
    return lt_watermark_create(input_schema(node), (uint32_t)column, out, error);
}

int lt_ops_create(const struct lt_plan_node *node, struct lt_operator **out, struct lt_error *error)
{
    *out = NULL;
    switch (node->kind) {
    case LT_PLAN_FILTER: {
        const struct lt_filter_options options = {.predicate = node->expressions[0],
                                                  .text = node->expression_texts[0],
                                                  .schema = input_schema(node),
                                                  .session = node->session};
        return lt_filter_create(&options, out, error);
    }
    case LT_PLAN_PROJECT: {
        if (lt_flatmap_is_needed(node->expressions, node->expression_count))
            return create_flatmap(node, out, error);
        const struct lt_project_options options = {.expressions = node->expressions,
                                                   .texts = node->expression_texts,
                                                   .count = node->expression_count,
                                                   .input_schema = input_schema(node),
                                                   .output_schema = node->schema,
                                                   .session = node->session};
        return lt_project_create(&options, out, error);
    }
    case LT_PLAN_OPERATOR:
        return node->create(node->create_context, input_schema(node), out, error);
    case LT_PLAN_WATERMARK:
        return create_watermark(node, out, error);
    case LT_PLAN_AGGREGATE:
    case LT_PLAN_JOIN:
    case LT_PLAN_DEDUPLICATE:
    case LT_PLAN_TRANSFORM:
    case LT_PLAN_SORT:
    case LT_PLAN_LIMIT:
        return lt_stateful_create(node, out, error);
    default:
        return LT_OK;
    }
}

int lt_ops_create_partial(const struct lt_plan_node *node, struct lt_operator **out,
                          struct lt_error *error)
{
    return lt_stateful_create_partial(node, out, error);
}

int lt_ops_exchange(const struct lt_plan_node *node, uint32_t side, struct lt_arena *arena,
                    struct lt_ops_exchange *out, struct lt_error *error)
{
    if (!lt_stateful_is_complete(node))
        return refuse(node, LT_OPS_MICRO_BATCH, error);
    lt_stateful_exchange(node, side, arena, out);
    return LT_OK;
}

void lt_ops_columns_used(const struct lt_plan_node *node, uint64_t *used)
{
    if (lt_stateful_is_complete(node)) {
        lt_stateful_columns_used(node, used);
        return;
    }
    if (node->kind == LT_PLAN_WATERMARK)
        lt_bit_set(used, (uint32_t)lt_type_field_index(input_schema(node), node->name));
    for (uint32_t i = 0; i < node->expression_count; i++)
        lt_expr_columns_used(node->expressions[i], used);
}

/* ----------------------------------------------------------------------------------- functions */

size_t lt_ops_function_count(void)
{
    return lt_function_count();
}

struct lt_ops_function lt_ops_function_at(size_t index)
{
    const char *group = "";
    const struct lt_function *function = lt_function_at(index, &group);
    lt_assert(function != NULL);
    return (struct lt_ops_function){.name = function->name,
                                    .aliases = function->aliases == NULL ? "" : function->aliases,
                                    .usage = function->usage,
                                    .help = function->help,
                                    .example = function->example,
                                    .result = function->result,
                                    .group = group,
                                    .deterministic = function->is_deterministic};
}

bool lt_ops_function_find(const char *name, struct lt_ops_function *out)
{
    int32_t index = lt_function_find(name);
    if (index >= 0)
        *out = lt_ops_function_at((size_t)index);
    return index >= 0;
}

const char *lt_ops_function_nearest(const char *name)
{
    return lt_function_nearest(name);
}
