#include "core/leat_out.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"

/* Memory for values at hand in each row; what is larger comes from blocks that the pool keeps. */
enum { SCRATCH_BYTES = 256 };

/* A word of nulls in which the first `column_count` are set. */
static uint64_t null_bits(uint32_t column_count)
{
    return column_count >= 64 ? UINT64_MAX : ((uint64_t)1 << column_count) - 1;
}

void lt_door_set_all_null(struct lt_row *row)
{
    uint64_t *nulls = lt_row_nulls(row);
    for (uint32_t column = 0; column < row->column_count; column += 64)
        nulls[column / 64] = null_bits(row->column_count - column);
}

int lt_door_out_init(leat_out *out, const struct lt_door_pool_options *options, const char *stage,
                     struct lt_error *error)
{
    bool has_bytes = false;
    for (uint32_t i = 0; i < options->schema->field_count; i++) {
        const struct lt_type *type = options->schema->fields[i].type;
        has_bytes |= lt_type_is_bytes(type) || lt_type_is_nested(type);
    }
    *out = (leat_out){.stage = stage,
                      .all_null = null_bits(options->schema->field_count),
                      .limit = UINT32_MAX,
                      .source_offset = -1};
    return lt_row_pool_create(
        &(struct lt_row_pool_options){
            .column_count = options->schema->field_count,
            .capacity = options->capacity,
            .scratch_size_bytes = has_bytes ? SCRATCH_BYTES : 0,
            .is_shared = options->is_shared,
        },
        &out->pool, error);
}

void lt_door_out_fini(leat_out *out)
{
    lt_row_pool_destroy(out->pool);
    out->pool = NULL;
}

/* Nobody knows such rows any more, so their pool, and the input that they hold, could never end. */
void lt_door_out_check_closed(const leat_out *out)
{
    uint32_t open_count = out->claimed_count - out->committed_count;
    if (lt_likely(open_count == 0))
        return;
    lt_log_error(
        "\"%s\": a function of it returned with %u claimed rows that it neither committed nor "
        "aborted; hint: leat_commit or leat_abort each row that leat_claim gave",
        out->stage, open_count);
    lt_assert(open_count == 0);
}

void lt_door_out_end(leat_out *out, uint8_t flags)
{
    lt_door_out_check_closed(out);
    struct lt_row *held = out->held;
    out->held = NULL;
    out->input = NULL;
    if (held == NULL)
        return;
    held->flags |= flags;
    out->next->emit(out->next, held);
}

struct lt_fault *lt_door_out_fault(leat_out *out, const char *condition, const char *text)
{
    struct lt_fault *fault = out->has_reason
                                 ? lt_fault_create(out->stage, out->condition, "", "%s", out->text)
                                 : lt_fault_create(out->stage, condition, "", "%s", text);
    out->has_reason = false;
    return fault;
}

/* -------------------------------------------------------------------------------------- public */

/* Not in line, as what is rare in a claim: it needs no frame then. */
static __attribute__((noinline)) leat_row *claim_from_refilled(leat_out *out)
{
    return lt_row_pool_refill(out->pool) ? leat_claim(out) : NULL;
}

static __attribute__((noinline)) leat_row *with_all_null(struct lt_row *row)
{
    lt_door_set_all_null(row);
    return (leat_row *)(void *)row;
}

leat_row *leat_claim(leat_out *out)
{
    struct lt_row_pool *pool = out->pool;
    if (lt_unlikely(out->claimed_count >= out->limit))
        return NULL;
    if (lt_unlikely(pool->free == NULL))
        return claim_from_refilled(out);
    struct lt_row *row = lt_row_take(pool, out->all_null);
    out->claimed_count++;
    row->ingest_ns = out->ingest_ns;
    if (out->input != NULL) {
        row->source_partition = out->input->source_partition;
        row->source_offset = out->input->source_offset;
        lt_row_hold(out->input);
        row->parent = out->input;
    } else {
        row->source_partition = out->source_partition;
        row->source_offset = out->source_offset;
        if (!out->count_offsets)
            row->flags |= LT_ROW_NO_ORIGIN;
    }
    if (lt_unlikely(pool->nulls_count > 1))
        return with_all_null(row);
    return (leat_row *)(void *)row;
}

void leat_commit(leat_out *out, leat_row *public_row)
{
    struct lt_row *row = (struct lt_row *)(void *)public_row;
    struct lt_row *held = out->held;
    lt_debug_assert(out->claimed_count > out->committed_count);
    if (out->count_offsets)
        row->source_offset = out->source_offset++;
    out->committed_count++;
    out->held = row;
    if (held != NULL)
        out->next->emit(out->next, held);
}

void leat_abort(leat_out *out, leat_row *row)
{
    lt_debug_assert(out->claimed_count > out->committed_count);
    out->claimed_count--;
    lt_row_release((struct lt_row *)(void *)row);
}

void leat_out_reason(leat_out *out, const char *condition, const char *text)
{
    snprintf(out->condition, sizeof out->condition, "%s", condition != NULL ? condition : "");
    snprintf(out->text, sizeof out->text, "%s", text != NULL ? text : "");
    out->has_reason = true;
}
