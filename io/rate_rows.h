/*
 * The columns of a row of the source rate, from its number.
 *
 *   standard   timestamp TIMESTAMP, value BIGINT                                       (Spark's)
 *   orders     order_id BIGINT, event_time TIMESTAMP, customer STRUCT<id, name, country>,
 *              items ARRAY<STRUCT<sku, quantity, price>>, amount DOUBLE, note STRING   (typed and
 * nested, for measuring)
 *
 * Nested values and texts are constants made once per source, from which the number picks: making a
 * row costs a few stores. `amount` lies evenly in 0..1000, so a filter on it keeps a known share;
 * every tenth `note` is null.
 *
 * on: any once made.
 */
#ifndef LT_IO_RATE_ROWS_H
#define LT_IO_RATE_ROWS_H

#include "core/base/arena.h"
#include "core/data/row.h"
#include "core/data/type.h"

struct lt_rate_rows;

/* `columns` is "standard" or "orders". Lives in the arena. */
struct lt_rate_rows *lt_rate_rows_create(struct lt_arena *arena, const char *columns);
const struct lt_type *lt_rate_rows_schema(const struct lt_rate_rows *rows);
/* Fills a row just claimed from a pool with as many columns as the schema. `rows` is a
 * struct lt_rate_rows. */
void lt_rate_rows_fill(const void *rows, struct lt_row *row, int64_t value, int64_t timestamp_us);

#endif
