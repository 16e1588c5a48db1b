#include "core/run/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/run/dead_letter.h"
#include "core/run/loop.h"
#include "core/run/pipeline_internal.h"
#include "core/run/segment_plan.h"
#include "core/run/union_source.h"
#include "ops/catalog.h"

/* The operators between READ and one WRITE, in the order rows pass them. */
struct path {
    struct lt_plan_node *nodes[LT_LIMIT_OPERATORS];
    uint32_t count;
    struct lt_plan_node *read;
    struct lt_plan_node *write;
};

enum { CONNECTORS_MAX = 64 }; /* of one direction in a catalog */

/* The index of the name; `count` and an error with the nearest one if it is not there. */
static size_t find_connector(const char *kind, const char *name, const char *const *names,
                             size_t count, struct lt_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    const char *near = lt_nearest(name, names, count);
    lt_error_set(error, LT_E_NOT_FOUND, "unknown %s \"%s\"%s%s%s", kind, name,
                 near != NULL ? "; hint: did you mean \"" : "", near != NULL ? near : "",
                 near != NULL ? "\"" : "");
    lt_error_condition(error, "DATA_SOURCE_NOT_FOUND", "42K02");
    return count;
}

const struct lt_source_type *lt_catalog_source(const struct lt_catalog *catalog, const char *name,
                                               struct lt_error *error)
{
    const char *names[CONNECTORS_MAX];
    lt_assert(catalog->source_count <= CONNECTORS_MAX);
    for (size_t i = 0; i < catalog->source_count; i++)
        names[i] = catalog->sources[i]->name;
    size_t at = find_connector("source", name, names, catalog->source_count, error);
    return at < catalog->source_count ? catalog->sources[at] : NULL;
}

const struct lt_sink_type *lt_catalog_sink(const struct lt_catalog *catalog, const char *name,
                                           struct lt_error *error)
{
    const char *names[CONNECTORS_MAX];
    lt_assert(catalog->sink_count <= CONNECTORS_MAX);
    for (size_t i = 0; i < catalog->sink_count; i++)
        names[i] = catalog->sinks[i]->name;
    size_t at = find_connector("sink", name, names, catalog->sink_count, error);
    return at < catalog->sink_count ? catalog->sinks[at] : NULL;
}

/* ---------------------------------------------------------------------------- the plan's shape */

static int refuse_many_steps(struct lt_error *error)
{
    return lt_error_set(error, LT_E_LIMIT, "more than %d operators between a source and a sink",
                        LT_LIMIT_OPERATORS);
}

static int find_path(struct lt_plan_node *write, struct path *path, struct lt_error *error)
{
    struct lt_plan_node *reversed[LT_LIMIT_OPERATORS];
    uint32_t count = 0;
    struct lt_plan_node *node = write;
    *path = (struct path){.write = write};
    while (node->kind != LT_PLAN_READ) {
        if (node->input_count == 0)
            return lt_error_set(
                error, LT_E_ANALYSIS,
                "Queries without streaming sources cannot be executed with writeStream.start()");
        if (node->input_count > 1) {
            lt_error_set(error, LT_E_UNSUPPORTED,
                         "Continuous processing does not support %s operations.",
                         lt_plan_kind_name(node->kind));
            return lt_error_condition(error, "_LEGACY_ERROR_TEMP_3102", NULL);
        }
        node = node->inputs[0];
        if (node->kind == LT_PLAN_READ)
            break;
        if (count == LT_LIMIT_OPERATORS)
            return refuse_many_steps(error);
        reversed[count++] = node;
    }
    path->read = node;
    while (count > 0)
        path->nodes[path->count++] = reversed[--count];
    return 0;
}

static uint32_t common_prefix(const struct path *paths, uint32_t path_count)
{
    uint32_t count = path_count > 0 ? paths[0].count : 0;
    for (uint32_t i = 1; i < path_count; i++) {
        uint32_t same = 0;
        while (same < count && same < paths[i].count &&
               paths[i].nodes[same] == paths[0].nodes[same])
            same++;
        count = same;
    }
    return count;
}

static struct lt_plan_node **copy_nodes(struct lt_arena *arena, struct lt_plan_node *const *nodes,
                                        uint32_t count)
{
    struct lt_plan_node **copy = lt_arena_alloc(arena, count * sizeof(struct lt_plan_node *));
    memcpy(copy, nodes, count * sizeof(struct lt_plan_node *));
    return copy;
}

