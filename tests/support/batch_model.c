#include "tests/support/batch_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"

enum { US_PER_MS = 1000, FIRST_MS = 1000000, STEP_MS = 700, SPREAD_MS = 6000, BEHIND_MS = 9000 };

int64_t batch_delay_ms(uint32_t source)
{
    return source == 0 ? 4000 : 6000;
}

uint32_t batch_source_count(const struct batch_question *question)
{
    return question->query == BATCH_JOIN ? 2 : 1;
}

bool batch_has_watermark(const struct batch_question *question)
{
    return question->query != BATCH_TOTALS;
}

/* -------------------------------------------------------------------------------------- records */

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static bool repeats(const struct batch_question *question)
{
    return question->query == BATCH_DISTINCT || question->query == BATCH_WITHIN ||
           question->query == BATCH_CHAIN;
}

static int64_t round_down(int64_t value, int64_t unit)
{
    return value / unit * unit;
}

static void set_window(const struct batch_question *question, int64_t time_ms,
                       struct batch_event *out)
{
    int64_t start_ms = round_down(time_ms, BATCH_WINDOW_MS), end_ms = start_ms + BATCH_WINDOW_MS;
    if (question->query == BATCH_SESSIONS) {
        start_ms = time_ms;
        end_ms = time_ms + BATCH_GAP_MS;
    }
    out->time_us = time_ms * US_PER_MS;
    out->start_us = start_ms * US_PER_MS;
    out->end_us = end_ms * US_PER_MS;
}

/* Where events repeat, one record in three is an earlier event again, from another partition
 * perhaps; an event's number says all of it. */
void batch_event_at(const struct batch_question *question, uint32_t source, uint32_t partition,
                    int64_t offset, struct batch_event *out)
{
    uint64_t x = mix(question->seed ^ mix((uint64_t)offset * 8 + source * 4 + partition));
    int64_t number = offset, id = offset * 4 + partition;
    if (repeats(question)) {
        int64_t most = number < 6 ? number : 6;
        if (x % 3 == 0 && most > 0)
            number -= 1 + (int64_t)(x >> 8) % most;
        id = number * 2 + partition % 2;
    }
    uint64_t y = mix(question->seed ^ mix((uint64_t)id * 2 + source + 1));
    int64_t time_ms = FIRST_MS + number * STEP_MS + (int64_t)(y % SPREAD_MS);
    time_ms -= (y >> 20) % 16 == 0 ? BEHIND_MS : 0;
    out->key = repeats(question) ? id : (int64_t)((y >> 32) % 5);
    out->value = id + 1;
    set_window(question, time_ms, out);
}

/* --------------------------------------------------------------------------------------- output */

static struct batch_row *add_row(struct batch_model *model, struct batch_rows *out)
{
    if (out->count == BATCH_KEPT) {
        model->is_full = true;
        out->count = 0;
    }
    struct batch_row *row = &out->list[out->count++];
    memset(row, 0, sizeof *row);
    return row;
}

static void write_event(const struct batch_event *event, int64_t *cells)
{
    const int64_t values[] = {event->key, event->time_us, event->start_us, event->end_us,
                              event->value};
    memcpy(cells, values, sizeof values);
}

static void give_event(struct batch_model *model, const struct batch_event *event,
                       struct batch_rows *out)
{
    write_event(event, add_row(model, out)->cells);
}

static void give_group(struct batch_model *model, const struct batch_kept *group,
                       struct batch_rows *out)
{
    int64_t *cells = add_row(model, out)->cells;
    if (model->question.query != BATCH_TOTALS) {
        *cells++ = group->start_us;
        *cells++ = group->end_us;
    }
    if (model->question.query != BATCH_CHAIN)
        *cells++ = group->key;
    *cells++ = group->count;
    *cells++ = group->sum;
}

