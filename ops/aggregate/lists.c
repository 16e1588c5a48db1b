/*
 * Aggregates that keep every value, in the order in which they came.
 *
 *   collect_list   an array of what is not NULL; of nothing the empty one
 *   listagg        the texts, or bytes, that are not NULL, with a separator between them; NULL if
 *                  there is none. With WITHIN GROUP (ORDER BY ...) further arguments are what they
 *                  are ordered by, and a constant for each says how: bit 0 descending, bit 1 NULLs
 *                  last. What is equal stays in the order in which it came
 *
 * An entry is a value for each argument, and a byte beside each that is not 0 where it is NULL.
 *
 * Byte form: count (4 bytes), then each entry: for each argument a byte, 1 where it is NULL, and
 * the value as in core/data/row_bytes.h where it is not.
 */
#include <string.h>

#include "core/base/limits.h"
#include "ops/aggregate/kind.h"
#include "ops/expr/sort.h"

struct list {
    uint32_t count, capacity; /* entries */
    union lt_value *values;   /* those of entry i from i * width on */
    uint8_t *nulls;
};

enum { FIRST_CAPACITY = 4, DESCENDING = 1, NULLS_LAST = 2 };

struct list_constants {
    struct lt_bytes separator;
    uint32_t order_count;
    uint8_t orders[]; /* of arguments 1, 2, ... */
};

static bool grow(const struct lt_aggregate *aggregate, struct list *list,
                 struct lt_aggregate_work *work)
{
    size_t width = aggregate->argument_count;
    uint32_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
    if (list->capacity > LT_LIMIT_VALUE_BYTES / (2 * sizeof *list->values * width))
        return lt_aggregate_no_memory(aggregate, work);
    union lt_value *values = lt_aggregate_alloc(aggregate, work, capacity * width * sizeof *values);
    uint8_t *nulls = lt_aggregate_alloc(aggregate, work, capacity * width);
    if (values == NULL || nulls == NULL)
        return false;
    if (list->count > 0) {
        memcpy(values, list->values, list->count * width * sizeof *values);
        memcpy(nulls, list->nulls, list->count * width);
    }
    list->values = values;
    list->nulls = nulls;
    list->capacity = capacity;
    return true;
}

/* `value(i)` of each argument; `is_null` NULL where none is. */
static bool add_entry(const struct lt_aggregate *aggregate, struct list *list,
                      const union lt_value *const *values, struct lt_aggregate_work *work)
{
    if (list->count == list->capacity && !grow(aggregate, list, work))
        return false;
    size_t first = (size_t)list->count * aggregate->argument_count;
    for (uint32_t i = 0; i < aggregate->argument_count; i++) {
        list->nulls[first + i] = values[i] == NULL;
        if (values[i] == NULL)
            continue;
        list->values[first + i] = *values[i];
        if (!lt_aggregate_keep(aggregate, work, aggregate->types[i], &list->values[first + i]))
            return false;
    }
    list->count++;
    return true;
}

enum { ARGUMENTS_MAX = 16 };

static bool update_list(const struct lt_aggregate *aggregate, void *state, const struct lt_row *row,
                        struct lt_aggregate_work *work)
{
    const union lt_value *values[ARGUMENTS_MAX];
    if (lt_aggregate_is_null(aggregate, row, 0))
        return true;
    for (uint32_t i = 0; i < aggregate->argument_count; i++)
        values[i] =
            lt_aggregate_is_null(aggregate, row, i) ? NULL : lt_aggregate_value(aggregate, row, i);
    return add_entry(aggregate, state, values, work);
}

static bool merge_list(const struct lt_aggregate *aggregate, void *state, const void *other,
                       struct lt_aggregate_work *work)
{
    const struct list *more = other;
    const union lt_value *values[ARGUMENTS_MAX];
    for (uint32_t i = 0; i < more->count; i++) {
        size_t first = (size_t)i * aggregate->argument_count;
        for (uint32_t j = 0; j < aggregate->argument_count; j++)
            values[j] = more->nulls[first + j] ? NULL : &more->values[first + j];
        if (!add_entry(aggregate, state, values, work))
            return false;
    }
    return true;
}