/* ------------------------------------------------------------------------------------ binding */

int lt_pipeline_bind_source(struct lt_plan_node *read, const struct lt_catalog *catalog,
                            struct lt_arena *arena, struct lt_source **out, struct lt_error *error)
{
    const struct lt_source_type *type = read->source_type != NULL
                                            ? read->source_type
                                            : lt_catalog_source(catalog, read->format, error);
    if (type == NULL)
        return error->code;
    int code = type->bind(type, read->options, read->user_schema, arena, out, error);
    if (code != 0)
        return code;
    read->schema = (*out)->schema;
    return 0;
}

static const struct lt_sink_type *sink_type_of(const struct lt_plan_node *write,
                                               const struct lt_catalog *catalog,
                                               struct lt_error *error)
{
    return write->sink_type != NULL ? write->sink_type
                                    : lt_catalog_sink(catalog, write->format, error);
}

int lt_pipeline_bind_sink(struct lt_plan_node *write, const struct lt_type *schema,
                          const struct lt_catalog *catalog, struct lt_arena *arena,
                          struct lt_sink **out, struct lt_error *error)
{
    const struct lt_sink_type *type = sink_type_of(write, catalog, error);
    if (type == NULL)
        return error->code;
    write->schema = schema;
    return type->bind(type, write->options, schema, arena, out, error);
}

/* Analysis may find that a node needs steps before it. */
static int analyse_path(struct path *path, struct lt_arena *arena, struct lt_error *error)
{
    for (uint32_t i = 0; i < path->count; i++) {
        struct lt_plan_node *node = path->nodes[i];
        int code = node->schema != NULL ? 0 : lt_ops_analyse(node, LT_OPS_CONTINUOUS, arena, error);
        if (code != 0)
            return code;
        if (!lt_plan_insert_steps(path->nodes, &path->count, LT_LIMIT_OPERATORS, &i,
                                  i == 0 ? path->read : path->nodes[i - 1]))
            return refuse_many_steps(error);
    }
    return 0;
}

static const struct lt_type *last_schema(const struct path *path)
{
    return path->count > 0 ? path->nodes[path->count - 1]->schema : path->read->schema;
}

/* What is hidden is not shown to sinks. Behind the other columns nobody looks. */
int lt_pipeline_hide(struct lt_plan_node *node, const struct lt_type *schema,
                     struct lt_arena *arena, struct lt_plan_node **out, struct lt_error *error)
{
    uint32_t visible_count = lt_type_visible_count(schema), first = 0;
    *out = NULL;
    while (first < schema->field_count && !lt_type_is_hidden(schema, first))
        first++;
    if (first == visible_count)
        return 0;
    struct lt_plan_node *project = lt_plan_node_create(arena, LT_PLAN_PROJECT, 1);
    project->inputs[0] = node;
    project->session = node->session;
    project->expression_texts = lt_arena_alloc(arena, sizeof project->expression_texts[0]);
    project->expression_texts[0] = "*";
    project->expression_count = 1;
    *out = project;
    return lt_ops_analyse(project, LT_OPS_CONTINUOUS, arena, error);
}

static int hide(struct path *path, struct lt_arena *arena, struct lt_error *error)
{
    struct lt_plan_node *project;
    if (path->count == 0) /* a source's own columns stand in front */
        return 0;
    int code = lt_pipeline_hide(path->nodes[path->count - 1], last_schema(path), arena, &project,
                                error);
    if (code != 0 || project == NULL)
        return code;
    if (path->count == LT_LIMIT_OPERATORS)
        return refuse_many_steps(error);
    path->nodes[path->count++] = project;
    return 0;
}

/* ----------------------------------------------------------------------------- columns in use */

static uint32_t word_count(const struct lt_type *schema)
{
    return (schema->field_count + 63) / 64;
}

void lt_pipeline_all_columns(const struct lt_type *schema, uint64_t *used)
{
    for (uint32_t i = 0; i < schema->field_count; i++)
        lt_bit_set(used, i);
}

uint64_t *lt_pipeline_no_columns(const struct lt_type *schema, struct lt_arena *arena)
{
    return lt_arena_alloc(arena, word_count(schema) * sizeof(uint64_t));
}

