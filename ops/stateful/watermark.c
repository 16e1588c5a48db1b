/*
 * No state, no allocation: four numbers for each lane. A NULL counts as 0, as Spark has it: it does
 * not move the watermark, but is the least event time of the batch.
 */
#include "ops/stateful/watermark.h"

#include <stdlib.h>

#include "ops/stateful/base.h"

struct watermark {
    struct lt_stateful stateful;
    struct lt_plan_event_time event_time;
    struct lt_event_times times; /* of the batch */
};

static void watermark_begin(struct lt_operator *op, const struct lt_batch *batch)
{
    struct watermark *watermark = (struct watermark *)op;
    lt_stateful_begin(op, batch);
    watermark->times = (struct lt_event_times){0};
}

/* Whole milliseconds, rounded down. */
static int64_t to_ms(int64_t us)
{
    return us / 1000 - (us % 1000 < 0);
}

static enum lt_process watermark_process(struct lt_operator *op, struct lt_row *row,
                                         struct lt_out *out)
{
    struct watermark *watermark = (struct watermark *)op;
    struct lt_event_times *times = &watermark->times;
    int64_t us = 0;
    (void)out;
    int64_t ms = lt_event_time_of(&watermark->event_time, row, &us) ? to_ms(us) : 0;
    times->min_ms = times->count == 0 || ms < times->min_ms ? ms : times->min_ms;
    times->max_ms = times->count == 0 || ms > times->max_ms ? ms : times->max_ms;
    times->sum_ms += (double)ms;
    times->count++;
    lt_counter_add(watermark->stateful.in, 1);
    return LT_PROCESS_PASS;
}

static void watermark_event_times(const struct lt_operator *op, struct lt_event_times *out)
{
    *out = ((const struct watermark *)op)->times;
}

static int watermark_open(struct lt_operator *op, const struct lt_operator_env *env,
                          struct lt_error *error)
{
    struct watermark *watermark = (struct watermark *)op;
    (void)error;
    watermark->stateful.in = lt_stateful_counter(env, "in", "rows whose event time was looked at");
    return LT_OK;
}

static void watermark_close(struct lt_operator *op)
{
    struct watermark *watermark = (struct watermark *)op;
    lt_stateful_fini(&watermark->stateful);
    free(watermark);
}

static const struct lt_operator_ops watermark_ops = {.name = "watermark",
                                                     .open = watermark_open,
                                                     .begin = watermark_begin,
                                                     .process = watermark_process,
                                                     .event_times = watermark_event_times,
                                                     .close = watermark_close};

static bool is_window(const struct lt_type *type)
{
    return type->kind == LT_TYPE_STRUCT && type->field_count == 2;
}

bool lt_watermark_takes(const struct lt_type *type)
{
    const struct lt_type *time = is_window(type) ? type->fields[1].type : type;
    return time->kind == LT_TYPE_TIMESTAMP || time->kind == LT_TYPE_TIMESTAMP_NTZ;
}

int lt_watermark_create(const struct lt_type *schema, uint32_t column, struct lt_operator **out,
                        struct lt_error *error)
{
    const struct lt_field *field = &schema->fields[column];
    if (!lt_watermark_takes(field->type)) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "cannot declare a watermark: column \"%s\" is no timestamp",
                           field->name);
        return lt_error_condition(error, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09");
    }
    struct watermark *watermark = lt_alloc(sizeof *watermark);
    lt_stateful_init(&watermark->stateful, &watermark_ops, NULL, schema, schema);
    watermark->event_time = (struct lt_plan_event_time){.column = (int32_t)column,
                                                        .is_window = is_window(field->type)};
    *out = &watermark->stateful.base;
    return LT_OK;
}
