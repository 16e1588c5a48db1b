/*
 * Cases over rows through real operators: one chain, one row at a time.
 */
#include "tests/support/conformance_pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/counters.h"
#include "core/base/text_buffer.h"
#include "core/flow/plan.h"
#include "core/text/codec_times.h"
#include "core/text/json_write.h"
#include "ops/catalog.h"

enum { CHAIN_MAX = 3 * (1 + PIPELINE_STEPS_MAX), ROWS_IN_FLIGHT = 64 };

struct chain;

/* What follows an operator: the next one, or the end. */
struct link {
    struct lt_out out;
    struct chain *chain;
    unsigned next;
};

struct chain {
    struct lt_arena *arena;
    struct lt_plan_node *nodes[CHAIN_MAX];
    struct lt_operator *operators[CHAIN_MAX];
    struct link links[CHAIN_MAX + 1];
    unsigned count;
    struct lt_counters *counters;
    struct pipeline_result *result;
    const struct lt_session *session; /* in whose zone timestamps are shown */
};

static void set_error(struct pipeline_result *out, const char *kind, const char *condition,
                      const char *sqlstate)
{
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    (void)snprintf(out->error, sizeof out->error, "%s %s", condition,
                   *sqlstate == '\0' ? "-" : sqlstate);
}

/* ------------------------------------------------------------------------------------- the plan */

static void add_node(struct chain *chain, enum lt_plan_kind kind, const char *const *texts,
                     unsigned count, const struct lt_session *session)
{
    struct lt_plan_node *node = lt_plan_node_create(chain->arena, kind, 1);
    node->inputs[0] = chain->nodes[chain->count - 1];
    node->expression_texts = lt_arena_alloc(chain->arena, count * sizeof *texts);
    memcpy(node->expression_texts, texts, count * sizeof *texts);
    node->expression_count = count;
    node->session = session;
    chain->nodes[chain->count++] = node;
}

static bool refuse(struct chain *chain, int code, const struct lt_error *error)
{
    set_error(chain->result, code == LT_E_PARSE ? "parse-error" : "analysis-error",
              error->condition, error->sqlstate);
    return false;
}

static bool analyse(struct chain *chain)
{
    struct lt_error error;
    lt_error_clear(&error);
    for (unsigned i = 1; i < chain->count; i++) {
        int code = lt_ops_analyse(chain->nodes[i], LT_OPS_CONTINUOUS, chain->arena, &error);
        if (code != LT_OK)
            return refuse(chain, code, &error);
        lt_assert(
            lt_plan_insert_steps(chain->nodes, &chain->count, CHAIN_MAX, &i, chain->nodes[i - 1]));
    }
    return true;
}