/* Nodes that let rows pass as they are need what comes after them, and their own. */
static void use_node(const struct lt_plan_node *node, const struct lt_type *input,
                     uint64_t *needed)
{
    if (node->kind == LT_PLAN_FILTER || node->kind == LT_PLAN_PROJECT)
        lt_ops_columns_used(node, needed);
    else if (node->kind == LT_PLAN_WATERMARK)
        lt_bit_set(needed, (uint32_t)lt_type_field_index(input, node->name));
    else
        lt_pipeline_all_columns(input, needed);
}

uint64_t *lt_pipeline_use_nodes(struct lt_plan_node **nodes, uint32_t count, uint64_t *needed,
                                struct lt_arena *arena)
{
    for (uint32_t i = count; i > 0; i--) {
        lt_ops_prune(&nodes[i - 1], needed, arena);
        const struct lt_plan_node *node = nodes[i - 1];
        const struct lt_type *input = node->inputs[0]->schema;
        if (node->kind != LT_PLAN_FILTER && node->kind != LT_PLAN_WATERMARK)
            needed = lt_pipeline_no_columns(input, arena);
        use_node(node, input, needed);
    }
    return needed;
}

static const struct lt_type *schema_after(struct lt_plan_node *const *nodes, uint32_t count,
                                          const struct lt_type *before)
{
    return count > 0 ? nodes[count - 1]->schema : before;
}

/* Which columns of a part of the source the sinks need: from each back to the trunk, then all
 * together. */
static void use_columns(struct lt_pipeline *pipeline, struct lt_source *source, uint32_t part,
                        struct lt_arena *arena)
{
    const struct lt_type *shared =
        schema_after(pipeline->trunk, pipeline->trunk_count, source->schema);
    uint64_t *all = lt_pipeline_no_columns(shared, arena);
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        const struct lt_pipeline_branch *branch = &pipeline->branches[i];
        if (branch->part != part)
            continue;
        const struct lt_type *schema = schema_after(branch->nodes, branch->node_count, shared);
        const struct lt_type *visible = lt_type_visible(arena, schema); /* what the sink is given */
        uint64_t *needed = lt_pipeline_no_columns(schema, arena);
        if (branch->sink->used_columns != NULL)
            memcpy(needed, branch->sink->used_columns, word_count(visible) * sizeof *needed);
        else
            lt_pipeline_all_columns(visible, needed);
        needed = lt_pipeline_use_nodes(branch->nodes, branch->node_count, needed, arena);
        for (uint32_t w = 0; w < word_count(shared); w++)
            all[w] |= needed[w];
    }
    all = lt_pipeline_use_nodes(pipeline->trunk, pipeline->trunk_count, all, arena);
    if (pipeline->dead_letters != NULL)
        lt_dead_letter_use_columns(source, all);
    source->used_columns = all;
}

/* ---------------------------------------------------------------------------------- improving */

static void optimise(struct lt_pipeline *pipeline, const struct path *paths, struct lt_arena *arena)
{
    pipeline->trunk_count =
        lt_ops_optimise(pipeline->trunk, pipeline->trunk_count, paths[0].read, arena);
    for (uint32_t i = 0; i < pipeline->branch_count; i++) {
        struct lt_pipeline_branch *branch = &pipeline->branches[i];
        struct lt_plan_node *last =
            pipeline->trunk_count > 0 ? pipeline->trunk[pipeline->trunk_count - 1] : paths[i].read;
        branch->node_count = lt_ops_optimise(branch->nodes, branch->node_count, last, arena);
    }
}

/* ------------------------------------------------------------------------------------- public */

static int check_shape(const struct lt_plan *plan, const struct path *paths, struct lt_error *error)
{
    uint32_t operators = 0;
    for (uint32_t i = 0; i < plan->sink_count; i++)
        operators += paths[i].count;
    if (operators > LT_LIMIT_OPERATORS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d operators in one query",
                            LT_LIMIT_OPERATORS);
    return 0;
}

