/*
 * One program, one predicate; the counters tell what came in and what was left out.
 *
 * Of records that are no rows yet the predicate tells by parts of it alone: a text that has to
 * occur in a line, or in a JSON document that escapes nothing; comparisons of fields of such a
 * document. What they leave out is counted as if it had come as a row.
 */
#include "ops/filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/text/search.h"
#include "ops/expr/json_filter.h"
#include "ops/expr/program.h"
#include "ops/expr/shortcut.h"
#include "ops/expr/text_filter.h"
#include "ops/read_meter.h"

struct preview {
    struct lt_preview base;
    struct filter *filter;
    struct lt_json_filter *json; /* of JSON, for so many columns: */
    uint32_t column_count;
    struct lt_needle needle;
};

enum { FORMS = LT_RECORD_JSON + 1 };

struct filter {
    struct lt_operator base;
    struct lt_expression *predicate; /* NULL: nothing is told by its parts */
    struct preview previews[FORMS];
    struct lt_program *program;
    const struct lt_shortcut *shortcut; /* the program's, or NULL */
    struct lt_read_meter meter;
    struct lt_shared_u64 *in, *filtered; /* NULL before open */
};

static int filter_open(struct lt_operator *op, const struct lt_operator_env *env,
                       struct lt_error *error)
{
    struct filter *filter = (struct filter *)op;
    char name[128];
    (void)error;
    (void)snprintf(name, sizeof name, "%sin", env->counter_prefix);
    filter->in =
        lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records", "records looked at");
    (void)snprintf(name, sizeof name, "%sfiltered", env->counter_prefix);
    filter->filtered = lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records",
                                       "records whose condition was false or NULL");
    filter->base.left_out = filter->filtered;
    lt_program_set_clock(filter->program, env->clock);
    lt_read_meter_init(&filter->meter, filter->program, env);
    return LT_OK;
}

static void fail(struct filter *filter, struct lt_row *row, struct lt_out *out)
{
    out->fail(out, row, lt_program_take_fault(filter->program, "filter"));
}

static inline enum lt_process leave_out(struct filter *filter, struct lt_row *row)
{
    lt_counter_add(filter->filtered, 1);
    lt_row_release(row);
    return LT_PROCESS_DONE;
}

static enum lt_process filter_process(struct lt_operator *op, struct lt_row *row,
                                      struct lt_out *out)
{
    struct filter *filter = (struct filter *)op;
    enum lt_program_answer answer = lt_program_eval_predicate(filter->program, row);
    lt_counter_add(filter->in, 1);
    if (lt_likely(answer == LT_PROGRAM_TRUE))
        return LT_PROCESS_PASS;
    if (lt_unlikely(answer == LT_PROGRAM_FAULT)) {
        fail(filter, row, out);
        return LT_PROCESS_DONE;
    }
    return leave_out(filter, row);
}

/* The same where the program has a shortcut: nothing is called but what takes the row home. */
static enum lt_process filter_process_shortcut(struct lt_operator *op, struct lt_row *row,
                                               struct lt_out *out)
{
    struct filter *filter = (struct filter *)op;
    (void)out;
    lt_counter_add(filter->in, 1);
    if (lt_shortcut_answer(filter->shortcut, row) == LT_PROGRAM_TRUE)
        return LT_PROCESS_PASS;
    return leave_out(filter, row);
}

/* --------------------------------------------------------------------------------- the preview */

static struct preview *preview_of(struct lt_preview *base)
{
    return (struct preview *)(void *)base; /* the base is its first member */
}

/* A needle that begins in what is no whole one may go on behind the end. */
static const uint8_t *place_of(const uint8_t *found, const struct lt_needle *needle,
                               const uint8_t *from, const uint8_t *end)
{
    if (found != NULL)
        return found;
    return (size_t)(end - from) < needle->size_bytes ? from : end - (needle->size_bytes - 1);
}

static const uint8_t *find_needle(struct lt_preview *base, const uint8_t *from, const uint8_t *end)
{
    const struct lt_needle *needle = &preview_of(base)->needle;
    return place_of(lt_search(from, (size_t)(end - from), needle), needle, from, end);
}

/* The needle may be there as escapes, too. */
static const uint8_t *find_in_json(struct lt_preview *base, const uint8_t *from,
                                   const uint8_t *end)
{
    const struct lt_needle *needle = &preview_of(base)->needle;
    return place_of(lt_search_or(from, (size_t)(end - from), needle, '\\'), needle, from, end);
}

static bool rejects_json(struct lt_preview *base, const struct lt_bytes *record)
{
    return lt_json_filter_rejects_text(preview_of(base)->json, record);
}

static void count_left_out(struct lt_preview *base, uint64_t records)
{
    const struct filter *filter = preview_of(base)->filter;
    lt_counter_add(filter->in, records);
    lt_counter_add(filter->filtered, records);
}

