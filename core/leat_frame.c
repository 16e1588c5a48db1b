/*
 * The builder's steps that need state. Most are a query of SQL over the streams they are given,
 * under names that only that query knows; so there is one analysis of what they mean, and one set
 * of errors. The streams are analysed first, as they are built so far.
 *
 * What a stream uses is noted with it, and judged when a query that writes it starts: then its
 * output mode and its trigger are known.
 */
#include <string.h>

#include "core/base/units.h"
#include "core/leat_sql.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/dedup.h"
#include "ops/sql/parse.h"

/* -------------------------------------------------------------------------------- SQL over them */

/* A view of the stream. */
static int make_view(const leat_stream *stream, const char *name, struct lt_sql_table **out,
                     struct lt_error *error)
{
    struct lt_arena *arena = stream->context->arena;
    struct lt_sql_table *view = lt_arena_alloc(arena, sizeof *view);
    view->name = lt_arena_text(arena, name);
    view->text = "a stream that the program has built";
    view->is_called_temporary = true;
    view->uses = stream->uses;
    *out = view;
    return lt_door_analysed(stream, arena, &view->built, error);
}

static int analyse(leat_context *context, const struct lt_sql_catalog *catalog, const char *text,
                   leat_stream **out, struct lt_error *error)
{
    struct lt_door_sql *sql = lt_door_sql_of(context);
    const struct lt_sql_env env = {.catalog = catalog,
                                   .session = context->session,
                                   .host = &sql->host,
                                   .arena = context->arena,
                                   .watermark_count = &sql->watermark_count,
                                   .may_batch = true,
                                   .is_open = true};
    struct lt_sql_query *query;
    struct lt_sql_plan plan;
    int code = lt_sql_parse_query_text(text, context->arena, &query, error);
    if (code == LT_OK)
        code = lt_sql_analyse(&env, query, text, &plan, error);
    if (code != LT_OK)
        return code;
    *out = lt_door_stream(context, plan.node);
    (*out)->uses = plan.uses;
    return LT_OK;
}

/* Is the text a statement that is no query? Then it gives no stream. */
static bool is_command(leat_context *context, const char *text)
{
    struct lt_sql_statement *statement;
    struct lt_error ignored;
    const char *rest;
    return lt_sql_parse(text, context->arena, &statement, &rest, &ignored) == LT_OK &&
           statement != NULL && statement->kind != LT_SQL_SELECT;
}

leat_stream *leat_stream_sql(leat_context *context, const char *query)
{
    struct lt_error error;
    leat_stream *stream;
    if (context == NULL)
        return NULL;
    lt_error_clear(&error);
    if (query == NULL) {
        (void)lt_error_set(&error, LT_E_INVALID, "a stream of SQL needs the text of a query");
    } else if (is_command(context, query)) {
        (void)lt_error_set(&error, LT_E_UNSUPPORTED,
                           "Commands like CreateTable*, AlterTable*, Show* are not supported with "
                           "streaming DataFrames/Datasets; hint: leat_sql runs statements");
        (void)lt_error_condition(&error, "_LEGACY_ERROR_TEMP_3102", "");
    } else if (analyse(context, &lt_door_sql_of(context)->catalog,
                     lt_arena_text(context->arena, query), &stream, &error) == LT_OK) {
        return stream;
    }
    return lt_door_fail(context, &error);
}

int leat_create_view(leat_stream *stream, const char *name)
{
    struct lt_error error;
    struct lt_sql_table *view;
    if (stream == NULL || name == NULL || *name == '\0')
        return LEAT_ERROR_INVALID;
    int code = make_view(stream, name, &view, &error);
    if (code == LT_OK)
        lt_sql_catalog_put(&lt_door_sql_of(stream->context)->catalog, view);
    else
        (void)lt_door_fail(stream->context, &error);
    return code;
}

