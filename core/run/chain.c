#include "core/run/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

static struct lt_link *link_of(struct lt_out *out)
{
    return (struct lt_link *)(void *)out; /* out is the first member */
}

/* What a link's emit is while it holds rows, so that the other need not ask whether it does. Not
 * inlined there: it would cost each row a frame. */
static __attribute__((noinline)) void link_hold(struct lt_out *out, struct lt_row *row)
{
    struct lt_link *link = link_of(out);
    lt_item_queue_push(&link->held, &(struct lt_item){.kind = LT_ITEM_ROW, .row = row});
    link->chain->held_count++;
    link->out.emit = link_hold;
}

static __attribute__((noinline)) void link_other(struct lt_link *link, struct lt_row *row,
                                                 enum lt_process result)
{
    if (result == LT_PROCESS_RETRY)
        link_hold(&link->out, row);
    else
        link->chain->stop_asked = true;
}

/* A row that is passed on goes to the next link, which lies behind this one, without another call:
 * unless that holds rows, or there is none. */
static void link_emit(struct lt_out *out, struct lt_row *row)
{
    struct lt_link *link = link_of(out);
    enum lt_process result;
    while ((result = link->process(link->op, row, link->next)) == LT_PROCESS_PASS &&
           link->next->emit == link_emit)
        link++;
    if (lt_likely(result == LT_PROCESS_PASS))
        link->next->emit(link->next, row);
    else if (lt_unlikely(result != LT_PROCESS_DONE))
        link_other(link, row, result);
}

void lt_chain_emit_right(struct lt_chain *chain, struct lt_row *row)
{
    struct lt_link *link = &chain->links[0];
    enum lt_process result = LT_PROCESS_RETRY;
    if (lt_likely(lt_item_queue_is_empty(&link->held)))
        result = link->op->ops->process_right(link->op, row, link->next);
    if (result == LT_PROCESS_PASS) {
        link->next->emit(link->next, row);
    } else if (result == LT_PROCESS_RETRY) {
        lt_item_queue_push(&link->held, &(struct lt_item){.kind = LT_ITEM_RIGHT, .row = row});
        chain->held_count++;
        link->out.emit = link_hold;
    } else if (result == LT_PROCESS_STOP) {
        chain->stop_asked = true;
    }
}

/* A record that has failed takes no further step: it goes past the rest of the chain. */
static void link_fail(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct lt_out *terminal = link_of(out)->chain->terminal;
    terminal->fail(terminal, row, fault);
}

static struct lt_preview *link_preview(struct lt_out *out, enum lt_record_form form,
                                       uint32_t column_count)
{
    struct lt_operator *op = link_of(out)->op;
    return op->ops->preview == NULL ? NULL : op->ops->preview(op, form, column_count);
}

void lt_chain_init(struct lt_chain *chain, struct lt_operator *const *ops, uint32_t op_count,
                   struct lt_out *terminal)
{
    *chain = (struct lt_chain){.terminal = terminal, .link_count = op_count};
    chain->links = lt_alloc_array(op_count, sizeof *chain->links);
    for (uint32_t i = 0; i < op_count; i++) {
        struct lt_link *link = &chain->links[i];
        link->out = (struct lt_out){.emit = link_emit, .fail = link_fail, .preview = link_preview};
        link->op = ops[i];
        link->process = ops[i]->ops->process;
        link->next = i + 1 < op_count ? &chain->links[i + 1].out : terminal;
        link->chain = chain;
        lt_item_queue_init(&link->held);
    }
}

void lt_chain_release_held(struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->link_count; i++)
        lt_item_queue_fini(&chain->links[i].held);
}

void lt_chain_fini(struct lt_chain *chain)
{
    lt_chain_release_held(chain);
    for (uint32_t i = chain->link_count; i > 0; i--)
        chain->links[i - 1].op->ops->close(chain->links[i - 1].op);
    free(chain->links);
    *chain = (struct lt_chain){0};
}