static int find_paths(const struct lt_plan *plan, struct path *paths, struct lt_error *error)
{
    if (plan->sink_count == 0)
        return lt_error_set(error, LT_E_ANALYSIS, "the query has no sink");
    if (plan->sink_count >= LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT, "more than %d sinks in one query",
                            LT_LIMIT_SINKS - 1);
    for (uint32_t i = 0; i < plan->sink_count; i++) {
        int code = find_path(plan->sinks[i], &paths[i], error);
        if (code != 0)
            return code;
    }
    return check_shape(plan, paths, error);
}

/* Each source of the plan once, in the order of the sinks that it leads to. */
static int bind_sources(const struct path *paths, const struct lt_catalog *catalog,
                        struct lt_arena *arena, struct lt_pipeline *out, struct lt_error *error)
{
    struct lt_plan_node *reads[LT_LIMIT_SINKS];
    struct lt_source *parts[LT_LIMIT_SINKS];
    uint32_t count = 0;
    int code = 0;
    for (uint32_t i = 0; i < out->branch_count && code == 0; i++) {
        uint32_t part = 0;
        while (part < count && reads[part] != paths[i].read)
            part++;
        out->branches[i].part = part;
        if (part < count)
            continue;
        reads[count] = paths[i].read;
        code = lt_pipeline_bind_source(paths[i].read, catalog, arena, &parts[count], error);
        count += code == 0;
    }
    for (uint32_t i = count; i > 0 && code != 0; i--)
        parts[i - 1]->ops->close(parts[i - 1]);
    if (code == 0)
        out->source = count == 1 ? parts[0] : lt_union_source_create(parts, count, arena);
    return code;
}

/* No source of the query reads what `write` writes. */
static int check_loops(const struct path *paths, uint32_t count, const struct lt_plan_node *write,
                       struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = lt_loop_check(paths[i].read, write, error);
    return code;
}

static int bind_branches(struct path *paths, const struct lt_catalog *catalog,
                         struct lt_arena *arena, struct lt_pipeline *out, struct lt_error *error)
{
    for (uint32_t i = 0; i < out->branch_count; i++) {
        int code = analyse_path(&paths[i], arena, error);
        if (code == 0)
            code = hide(&paths[i], arena, error);
        if (code != 0)
            return code;
    }
    out->trunk_count = common_prefix(paths, out->branch_count);
    for (uint32_t i = 0; i < out->branch_count; i++) {
        struct lt_pipeline_branch *branch = &out->branches[i];
        const struct lt_type *schema = lt_type_visible(arena, last_schema(&paths[i]));
        int code = check_loops(paths, out->branch_count, paths[i].write, error);
        if (code == 0)
            code = lt_pipeline_bind_sink(paths[i].write, schema, catalog, arena, &branch->sink,
                                         error);
        if (code != 0)
            return code;
        branch->node_count = paths[i].count - out->trunk_count;
        branch->nodes = copy_nodes(arena, paths[i].nodes + out->trunk_count, branch->node_count);
    }
    out->trunk = copy_nodes(arena, paths[0].nodes, out->trunk_count);
    optimise(out, paths, arena);
    return 0;
}

/* `paths`: those that may read what is written; a plan with state has none here. */
static int bind_dead_letters(const struct lt_plan *plan, const struct path *paths, uint32_t count,
                             const struct lt_catalog *catalog, struct lt_arena *arena,
                             struct lt_pipeline *out, struct lt_error *error)
{
    struct lt_plan_node *write = plan->dead_letters;
    if (write == NULL)
        return 0;
    const struct lt_sink_type *type = sink_type_of(write, catalog, error);
    int code = type == NULL ? error->code : check_loops(paths, count, write, error);
    if (code == 0)
        code = lt_dead_letter_complete(type, write->options, error);
    if (code == 0)
        code = lt_pipeline_bind_sink(write, lt_dead_letter_schema(type, arena), catalog, arena,
                                     &out->dead_letters, error);
    return code == 0 ? 0 : lt_error_append(error, "dead-letter sink");
}

static int bind_stateful(const struct lt_plan *plan, const struct lt_catalog *catalog,
                         struct lt_arena *arena, struct lt_pipeline *out, struct lt_error *error)
{
    int code = lt_pipeline_bind_segments(plan, catalog, arena, out, error);
    if (code == 0)
        code = bind_dead_letters(plan, NULL, 0, catalog, arena, out, error);
    if (code != 0)
        lt_pipeline_close(out);
    return code;
}