leat_stream *leat_group_by(leat_stream *stream, const char *keys, const char *columns)
{
    struct lt_sql_catalog catalog = {0};
    struct lt_sql_table *view;
    struct lt_error error;
    leat_stream *grouped;
    if (stream == NULL)
        return NULL;
    leat_context *context = stream->context;
    lt_error_clear(&error);
    if (columns == NULL) {
        (void)lt_error_set(&error, LT_E_INVALID, "a group needs the columns that it gives");
        return lt_door_fail(context, &error);
    }
    bool has_keys = keys != NULL && *keys != '\0';
    const char *text = lt_arena_format(context->arena, "SELECT %s FROM `stream`%s%s", columns,
                                       has_keys ? " GROUP BY " : "", has_keys ? keys : "");
    int code = make_view(stream, "stream", &view, &error);
    if (code == LT_OK) {
        lt_sql_catalog_put(&catalog, view);
        code = analyse(context, &catalog, text, &grouped, &error);
    }
    return code == LT_OK ? grouped : lt_door_fail(context, &error);
}

/* Spark's names of the kinds of joins, as they are written in SQL; NULL: there is no such kind. */
static const char *join_words(const char *kind)
{
    static const char *const kinds[][2] = {
        {"inner", "JOIN"},           {"left", "LEFT JOIN"},        {"left_outer", "LEFT JOIN"},
        {"leftouter", "LEFT JOIN"},  {"right", "RIGHT JOIN"},      {"right_outer", "RIGHT JOIN"},
        {"rightouter", "RIGHT JOIN"}, {"full", "FULL JOIN"},       {"full_outer", "FULL JOIN"},
        {"fullouter", "FULL JOIN"},  {"outer", "FULL JOIN"},       {"left_semi", "LEFT SEMI JOIN"},
        {"leftsemi", "LEFT SEMI JOIN"}, {"semi", "LEFT SEMI JOIN"}, {"left_anti", "LEFT ANTI JOIN"},
        {"leftanti", "LEFT ANTI JOIN"}, {"anti", "LEFT ANTI JOIN"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i][0], kind) == 0)
            return kinds[i][1];
    }
    return NULL;
}

leat_stream *leat_join(leat_stream *left, const char *left_name, leat_stream *right,
                       const char *right_name, const char *kind, const char *condition)
{
    struct lt_sql_catalog catalog = {0};
    struct lt_sql_table *views[2];
    struct lt_error error;
    leat_stream *joined;
    if (left == NULL || right == NULL)
        return NULL;
    leat_context *context = left->context;
    const char *words = kind == NULL ? NULL : join_words(kind);
    lt_error_clear(&error);
    if (left_name == NULL || right_name == NULL || condition == NULL)
        (void)lt_error_set(&error, LT_E_INVALID,
                           "a join needs names for both streams, and a condition");
    else if (words == NULL)
        (void)lt_error_set(&error, LT_E_INVALID,
                           "\"%s\" is no kind of join; hint: inner, left_outer, right_outer, "
                           "full_outer, left_semi or left_anti",
                           kind == NULL ? "" : kind);
    else if (right->context != context)
        (void)lt_error_set(&error, LT_E_INVALID, "the streams belong to different contexts");
    if (error.code != LT_OK)
        return lt_door_fail(context, &error);
    const char *text =
        lt_arena_format(context->arena, "SELECT * FROM %s %s %s ON %s",
                        lt_name_quoted_one(left_name, context->arena), words,
                        lt_name_quoted_one(right_name, context->arena), condition);
    int code = make_view(left, left_name, &views[0], &error);
    if (code == LT_OK)
        code = make_view(right, right_name, &views[1], &error);
    if (code == LT_OK) {
        lt_sql_catalog_put(&catalog, views[0]);
        lt_sql_catalog_put(&catalog, views[1]);
        code = analyse(context, &catalog, text, &joined, &error);
    }
    return code == LT_OK ? joined : lt_door_fail(context, &error);
}