static void write_list(const struct lt_aggregate *aggregate, const void *state,
                       struct lt_text_buffer *out)
{
    const struct list *list = state;
    lt_aggregate_write_bytes(out, &list->count, sizeof list->count);
    for (size_t i = 0; i < (size_t)list->count * aggregate->argument_count; i++) {
        const struct lt_type *type = aggregate->types[i % aggregate->argument_count];
        lt_aggregate_write_bytes(out, &list->nulls[i], 1);
        if (!list->nulls[i])
            lt_value_bytes_write(type, &list->values[i], out);
    }
}

static int read_list(const struct lt_aggregate *aggregate, struct lt_aggregate_reader *reader,
                     void *state)
{
    struct list *list = state;
    uint32_t width = aggregate->argument_count, count = 0;
    int code = lt_aggregate_read_count(reader, width, &count);
    if (code != LT_OK || count == 0)
        return code;
    list->values = lt_aggregate_read_alloc(reader, (size_t)count * width * sizeof *list->values);
    list->nulls = lt_aggregate_read_alloc(reader, (size_t)count * width);
    if (list->values == NULL || list->nulls == NULL)
        return LT_E_NO_MEMORY;
    for (size_t i = 0; i < (size_t)count * width && code == LT_OK; i++) {
        code = lt_aggregate_read_bytes(reader, &list->nulls[i], 1);
        if (code == LT_OK && (list->nulls[i] > 1 || (list->nulls[i] && i % width == 0)))
            code = lt_aggregate_damaged(reader, "an entry that is neither NULL nor a value");
        if (code == LT_OK && !list->nulls[i])
            code = lt_aggregate_read_value(reader, aggregate->types[i % width], &list->values[i]);
    }
    list->count = list->capacity = count;
    return code;
}

/* --------------------------------------------------------------------------------- collect_list */

static enum lt_aggregate_result give_array(const struct lt_aggregate *aggregate, const void *state,
                                           struct lt_aggregate_work *work, union lt_value *out)
{
    const struct list *list = state;
    struct lt_array *array = lt_aggregate_alloc(aggregate, work, sizeof *array);
    if (array == NULL)
        return LT_AGGREGATE_FAULT;
    *array = (struct lt_array){.count = list->count, .values = list->values};
    out->array = array;
    return LT_AGGREGATE_VALUE;
}

/* -------------------------------------------------------------------------------------- listagg */

struct ordering {
    const struct lt_aggregate *aggregate;
    const struct list *list;
};

static int compare_entries(void *context, uint32_t a, uint32_t b)
{
    const struct ordering *ordering = context;
    const struct lt_aggregate *aggregate = ordering->aggregate;
    const struct list *list = ordering->list;
    const struct list_constants *constants = aggregate->constants;
    for (uint32_t i = 0; i < constants->order_count; i++) {
        size_t x = (size_t)a * aggregate->argument_count + i + 1;
        size_t y = (size_t)b * aggregate->argument_count + i + 1;
        if (list->nulls[x] || list->nulls[y]) {
            int order = list->nulls[x] - list->nulls[y]; /* above 0: a goes last */
            if (order != 0)
                return constants->orders[i] & NULLS_LAST ? order : -order;
            continue;
        }
        int order = lt_value_compare(aggregate->types[i + 1], &list->values[x], &list->values[y]);
        if (order != 0)
            return constants->orders[i] & DESCENDING ? -order : order;
    }
    return 0;
}

/* The entries in order; NULL: in that in which they came. False: no memory. */
static bool order_entries(const struct lt_aggregate *aggregate, const struct list *list,
                          struct lt_aggregate_work *work, const uint32_t **out)
{
    const struct list_constants *constants = aggregate->constants;
    *out = NULL;
    if (constants->order_count == 0)
        return true;
    uint32_t *room = lt_aggregate_alloc(aggregate, work, 2 * (size_t)list->count * sizeof *room);
    if (room == NULL)
        return false;
    struct ordering ordering = {aggregate, list};
    *out = lt_sort(room, list->count, compare_entries, &ordering);
    return true;
}

