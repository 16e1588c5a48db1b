/*
 * The rows that all engines are measured on: made from their number alone, so that each run and
 * each program has the same ones.
 *
 *   orders  JSON documents of 300 bytes on average (280 to 320): thirteen fields, two of them
 *           nested, escapes in one of sixteen notes
 *   visits  lines of an access log, some 110 bytes, for regular expressions
 *
 * The texts lie one behind the other as in a file, a line feed after each, and may be read
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

enum row_kind { ROWS_ORDERS, ROWS_VISITS, ROW_KINDS };

struct text_rows {
    enum row_kind kind;
    uint32_t count;
    char *text;             /* all of them */
    const uint32_t *begins; /* count + 1 offsets: row i ends one byte before row i + 1 begins */
};

/* Never fails: out of memory ends the program. The caller's, until text_rows_fini. */
void text_rows_init(struct text_rows *rows, enum row_kind kind, uint32_t count);
void text_rows_fini(struct text_rows *rows);

static inline const char *text_rows_at(const struct text_rows *rows, uint32_t index,
                                       size_t *size_bytes)
{
    *size_bytes = rows->begins[index + 1] - rows->begins[index] - 1;
    return rows->text + rows->begins[index];
}

/* "orders", "visits". */
const char *row_kind_name(enum row_kind kind);

#ifdef __cplusplus
}
#endif

#endif
