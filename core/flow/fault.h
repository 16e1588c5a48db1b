/*
 * A record that cannot be processed, and what becomes of it. There are three outcomes and no
 * fourth: delivered, dead-lettered, or the query stops.
 *
 * Whoever notices that a record fails (an operator, a sink) hands the row and a fault to lt_out's
 * fail(); which outcome it is has been decided by the user (`dlq`) and is carried out in core/run.
 * Failing is not the record path: a fault is allocated, and freed by whoever carries the outcome
 * out.
 */
#ifndef LT_FLOW_FAULT_H
#define LT_FLOW_FAULT_H

#include "core/base/error.h"
#include "core/data/row.h"

enum { LT_FAULT_TEXT_MAX = 1024 };

struct lt_fault {
    char condition[LT_ERROR_CONDITION_MAX]; /* "DIVIDE_BY_ZERO", "RECORD_TOO_LARGE" */
    char sqlstate[6];
    char stage[64];               /* who noticed: "filter", "sink kafka" */
    char text[LT_FAULT_TEXT_MAX]; /* the cause, one line */
    unsigned line, position;      /* in a text that was parsed, as struct lt_error's; 0: nowhere */
    int64_t wall_us;              /* when; filled by lt_out's owner if 0 */
    uint32_t epochs_ago; /* markers that a sink was given since it took the record; 0: none */
};

struct lt_fault *lt_fault_create(const char *stage, const char *condition, const char *sqlstate,
                                 const char *format, ...) __attribute__((format(printf, 4, 5)));
void lt_fault_destroy(struct lt_fault *fault);

#endif