static enum lt_aggregate_result give_text(const struct lt_aggregate *aggregate, const void *state,
                                          struct lt_aggregate_work *work, union lt_value *out)
{
    const struct list *list = state;
    const struct lt_bytes separator =
        ((const struct list_constants *)aggregate->constants)->separator;
    const uint32_t *order;
    if (list->count == 0)
        return LT_AGGREGATE_NULL;
    if (!order_entries(aggregate, list, work, &order))
        return LT_AGGREGATE_FAULT;
    size_t size = (size_t)(list->count - 1) * separator.size_bytes;
    for (uint32_t i = 0; i < list->count; i++)
        size += list->values[(size_t)i * aggregate->argument_count].bytes.size_bytes;
    uint8_t *text = size > LT_LIMIT_VALUE_BYTES ? NULL : lt_aggregate_alloc(aggregate, work, size);
    if (text == NULL) {
        (void)lt_aggregate_no_memory(aggregate, work);
        return LT_AGGREGATE_FAULT;
    }
    uint8_t *at = text;
    for (uint32_t i = 0; i < list->count; i++) {
        size_t entry = order != NULL ? order[i] : i;
        struct lt_bytes piece = list->values[entry * aggregate->argument_count].bytes;
        if (i > 0 && separator.size_bytes > 0)
            at = (uint8_t *)memcpy(at, separator.data, separator.size_bytes) + separator.size_bytes;
        if (piece.size_bytes > 0)
            at = (uint8_t *)memcpy(at, piece.data, piece.size_bytes) + piece.size_bytes;
    }
    *out = lt_value_bytes(text, (uint32_t)size);
    return LT_AGGREGATE_VALUE;
}

/* -------------------------------------------------------------------------------------- binding */

static const struct lt_aggregate_calls array_calls = {.update = update_list,
                                                      .merge = merge_list,
                                                      .evaluate = give_array,
                                                      .write = write_list,
                                                      .read = read_list};
static const struct lt_aggregate_calls text_calls = {.update = update_list,
                                                     .merge = merge_list,
                                                     .evaluate = give_text,
                                                     .write = write_list,
                                                     .read = read_list};

static int bind_array(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    (void)binding;
    aggregate->calls = &array_calls;
    aggregate->state_size_bytes = sizeof(struct list);
    return LT_OK;
}

/* Constants: the separator, then how each further argument is ordered. */
static int bind_text(struct lt_aggregate *aggregate, const struct lt_aggregate_binding *binding)
{
    const struct lt_plan_aggregate *plan = binding->plan;
    uint32_t orders = aggregate->argument_count - 1;
    lt_assert(plan->parameter_count == 0 || plan->parameter_count == orders + 1);
    if (aggregate->argument_count > ARGUMENTS_MAX)
        return lt_error_set(binding->error, LT_E_LIMIT, "it is ordered by more than %d expressions",
                            ARGUMENTS_MAX - 1);
    struct list_constants *constants = lt_arena_alloc(binding->arena, sizeof *constants + orders);
    constants->order_count = plan->parameter_count == 0 ? 0 : orders;
    if (plan->parameter_count > 0 && !plan->parameters[0]->is_null)
        constants->separator = plan->parameters[0]->value.bytes;
    for (uint32_t i = 0; i < constants->order_count; i++)
        constants->orders[i] = (uint8_t)plan->parameters[i + 1]->value.i64;
    aggregate->calls = &text_calls;
    aggregate->constants = constants;
    aggregate->state_size_bytes = sizeof(struct list);
    return LT_OK;
}

const struct lt_aggregate_kind lt_aggregate_collect_list = {.bind = bind_array, .inputs = 1};
const struct lt_aggregate_kind lt_aggregate_listagg = {
    .bind = bind_text, .inputs = 1, .has_order = true};
