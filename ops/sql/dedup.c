#include "ops/sql/dedup.h"

#include <string.h>

#include "core/flow/plan_tree.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/event_time.h"

static int refuse_name(const struct lt_type *schema, const char *name, struct lt_arena *arena,
                       struct lt_error *error)
{
    (void)lt_error_set(error, LT_E_ANALYSIS, "Cannot resolve column name \"%s\" among (%s).", name,
                       lt_plan_columns(schema, arena));
    return lt_error_condition(error, "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "42703");
}

/* The name at *at, which is moved behind its comma. */
static const char *take_name(const char **at, struct lt_arena *arena)
{
    size_t size = strcspn(*at, ","), used = size;
    while (used > 0 && (*at)[used - 1] == ' ')
        used--;
    const char *name = lt_arena_text_n(arena, *at, used);
    *at += size;
    *at += strspn(*at, ", ");
    return name;
}

int lt_sql_find_keys(const struct lt_type *schema, const char *columns, struct lt_arena *arena,
                     struct lt_plan_side *side, struct lt_error *error)
{
    uint32_t *keys = lt_arena_alloc(arena, (schema->field_count + 1) * sizeof *keys);
    bool *is_key = lt_arena_alloc(arena, (schema->field_count + 1) * sizeof *is_key);
    bool is_all = columns == NULL || strcmp(columns, "*") == 0;
    const char *at = is_all ? "" : columns + strspn(columns, " ");
    side->keys = keys;
    for (uint32_t i = 0; i < schema->field_count && is_all; i++)
        keys[side->key_count++] = i;
    while (*at != '\0') {
        const char *name = take_name(&at, arena);
        int index = lt_type_field_index(schema, name);
        if (index < 0)
            return refuse_name(schema, name, arena, error);
        if (!is_key[index])
            keys[side->key_count++] = (uint32_t)index;
        is_key[index] = true;
    }
    return side->key_count > 0 ? LT_OK : refuse_name(schema, "", arena, error);
}

const char *lt_sql_map_refusal(const struct lt_field *field, struct lt_arena *arena)
{
    return lt_arena_format(
        arena,
        "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set "
        "operations (INTERSECT, EXCEPT, etc.), but the type of column %s is \"%s\".",
        lt_name_quoted_one(field->name, arena), lt_type_sql(arena, field->type));
}

static int refuse_maps(const struct lt_type *schema, const struct lt_plan_side *side,
                       struct lt_arena *arena, struct lt_error *error)
{
    for (uint32_t i = 0; i < side->key_count; i++) {
        const struct lt_field *field = &schema->fields[side->keys[i]];
        if (!lt_type_has_kind(field->type, LT_TYPE_MAP))
            continue;
        (void)lt_error_set(error, LT_E_UNSUPPORTED, "%s", lt_sql_map_refusal(field, arena));
        return lt_error_condition(error, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "0A000");
    }
    return LT_OK;
}

int lt_sql_dedup_node(struct lt_plan_node *input, const char *columns, bool within_watermark,
                      struct lt_arena *arena, struct lt_plan_node **out, struct lt_error *error)
{
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_DEDUPLICATE, 1);
    struct lt_plan_stateful *stateful = lt_arena_alloc(arena, sizeof *stateful);
    int code = lt_sql_find_keys(input->schema, columns, arena, &stateful->left, error);
    if (code == LT_OK && !within_watermark)
        code = refuse_maps(input->schema, &stateful->left, arena, error);
    if (code == LT_OK)
        code = lt_sql_find_event_time(input, arena, &stateful->left.event_time,
                                      &stateful->delay_us, error);
    if (code != LT_OK)
        return code;
    stateful->session_gap = -1;
    stateful->within_watermark = within_watermark;
    node->inputs[0] = input;
    node->stateful = stateful;
    node->schema = input->schema;
    *out = node;
    return LT_OK;
}

void lt_sql_use_dedup(struct lt_sql_uses *uses, const struct lt_plan_node *node, const char *text,
                      uint32_t begin, uint32_t end)
{
    bool is_within = node->stateful->within_watermark;
    struct lt_sql_use *use = lt_sql_use(
        uses, is_within ? "DeduplicateWithinWatermark" : "Deduplicate", text, begin, end);
    const struct lt_plan_side *side = &node->stateful->left;
    use->is_made = true;
    use->has_event_time = side->event_time.column >= 0;
    for (uint32_t i = 0; i < side->key_count; i++)
        use->has_time_key |= side->event_time.column == (int32_t)side->keys[i];
}
