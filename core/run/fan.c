#include "core/run/fan.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"

static bool takes(const struct lt_fan_branch *branch, uint32_t partition)
{
    return partition >= branch->first_partition && partition < branch->end_partition;
}

static void fan_emit(struct lt_out *out, struct lt_row *row)
{
    struct lt_fan *fan = (struct lt_fan *)(void *)out;
    uint32_t partition = (uint32_t)row->source_partition, left = 0;
    for (uint32_t i = 0; i < fan->count; i++)
        left += takes(&fan->branches[i], partition);
    lt_debug_assert(left > 0);
    for (uint32_t i = 1; i < left; i++)
        lt_row_hold(row);
    for (uint32_t i = 0; left > 0; i++) {
        if (!takes(&fan->branches[i], partition))
            continue;
        struct lt_out *entry = lt_chain_entry(&fan->branches[i].chain);
        entry->emit(entry, row);
        left--;
    }
}

static void fan_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_fan *fan = (struct lt_fan *)(void *)out;
    struct lt_out *to = &fan->branches[0].exchange.out;
    to->fail(to, row, fault);
}

void lt_fan_init(struct lt_fan *fan, const struct lt_fan_part *parts, uint32_t count)
{
    *fan = (struct lt_fan){
        .out = {fan_emit, fan_fail, NULL},
        .branches = lt_alloc_array(count, sizeof *fan->branches),
        .count = count,
    };
    for (uint32_t i = 0; i < count; i++) {
        struct lt_fan_branch *branch = &fan->branches[i];
        lt_exchange_init(&branch->exchange, parts[i].how, parts[i].instance_count);
        lt_chain_init(&branch->chain, parts[i].ops, parts[i].op_count, &branch->exchange.out);
        branch->first_partition = parts[i].first_partition;
        branch->end_partition = parts[i].end_partition;
    }
}

void lt_fan_release_held(struct lt_fan *fan)
{
    for (uint32_t i = 0; i < fan->count; i++) {
        lt_chain_release_held(&fan->branches[i].chain);
        lt_exchange_fini(&fan->branches[i].exchange);
    }
}

void lt_fan_fini(struct lt_fan *fan)
{
    lt_fan_release_held(fan);
    for (uint32_t i = 0; i < fan->count; i++)
        lt_chain_fini(&fan->branches[i].chain);
    free(fan->branches);
    *fan = (struct lt_fan){0};
}

int lt_fan_open(struct lt_fan *fan, const struct lt_operator_env *env, struct lt_error *error)
{
    int code = 0;
    for (uint32_t i = 0; i < fan->count && code == 0; i++) {
        struct lt_operator_env own = *env;
        char prefix[128];
        snprintf(prefix, sizeof prefix, "%sto%u.", env->counter_prefix, i);
        own.counter_prefix = prefix;
        code = lt_chain_open(&fan->branches[i].chain, &own, error);
    }
    return code;
}

uint32_t lt_fan_step(struct lt_fan *fan)
{
    uint32_t work = 0;
    for (uint32_t i = 0; i < fan->count; i++)
        work += lt_exchange_step(&fan->branches[i].exchange) +
                lt_chain_step(&fan->branches[i].chain);
    return work;
}

bool lt_fan_is_blocked(const struct lt_fan *fan)
{
    for (uint32_t i = 0; i < fan->count; i++)
        if (fan->branches[i].chain.held_count != 0 ||
            lt_exchange_is_blocked(&fan->branches[i].exchange))
            return true;
    return false;
}

void lt_fan_begin(struct lt_fan *fan, const struct lt_batch *batch)
{
    for (uint32_t i = 0; i < fan->count; i++) {
        lt_exchange_begin(&fan->branches[i].exchange, batch);
        lt_chain_begin(&fan->branches[i].chain, batch);
    }
}

bool lt_fan_try_marker(struct lt_fan *fan, uint64_t epoch)
{
    for (uint32_t i = 0; i < fan->count; i++) {
        struct lt_fan_branch *branch = &fan->branches[i];
        if (branch->is_marked)
            continue;
        if (!lt_chain_try_marker(&branch->chain, epoch))
            return false;
        branch->is_marked = true;
        lt_exchange_marker(&branch->exchange, epoch);
    }
    for (uint32_t i = 0; i < fan->count; i++)
        fan->branches[i].is_marked = false;
    return true;
}

void lt_fan_batch_end(struct lt_fan *fan)
{
    for (uint32_t i = 0; i < fan->count; i++) {
        lt_chain_batch_end(&fan->branches[i].chain);
        lt_exchange_flush(&fan->branches[i].exchange);
    }
}
