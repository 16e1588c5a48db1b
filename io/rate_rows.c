/*
 * Rows from numbers.
 */
#include "io/rate_rows.h"

#include <string.h>

#include "core/base/error.h"

enum {
    VARIANTS = 64, /* a power of two; enough that no branch predictor learns them */
    ITEMS_MAX = 4,
    ORDER_COLUMNS = 6,
};

struct lt_rate_rows {
    const struct lt_type *schema;
    bool is_orders;
    const struct lt_struct *customers[VARIANTS];
    struct lt_array *items[VARIANTS];
    struct lt_bytes notes[VARIANTS];
};

static const struct lt_type *standard_schema(struct lt_arena *arena)
{
    const struct lt_field fields[] = {
        {.name = "timestamp", .type = lt_type_simple(LT_TYPE_TIMESTAMP), .nullable = true},
        {.name = "value", .type = lt_type_simple(LT_TYPE_BIGINT), .nullable = true},
    };
    return lt_type_struct(arena, fields, sizeof fields / sizeof fields[0]);
}

static const struct lt_type *orders_schema(struct lt_arena *arena)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    const struct lt_type *number = lt_type_simple(LT_TYPE_DOUBLE);
    const struct lt_field customer[] = {
        {.name = "id", .type = lt_type_simple(LT_TYPE_BIGINT)},
        {.name = "name", .type = string},
        {.name = "country", .type = string},
    };
    const struct lt_field item[] = {
        {.name = "sku", .type = string},
        {.name = "quantity", .type = lt_type_simple(LT_TYPE_INT)},
        {.name = "price", .type = number},
    };
    const struct lt_field fields[ORDER_COLUMNS] = {
        {.name = "order_id", .type = lt_type_simple(LT_TYPE_BIGINT)},
        {.name = "event_time", .type = lt_type_simple(LT_TYPE_TIMESTAMP)},
        {.name = "customer", .type = lt_type_struct(arena, customer, 3)},
        {.name = "items", .type = lt_type_array(arena, lt_type_struct(arena, item, 3), false)},
        {.name = "amount", .type = number},
        {.name = "note", .type = string, .nullable = true},
    };
    return lt_type_struct(arena, fields, ORDER_COLUMNS);
}

static const struct lt_struct *make_struct(struct lt_arena *arena, union lt_value a,
                                           union lt_value b, union lt_value c)
{
    union lt_value *values = lt_arena_alloc(arena, 3 * sizeof *values);
    values[0] = a;
    values[1] = b;
    values[2] = c;
    struct lt_struct *structure = lt_arena_alloc(arena, sizeof *structure);
    structure->values = values;
    return structure;
}

static struct lt_array *make_items(struct lt_arena *arena, uint32_t variant)
{
    uint32_t count = variant % (ITEMS_MAX + 1); /* empty ones too */
    union lt_value *values = lt_arena_alloc(arena, ITEMS_MAX * sizeof *values);
    for (uint32_t i = 0; i < count; i++) {
        const char *sku = lt_arena_format(arena, "SKU-%05u", variant * 37 + i * 1009);
        values[i].structure = make_struct(arena, lt_value_text(sku), lt_value_i64(1 + i),
                                          lt_value_f64(0.25 * (double)(1 + variant * 7 + i)));
    }
    struct lt_array *array = lt_arena_alloc(arena, sizeof *array);
    array->count = count;
    array->values = values;
    return array;
}

static void make_variants(struct lt_rate_rows *rows, struct lt_arena *arena)
{
    static const char *const countries[] = {"DE", "FR", "JP", "US", "BR", "IN", "ZA", "NZ"};
    for (uint32_t i = 0; i < VARIANTS; i++) {
        const char *name = lt_arena_format(arena, "customer-%u", i);
        rows->customers[i] = make_struct(arena, lt_value_i64(1000 + i), lt_value_text(name),
                                         lt_value_text(countries[i % 8]));
        rows->items[i] = make_items(arena, i);
        rows->notes[i] = lt_value_text(lt_arena_format(arena, "leave at door %u", i)).bytes;
    }
}

struct lt_rate_rows *lt_rate_rows_create(struct lt_arena *arena, const char *columns)
{
    struct lt_rate_rows *rows = lt_arena_alloc(arena, sizeof *rows);
    rows->is_orders = strcmp(columns, "orders") == 0;
    rows->schema = rows->is_orders ? orders_schema(arena) : standard_schema(arena);
    if (rows->is_orders)
        make_variants(rows, arena);
    return rows;
}

const struct lt_type *lt_rate_rows_schema(const struct lt_rate_rows *rows)
{
    return rows->schema;
}

/* Mixes a number so that neighbours look unrelated (splitmix64's last step). */
static uint64_t mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

void lt_rate_rows_fill(const void *made_of, struct lt_row *row, int64_t value, int64_t timestamp_us)
{
    const struct lt_rate_rows *rows = made_of;
    union lt_value *values = lt_row_values(row);
    if (!rows->is_orders) {
        values[0].i64 = timestamp_us;
        values[1].i64 = value;
        return;
    }
    uint64_t mixed = mix((uint64_t)value + 1);
    uint32_t variant = (uint32_t)mixed % VARIANTS;
    values[0].i64 = value;
    values[1].i64 = timestamp_us;
    values[2].structure = rows->customers[variant];
    values[3].array = rows->items[(variant * 5) % VARIANTS];
    values[4].f64 = (double)(mixed >> 32) * (1000.0 / 4294967296.0);
    values[5].bytes = rows->notes[variant];
    if (value % 10 == 9)
        lt_row_set_null(row, 5);
}
