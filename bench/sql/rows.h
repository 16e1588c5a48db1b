/*
 * The rows that all engines are measured on: made from their number alone, so that each run and
 * each program has the same ones.
 *
 *   orders  JSON documents of 300 bytes on average (280 to 320): thirteen fields, two of them
 *           nested, escapes in one of sixteen notes
 *   visits  lines of an access log, some 95 bytes, for regular expressions
 *   bids    of leat's source nexmark, spread over a day
 *
 * Texts lie one behind the other as in a file, a line feed after each, and may be read
 * ROW_PADDING_BYTES past the end of each row: as messages of a batch from Kafka may be.
 *
 * on: one thread.
 */
#ifndef LT_BENCH_SQL_ROWS_H
#define LT_BENCH_SQL_ROWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ROW_PADDING_BYTES = 64 };

enum row_kind { ROWS_ORDERS, ROWS_VISITS, ROWS_BIDS, ROW_KINDS };

#define BENCH_BIDS_BEGIN_US INT64_C(1436918400000000) /* 2015-07-15 */

struct bid {
    int64_t auction, bidder, price, time_us;
    const char *channel, *url, *extra; /* not terminated */
    uint32_t channel_bytes, url_bytes, extra_bytes;
};

struct bench_rows {
    enum row_kind kind;
    uint32_t count;
    char *text;             /* all of them; of bids: their texts */
    const uint32_t *begins; /* count + 1 offsets: row i ends one byte before row i + 1 begins */
    const struct bid *bids;
};

/* Never fails: what goes wrong ends the program. The caller's, until bench_rows_fini. */
void bench_rows_init(struct bench_rows *rows, enum row_kind kind, uint32_t count);
void bench_rows_fini(struct bench_rows *rows);
/* Writes them as lines; bids as columns between tabs, times as microseconds since 1970. */
void bench_rows_write(const struct bench_rows *rows, const char *path);

static inline const char *bench_rows_text(const struct bench_rows *rows, uint32_t index,
                                          size_t *size_bytes)
{
    *size_bytes = rows->begins[index + 1] - rows->begins[index] - 1;
    return rows->text + rows->begins[index];
}

/* "orders", "visits", "bids". */
const char *row_kind_name(enum row_kind kind);

/* For rows.c: fills `rows` with `count` bids. */
void bench_bids_init(struct bench_rows *rows, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