/* Documents are looked through for a part of the needle, if it is a long one. */
static void search_documents(struct preview *preview, const struct lt_json_filter *json)
{
    struct lt_bytes needle;
    if (!lt_json_filter_needle(json, &needle))
        return;
    bool is_long = needle.size_bytes > LT_NEEDLE_BYTES_MAX;
    preview->needle =
        lt_needle_choose(needle.data, is_long ? LT_NEEDLE_BYTES_MAX : needle.size_bytes);
    preview->base.find = find_in_json;
}

/* Of the texts themselves, or of the documents that they are. */
static void preview_texts(struct preview *preview)
{
    struct lt_bytes needle;
    if (lt_text_filter_find(preview->filter->predicate, 0, &needle)) {
        preview->needle = lt_needle_choose(needle.data, needle.size_bytes);
        preview->base.find = find_needle;
        return;
    }
    const struct lt_json_filter *json = lt_program_json_filter(preview->filter->program);
    if (json != NULL && lt_json_filter_column(json) == 0)
        search_documents(preview, json);
}

static void preview_objects(struct preview *preview)
{
    const struct filter *filter = preview->filter;
    preview->json = lt_json_filter_create_of_columns(filter->predicate, filter->base.input_schema,
                                                     preview->column_count);
    if (preview->json == NULL)
        return;
    preview->base.leaves_out = rejects_json;
    search_documents(preview, preview->json);
}

static struct lt_preview *filter_preview(struct lt_operator *op, enum lt_record_form form,
                                         uint32_t column_count)
{
    struct filter *filter = (struct filter *)op;
    struct preview *preview = &filter->previews[form];
    if (filter->predicate == NULL)
        return NULL;
    if (preview->filter == NULL || preview->column_count != column_count) { /* many streams ask */
        lt_json_filter_destroy(preview->json);
        *preview = (struct preview){
            .base.count = count_left_out, .filter = filter, .column_count = column_count};
        if (form == LT_RECORD_TEXT)
            preview_texts(preview);
        else
            preview_objects(preview);
    }
    bool is_any = preview->base.find != NULL || preview->base.leaves_out != NULL;
    return is_any ? &preview->base : NULL;
}

static void filter_close(struct lt_operator *op)
{
    struct filter *filter = (struct filter *)op;
    for (size_t form = 0; form < FORMS; form++)
        lt_json_filter_destroy(filter->previews[form].json);
    lt_program_destroy(filter->program);
    free(filter);
}

static void filter_on_batch_end(struct lt_operator *op, struct lt_out *out)
{
    const struct filter *filter = (const struct filter *)op;
    (void)out;
    lt_read_meter_update(&filter->meter);
}

static void filter_add_cost(const struct lt_operator *op, struct lt_operator_cost *cost)
{
    const struct filter *filter = (const struct filter *)op;
    lt_program_add_cost(filter->program, cost);
}

static const struct lt_operator_ops filter_ops = {.name = "filter",
                                                  .open = filter_open,
                                                  .process = filter_process,
                                                  .add_cost = filter_add_cost,
                                                  .preview = filter_preview,
                                                  .close = filter_close};
static const struct lt_operator_ops shortcut_ops = {.name = "filter",
                                                    .open = filter_open,
                                                    .process = filter_process_shortcut,
                                                    .add_cost = filter_add_cost,
                                                    .preview = filter_preview,
                                                    .close = filter_close};
/* What reads no documents has nothing to do at the end of a batch. */
static const struct lt_operator_ops reading_ops = {.name = "filter",
                                                   .open = filter_open,
                                                   .process = filter_process,
                                                   .on_batch_end = filter_on_batch_end,
                                                   .add_cost = filter_add_cost,
                                                   .preview = filter_preview,
                                                   .close = filter_close};

int lt_filter_create(const struct lt_filter_options *options, struct lt_operator **out,
                     struct lt_error *error)
{
    const struct lt_program_options program_options = {.expressions = &options->predicate,
                                                       .texts = &options->text,
                                                       .count = 1,
                                                       .schema = options->schema,
                                                       .session = options->session,
                                                       .is_filter = true};
    struct lt_program *program;
    int code = lt_program_create(&program_options, &program, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot make the filter");
    struct filter *filter = lt_alloc(sizeof *filter);
    filter->base = (struct lt_operator){
        .ops = &filter_ops, .input_schema = options->schema, .output_schema = options->schema};
    filter->program = program;
    filter->predicate =
        lt_session_or_default(options->session)->is_unoptimised ? NULL : options->predicate;
    filter->shortcut = lt_program_shortcut(program);
    if (lt_read_meter_is_needed(program))
        filter->base.ops = &reading_ops;
    else if (filter->shortcut != NULL)
        filter->base.ops = &shortcut_ops;
    *out = &filter->base;
    return LT_OK;
}