int lt_pipeline_bind(const struct lt_plan *plan, const struct lt_catalog *catalog,
                     struct lt_arena *arena, struct lt_pipeline *out, struct lt_error *error)
{
    *out = (struct lt_pipeline){0};
    if (lt_plan_has_state(plan))
        return bind_stateful(plan, catalog, arena, out, error);
    struct path *paths = lt_arena_alloc(arena, (plan->sink_count + 1) * sizeof *paths);
    int code = find_paths(plan, paths, error);
    if (code != 0)
        return code;
    out->branches = lt_arena_alloc(arena, plan->sink_count * sizeof *out->branches);
    out->branch_count = plan->sink_count;
    code = bind_sources(paths, catalog, arena, out, error);
    if (code == 0)
        code = bind_branches(paths, catalog, arena, out, error);
    if (code == 0)
        code = bind_dead_letters(plan, paths, out->branch_count, catalog, arena, out, error);
    uint32_t part_count = 0;
    struct lt_source *const *parts = code != 0 ? NULL : lt_source_parts(&out->source, &part_count);
    for (uint32_t i = 0; i < part_count; i++)
        use_columns(out, parts[i], i, arena);
    if (code != 0)
        lt_pipeline_close(out);
    return code;
}

int lt_pipeline_analyse(struct lt_plan_node *node, const struct lt_catalog *catalog,
                        struct lt_arena *arena, const struct lt_type **out, struct lt_error *error)
{
    struct path *path = lt_arena_alloc(arena, sizeof *path);
    struct lt_plan_node *end = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_source *source;
    end->inputs[0] = node;
    int code = find_path(end, path, error);
    if (code == 0)
        code = lt_pipeline_bind_source(path->read, catalog, arena, &source, error);
    if (code != 0)
        return code;
    code = analyse_path(path, arena, error);
    if (code == 0)
        *out = last_schema(path);
    source->ops->close(source);
    return code;
}

void lt_pipeline_set_part_env(uint32_t part, struct lt_connector_env *env,
                              char prefix[LT_COUNTER_PREFIX_SIZE])
{
    snprintf(prefix, LT_COUNTER_PREFIX_SIZE, "source.part%" PRIu32 ".", part);
    env->counter_prefix = part == 0 ? "source." : prefix;
    env->index = part;
}

void lt_pipeline_set_sink_env(uint32_t sink, struct lt_connector_env *env,
                              char prefix[LT_COUNTER_PREFIX_SIZE])
{
    snprintf(prefix, LT_COUNTER_PREFIX_SIZE, "sink%" PRIu32 ".", sink);
    env->counter_prefix = prefix;
    env->index = sink;
}

void lt_pipeline_close(struct lt_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->branch_count; i++)
        if (pipeline->branches[i].sink != NULL)
            pipeline->branches[i].sink->ops->close(pipeline->branches[i].sink);
    if (pipeline->dead_letters != NULL)
        pipeline->dead_letters->ops->close(pipeline->dead_letters);
    if (pipeline->source != NULL)
        pipeline->source->ops->close(pipeline->source);
    *pipeline = (struct lt_pipeline){0};
}

int lt_pipeline_make_operators(struct lt_plan_node *const *nodes, uint32_t count,
                               struct lt_operator **out, struct lt_error *error)
{
    for (uint32_t i = 0; i < count; i++) {
        int code = lt_ops_create(nodes[i], &out[i], error);
        if (code == 0 && out[i] != NULL)
            continue;
        if (code == 0)
            code = lt_error_set(error, LT_E_UNSUPPORTED,
                                "Continuous processing does not support %s operations.",
                                lt_plan_kind_name(nodes[i]->kind));
        while (i > 0) {
            i--;
            out[i]->ops->close(out[i]);
        }
        return code;
    }
    return 0;
}

bool lt_pipeline_shows_at_once(const struct lt_pipeline *pipeline)
{
    for (uint32_t i = 0; i < lt_pipeline_sink_count(pipeline); i++) {
        const struct lt_sink *sink = lt_pipeline_sink(pipeline, i);
        if (sink->shows_at_commit || sink->ops->recover != NULL || sink->ops->resume != NULL ||
            sink->ops->commit != NULL)
            return false;
    }
    return true;
}