int lt_chain_open(struct lt_chain *chain, const struct lt_operator_env *env, struct lt_error *error)
{
    for (uint32_t i = 0; i < chain->link_count; i++) {
        struct lt_operator *op = chain->links[i].op;
        struct lt_operator_env own = *env;
        char prefix[128];
        snprintf(prefix, sizeof prefix, "%s%s%u.", env->counter_prefix, op->ops->name, i);
        own.counter_prefix = prefix;
        int code = op->ops->open(op, &own, error);
        if (code != 0)
            return lt_error_append(error, "operator \"%s\"", op->ops->name);
    }
    return 0;
}

static uint32_t drain_link(struct lt_chain *chain, struct lt_link *link)
{
    uint32_t taken = 0;
    while (!lt_item_queue_is_empty(&link->held)) {
        const struct lt_item *item = lt_item_queue_first(&link->held);
        struct lt_row *row = item->row;
        const struct lt_operator_ops *ops = link->op->ops;
        enum lt_process result = item->kind == LT_ITEM_RIGHT
                                     ? ops->process_right(link->op, row, link->next)
                                     : ops->process(link->op, row, link->next);
        if (result == LT_PROCESS_RETRY)
            break;
        if (result == LT_PROCESS_PASS)
            link->next->emit(link->next, row);
        else if (result == LT_PROCESS_STOP)
            chain->stop_asked = true;
        lt_item_queue_pop(&link->held);
        chain->held_count--;
        taken++;
    }
    if (lt_item_queue_is_empty(&link->held))
        link->out.emit = link_emit;
    return taken;
}

uint32_t lt_chain_step(struct lt_chain *chain)
{
    uint32_t taken = 0;
    if (lt_likely(chain->held_count == 0))
        return 0;
    /* From the end: what a later operator takes makes room for an earlier one. */
    for (uint32_t i = chain->link_count; i > 0; i--)
        taken += drain_link(chain, &chain->links[i - 1]);
    return taken;
}

void lt_chain_begin(struct lt_chain *chain, const struct lt_batch *batch)
{
    lt_assert(chain->held_count == 0 && chain->marked_count == 0);
    for (uint32_t i = 0; i < chain->link_count; i++) {
        struct lt_operator *op = chain->links[i].op;
        if (op->ops->begin != NULL)
            op->ops->begin(op, batch);
    }
}

/* False: the operator has more to give out at the marker. */
static bool mark_link(struct lt_link *link, uint64_t epoch)
{
    if (link->op->ops->drain != NULL)
        return link->op->ops->drain(link->op, epoch, link->next);
    if (link->op->ops->on_marker != NULL)
        link->op->ops->on_marker(link->op, epoch, link->next);
    return true;
}

bool lt_chain_try_marker(struct lt_chain *chain, uint64_t epoch)
{
    while (chain->held_count == 0 && chain->marked_count < chain->link_count &&
           mark_link(&chain->links[chain->marked_count], epoch))
        chain->marked_count++;
    if (chain->held_count != 0 || chain->marked_count < chain->link_count)
        return false;
    chain->marked_count = 0;
    return true;
}

void lt_chain_batch_end(struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->link_count; i++) {
        struct lt_link *link = &chain->links[i];
        if (link->op->ops->on_batch_end != NULL)
            link->op->ops->on_batch_end(link->op, link->next);
    }
}

uint64_t lt_chain_left_out(const struct lt_chain *chain)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < chain->link_count; i++) {
        const struct lt_shared_u64 *left_out = chain->links[i].op->left_out;
        sum += left_out == NULL ? 0 : lt_load_relaxed_u64(left_out); /* relaxed: our own count */
    }
    return sum;
}

const struct lt_error *lt_chain_failure(const struct lt_chain *chain)
{
    for (uint32_t i = 0; i < chain->link_count; i++)
        if (lt_unlikely(chain->links[i].op->failure != NULL))
            return chain->links[i].op->failure;
    return NULL;
}