/* A row with its partner, or with none. */
static void give_pair(struct batch_model *model, const struct batch_event *left,
                      const struct batch_event *right, struct batch_rows *out)
{
    int64_t *cells = add_row(model, out)->cells;
    if (model->question.join == LT_JOIN_LEFT_SEMI) {
        write_event(left, cells);
        return;
    }
    for (uint32_t i = 0; i < BATCH_CELLS; i++)
        cells[i] = BATCH_NULL;
    if (left != NULL)
        write_event(left, cells);
    if (right != NULL)
        write_event(right, cells + BATCH_CELLS / 2);
}

/* ---------------------------------------------------------------------------------------- state */

static struct batch_kept *keep(struct batch_model *model, uint32_t side)
{
    if (model->kept_count[side] == BATCH_KEPT) {
        model->is_full = true;
        model->kept_count[side] = 0;
    }
    struct batch_kept *kept = &model->kept[side][model->kept_count[side]++];
    *kept = (struct batch_kept){0};
    return kept;
}

static void forget(struct batch_model *model, uint32_t side, uint32_t index)
{
    struct batch_kept *list = model->kept[side];
    list[index] = list[--model->kept_count[side]];
}

static int64_t late_us(const struct batch_model *model)
{
    return model->before_ms * US_PER_MS;
}

static int64_t final_us(const struct batch_model *model)
{
    return model->now_ms * US_PER_MS;
}

/* ------------------------------------------------------------------------------------ operators */

/* Windows and totals: of chain they are side 1, behind the distinct rows. */
static void add_to_group(struct batch_model *model, uint32_t side, const struct batch_event *event)
{
    enum batch_query query = model->question.query;
    struct batch_kept key = {.start_us = query == BATCH_TOTALS ? 0 : event->start_us,
                             .end_us = query == BATCH_TOTALS ? INT64_MAX : event->end_us,
                             .key = query == BATCH_CHAIN ? 0 : event->key};
    struct batch_kept *group = NULL;
    for (uint32_t i = 0; i < model->kept_count[side] && group == NULL; i++)
        if (model->kept[side][i].start_us == key.start_us && model->kept[side][i].key == key.key)
            group = &model->kept[side][i];
    if (group == NULL) {
        group = keep(model, side);
        *group = key;
    }
    group->count++;
    group->sum += event->value;
    group->is_touched = true;
}

static void end_groups(struct batch_model *model, uint32_t side, struct batch_rows *out)
{
    enum lt_output_mode mode = model->question.mode;
    for (uint32_t i = model->kept_count[side]; i-- > 0;) {
        struct batch_kept *group = &model->kept[side][i];
        bool is_final = mode != LT_OUTPUT_COMPLETE && group->end_us <= final_us(model);
        bool comes_out = mode == LT_OUTPUT_COMPLETE || (mode == LT_OUTPUT_APPEND && is_final) ||
                         (mode == LT_OUTPUT_UPDATE && group->is_touched);
        if (comes_out)
            give_group(model, group, out);
        group->is_touched = false;
        if (is_final)
            forget(model, side, i);
    }
}

/* Sessions that meet become one, until none do. */
static void add_to_session(struct batch_model *model, const struct batch_event *event)
{
    struct batch_kept own = {.start_us = event->start_us,
                             .end_us = event->end_us,
                             .key = event->key,
                             .count = 1,
                             .sum = event->value};
    for (uint32_t i = 0; i < model->kept_count[0];) {
        const struct batch_kept *other = &model->kept[0][i];
        bool meets = other->key == own.key && other->start_us <= own.end_us &&
                     own.start_us <= other->end_us;
        if (!meets) {
            i++;
            continue;
        }
        own.start_us = other->start_us < own.start_us ? other->start_us : own.start_us;
        own.end_us = other->end_us > own.end_us ? other->end_us : own.end_us;
        own.count += other->count;
        own.sum += other->sum;
        forget(model, 0, i);
        i = 0; /* it is larger now, and may meet more */
    }
    *keep(model, 0) = own;
}