leat_stream *leat_with_watermark(leat_stream *stream, const char *column, const char *delay)
{
    struct lt_sql_catalog catalog = {0};
    struct lt_sql_table *view;
    struct lt_error error;
    leat_stream *marked;
    int64_t delay_ns;
    if (stream == NULL)
        return NULL;
    leat_context *context = stream->context;
    lt_error_clear(&error);
    int code = column == NULL || delay == NULL
                   ? lt_error_set(&error, LT_E_INVALID, "a watermark needs a column and a delay")
                   : lt_units_parse_delay_ns(delay, &delay_ns, &error);
    if (code == LT_OK)
        code = make_view(stream, "stream", &view, &error);
    if (code == LT_OK) {
        lt_sql_catalog_put(&catalog, view);
        const char *text = lt_arena_format(
            context->arena,
            "SELECT * FROM `stream` WATERMARK %s DELAY OF INTERVAL '%lld.%06lld' SECOND",
            lt_name_quoted_one(column, context->arena), (long long)(delay_ns / LT_NS_PER_S),
            (long long)(delay_ns % LT_NS_PER_S / 1000));
        code = analyse(context, &catalog, text, &marked, &error);
    }
    return code == LT_OK ? marked : lt_door_fail(context, &error);
}

leat_stream *leat_cogroup(leat_stream *left, leat_stream *right)
{
    struct lt_error error;
    if (left == NULL || right == NULL)
        return NULL;
    (void)lt_error_set(&error, LT_E_UNSUPPORTED,
                       "CoGrouping with a streaming DataFrame/Dataset is not supported; hint: a "
                       "join of both");
    (void)lt_error_condition(&error, "_LEGACY_ERROR_TEMP_3102", "");
    return lt_door_fail(left->context, &error);
}

leat_stream *leat_watermark_idle(leat_stream *stream, const char *timeout)
{
    struct lt_error error;
    int64_t idle_ns;
    if (stream == NULL)
        return NULL;
    leat_context *context = stream->context;
    lt_error_clear(&error);
    int code = timeout == NULL
                   ? lt_error_set(&error, LT_E_INVALID, "an idle timeout needs a duration")
                   : lt_units_parse_duration_ns(timeout, 0, &idle_ns, &error);
    if (code == LT_OK && stream->node->kind != LT_PLAN_WATERMARK)
        code = lt_error_set(&error, LT_E_INVALID,
                            "an idle timeout belongs to a watermark; hint: leat_watermark_idle "
                            "right behind leat_with_watermark");
    if (code != LT_OK)
        return lt_door_fail(context, &error);
    struct lt_plan_node *mark = lt_plan_node_create(context->arena, LT_PLAN_WATERMARK, 1);
    struct lt_plan_node **inputs = mark->inputs;
    *mark = *stream->node;
    mark->inputs = inputs;
    mark->inputs[0] = stream->node->inputs[0];
    mark->idle_us = idle_ns / 1000;
    return lt_door_over(stream, mark);
}

/* -------------------------------------------------------------------------------- deduplication */

/* What it is judged by is added to what the stream uses. */
static int dedup(const leat_stream *stream, const char *columns, bool within, leat_stream **out,
                 struct lt_error *error)
{
    struct lt_arena *arena = stream->context->arena;
    struct lt_plan_node *input, *node;
    int code = lt_door_analysed(stream, arena, &input, error);
    if (code == LT_OK)
        code = lt_sql_dedup_node(input, columns, within, arena, &node, error);
    if (code != LT_OK)
        return code;
    struct lt_sql_uses *uses = lt_arena_alloc(arena, sizeof *uses);
    uses->whole.text = "";
    if (stream->uses != NULL)
        *uses = *stream->uses;
    lt_sql_use_dedup(uses, node, "", 0, 0);
    *out = lt_door_stream(stream->context, node);
    (*out)->uses = uses;
    return LT_OK;
}

static leat_stream *dedup_or_fail(leat_stream *stream, const char *columns, bool within)
{
    struct lt_error error;
    leat_stream *made;
    if (stream == NULL)
        return NULL;
    lt_error_clear(&error);
    return dedup(stream, columns, within, &made, &error) == LT_OK
               ? made
               : lt_door_fail(stream->context, &error);
}

leat_stream *leat_drop_duplicates(leat_stream *stream, const char *columns)
{
    return dedup_or_fail(stream, columns, false);
}

leat_stream *leat_drop_duplicates_within_watermark(leat_stream *stream, const char *columns)
{
    return dedup_or_fail(stream, columns, true);
}