static bool create(struct chain *chain)
{
    struct lt_error error;
    lt_error_clear(&error);
    chain->count =
        1 + lt_ops_optimise(chain->nodes + 1, chain->count - 1, chain->nodes[0], chain->arena);
    for (unsigned i = 1; i < chain->count; i++) {
        if (lt_ops_create(chain->nodes[i], &chain->operators[i], &error) != LT_OK) {
            /* What fails for each record is refused before the first one. */
            set_error(chain->result, "runtime-error", error.condition, error.sqlstate);
            chain->result->is_refused = true;
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------- the rows */

static void add_result(struct chain *chain, const struct lt_row *row)
{
    if (chain->result->row_count == PIPELINE_ROWS_MAX)
        return;
    const struct lt_times_setup setup = {.use = LT_DATETIME_PRINTING,
                                         .time_zone = chain->session->time_zone};
    struct lt_times *times;
    lt_assert(lt_times_create(&setup, &times, NULL) == LT_OK);
    const struct lt_json_write_options options = {
        .keep_null_fields = true, .offset_s = lt_times_offset_s, .context = times};
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    const union lt_value value = {.structure = &structure};
    struct pipeline_result *result = chain->result;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_json_write_value(&text, chain->nodes[chain->count - 1]->schema, &value, &options);
    result->rows[result->row_count++] = strdup(lt_text_get(&text));
    lt_text_fini(&text);
    lt_times_destroy(times);
}

static void pass_on(struct lt_out *out, struct lt_row *row)
{
    struct link *link = (struct link *)out;
    struct chain *chain = link->chain;
    if (link->next == chain->count) {
        add_result(chain, row);
        lt_row_release(row);
        return;
    }
    struct lt_operator *op = chain->operators[link->next];
    struct lt_out *next = &chain->links[link->next + 1].out;
    enum lt_process answer = op->ops->process(op, row, next);
    if (answer == LT_PROCESS_PASS)
        pass_on(next, row);
    else if (answer != LT_PROCESS_DONE)
        lt_row_release(row);
}

static void keep_fault(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct link *link = (struct link *)out;
    set_error(link->chain->result, "runtime-error", fault->condition, fault->sqlstate);
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static bool open_chain(struct chain *chain)
{
    struct lt_error error;
    for (unsigned i = 1; i < chain->count; i++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "lane0.op%u.", i);
        const struct lt_operator_env env = {.clock = lt_clock_system(),
                                            .counters = chain->counters,
                                            .counter_prefix = prefix,
                                            .rows_in_flight = ROWS_IN_FLIGHT};
        if (chain->operators[i]->ops->open(chain->operators[i], &env, &error) != LT_OK)
            return false;
    }
    for (unsigned i = 0; i <= chain->count; i++)
        chain->links[i] = (struct link){{.emit = pass_on, .fail = keep_fault}, chain, i};
    return true;
}

void conformance_pipeline_run(const char *where, const char *const *items, unsigned item_count,
                              const struct conformance_rows *rows, const struct lt_session *session,
                              struct pipeline_result *out)
{
    const struct pipeline_step steps[2] = {{.where = where},
                                           {.items = items, .item_count = item_count}};
    unsigned first = where == NULL;
    conformance_chain_run(steps + first, 2 - first, rows, session, out);
}

void conformance_chain_run(const struct pipeline_step *steps, unsigned step_count,
                           const struct conformance_rows *rows, const struct lt_session *session,
                           struct pipeline_result *out)
{
    struct chain chain = {
        .arena = lt_arena_create(), .count = 1, .result = out, .session = session};
    *out = (struct pipeline_result){.kind = "rows", .type = "-"};
    chain.nodes[0] = lt_plan_node_create(chain.arena, LT_PLAN_READ, 0);
    chain.nodes[0]->schema = rows->schema;
    lt_assert(step_count <= PIPELINE_STEPS_MAX);
    for (unsigned i = 0; i < step_count; i++) {
        if (steps[i].where != NULL)
            add_node(&chain, LT_PLAN_FILTER, &steps[i].where, 1, session);
        else
            add_node(&chain, LT_PLAN_PROJECT, steps[i].items, steps[i].item_count, session);
    }
    bool is_analysed = analyse(&chain);
    if (is_analysed) {
        const struct lt_type *schema = chain.nodes[chain.count - 1]->schema;
        (void)snprintf(out->type, sizeof out->type, "%s",
                       lt_type_simple_string(chain.arena, schema));
    }
    bool is_made = is_analysed && create(&chain) &&
                   lt_counters_create(NULL, "case", &chain.counters, NULL) == LT_OK &&
                   open_chain(&chain);
    for (unsigned i = 0; i < rows->count && is_made && *out->error == '\0'; i++) {
        lt_row_hold(rows->rows[i]);
        pass_on(&chain.links[1].out, rows->rows[i]);
    }
    for (unsigned i = chain.count; i-- > 1;) {
        if (chain.operators[i] != NULL)
            chain.operators[i]->ops->close(chain.operators[i]);
    }
    lt_counters_close(chain.counters);
    lt_arena_destroy(chain.arena);
}

void conformance_pipeline_fini(struct pipeline_result *result)
{
    for (unsigned i = 0; i < result->row_count; i++)
        free(result->rows[i]);
    result->row_count = 0;
}

bool conformance_pipeline_same(const struct pipeline_result *a, const struct pipeline_result *b)
{
    bool is_same = strcmp(a->kind, b->kind) == 0 && strcmp(a->error, b->error) == 0 &&
                   strcmp(a->type, b->type) == 0 && a->row_count == b->row_count;
    for (unsigned i = 0; i < a->row_count && is_same; i++)
        is_same = strcmp(a->rows[i], b->rows[i]) == 0;
    return is_same;
}