/* True: the event has not come before. */
static bool is_new(struct batch_model *model, const struct batch_event *event)
{
    bool is_within = model->question.query == BATCH_WITHIN;
    for (uint32_t i = 0; i < model->kept_count[0]; i++) {
        const struct batch_event *other = &model->kept[0][i].event;
        if (other->key == event->key && (is_within || other->time_us == event->time_us))
            return false;
    }
    struct batch_kept *kept = keep(model, 0);
    kept->event = *event;
    kept->end_us = event->time_us + (is_within ? batch_delay_ms(0) * US_PER_MS : 0);
    return true;
}

static void end_distinct(struct batch_model *model)
{
    for (uint32_t i = model->kept_count[0]; i-- > 0;)
        if (model->kept[0][i].end_us <= final_us(model))
            forget(model, 0, i);
}

static void add_to_join(struct batch_model *model, uint32_t side, const struct batch_event *event,
                        struct batch_rows *out)
{
    bool is_semi = model->question.join == LT_JOIN_LEFT_SEMI;
    struct batch_kept own = {.event = *event, .end_us = event->end_us};
    for (uint32_t i = 0; i < model->kept_count[1 - side]; i++) {
        struct batch_kept *other = &model->kept[1 - side][i];
        struct batch_kept *left = side == 0 ? &own : other;
        if (other->event.key != event->key || other->event.start_us != event->start_us)
            continue;
        if (!is_semi || !left->is_touched)
            give_pair(model, side == 0 ? event : &other->event,
                      side == 0 ? &other->event : event, out);
        own.is_touched = other->is_touched = true;
    }
    *keep(model, side) = own;
}

static void end_join(struct batch_model *model, struct batch_rows *out)
{
    enum lt_join_kind join = model->question.join;
    const bool preserves[] = {join == LT_JOIN_LEFT_OUTER || join == LT_JOIN_FULL_OUTER,
                              join == LT_JOIN_RIGHT_OUTER || join == LT_JOIN_FULL_OUTER};
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t i = model->kept_count[side]; i-- > 0;) {
            const struct batch_kept *kept = &model->kept[side][i];
            if (kept->end_us > final_us(model))
                continue;
            if (preserves[side] && !kept->is_touched)
                give_pair(model, side == 0 ? &kept->event : NULL,
                          side == 0 ? NULL : &kept->event, out);
            forget(model, side, i);
        }
}

/* -------------------------------------------------------------------------------------- a batch */

static bool is_late(const struct batch_model *model, const struct batch_event *event)
{
    switch (model->question.query) {
    case BATCH_TOTALS:
        return false;
    case BATCH_DISTINCT:
    case BATCH_WITHIN:
    case BATCH_CHAIN:
        return event->time_us <= late_us(model);
    default:
        return event->end_us <= late_us(model);
    }
}

static void take(struct batch_model *model, uint32_t side, const struct batch_event *event,
                 struct batch_rows *out)
{
    switch (model->question.query) {
    case BATCH_WINDOWS:
    case BATCH_TOTALS:
        add_to_group(model, 0, event);
        break;
    case BATCH_SESSIONS:
        add_to_session(model, event);
        break;
    case BATCH_DISTINCT:
    case BATCH_WITHIN:
        if (is_new(model, event))
            give_event(model, event, out);
        break;
    case BATCH_CHAIN:
        if (is_new(model, event))
            add_to_group(model, 1, event);
        break;
    default:
        add_to_join(model, side, event, out);
        break;
    }
}

static void end_batch(struct batch_model *model, struct batch_rows *out)
{
    switch (model->question.query) {
    case BATCH_DISTINCT:
    case BATCH_WITHIN:
        end_distinct(model);
        break;
    case BATCH_CHAIN:
        end_distinct(model);
        end_groups(model, 1, out);
        break;
    case BATCH_JOIN:
        end_join(model, out);
        break;
    default: /* a session comes out as a group does */
        end_groups(model, 0, out);
        break;
    }
}

/* The rows of one source; the latest event time among them, or INT64_MIN. */
static int64_t take_source(struct batch_model *model, uint32_t source, const int64_t *from,
                           const int64_t *to, struct batch_rows *out, struct batch_facts *facts)
{
    int64_t latest_ms = INT64_MIN;
    for (uint32_t p = 0; p < BATCH_PARTITIONS; p++)
        for (int64_t n = from[p]; n < to[p]; n++) {
            struct batch_event event;
            batch_event_at(&model->question, source, p, n, &event);
            int64_t ms = event.time_us / US_PER_MS;
            latest_ms = ms > latest_ms ? ms : latest_ms;
            facts->input_rows++;
            if (is_late(model, &event))
                facts->late_rows++;
            else
                take(model, source, &event, out);
        }
    return latest_ms;
}

/* The watermark of the next batch. */
static void advance(struct batch_model *model, const int64_t *latest_ms)
{
    uint32_t count = batch_source_count(&model->question);
    int64_t chosen_ms = 0;
    for (uint32_t i = 0; i < count && batch_has_watermark(&model->question); i++) {
        int64_t *own_ms = &model->node_ms[i];
        if (latest_ms[i] != INT64_MIN && latest_ms[i] - batch_delay_ms(i) > *own_ms)
            *own_ms = latest_ms[i] - batch_delay_ms(i);
        bool is_chosen = model->question.takes_greatest ? *own_ms > chosen_ms : *own_ms < chosen_ms;
        if (i == 0 || is_chosen)
            chosen_ms = *own_ms;
    }
    model->before_ms = model->now_ms;
    if (chosen_ms > model->now_ms)
        model->now_ms = chosen_ms;
}

void batch_model_init(struct batch_model *model, const struct batch_question *question)
{
    model->question = *question;
    model->now_ms = model->before_ms = 0;
    model->run = 0;
    model->is_full = false;
    for (uint32_t i = 0; i < BATCH_SOURCES; i++) {
        model->node_ms[i] = 0;
        model->kept_count[i] = 0;
    }
}

/* What cannot be told: lanes aggregate in part before late groups are counted; of a chain there are
 * two operators; a semi join forgets some rows, and which depends on their order. */
static void tell(const struct batch_model *model, struct batch_facts *facts)
{
    enum batch_query query = model->question.query;
    bool is_semi = query == BATCH_JOIN && model->question.join == LT_JOIN_LEFT_SEMI;
    facts->total_rows = (int64_t)model->kept_count[0] + model->kept_count[1];
    if (query == BATCH_CHAIN || is_semi)
        facts->total_rows = -1;
    if (query == BATCH_WINDOWS || query == BATCH_SESSIONS || query == BATCH_CHAIN)
        facts->late_rows = -1;
}

void batch_model_run(struct batch_model *model, const batch_positions from,
                     const batch_positions to, uint64_t run, struct batch_rows *out,
                     struct batch_facts *facts)
{
    int64_t latest_ms[BATCH_SOURCES];
    if (run != model->run)
        memset(model->node_ms, 0, sizeof model->node_ms);
    model->run = run;
    out->count = 0;
    *facts = (struct batch_facts){.watermark_ms = model->now_ms};
    for (uint32_t i = 0; i < batch_source_count(&model->question); i++)
        latest_ms[i] = take_source(model, i, from[i], to[i], out, facts);
    end_batch(model, out);
    tell(model, facts);
    advance(model, latest_ms);
}

bool batch_model_wants_batch(const struct batch_model *model)
{
    return batch_has_watermark(&model->question) && model->now_ms > model->before_ms;
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct batch_row));
}

void batch_rows_sort(struct batch_row *list, uint32_t count)
{
    qsort(list, count, sizeof *list, compare_rows);
}
