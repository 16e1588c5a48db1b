/*
 * A WHERE clause and a select list over the rows of the cases, run as a query runs them: as plan
 * nodes that the catalog analyses and makes operators of.
 */
#ifndef LT_TESTS_SUPPORT_CONFORMANCE_PIPELINE_H
#define LT_TESTS_SUPPORT_CONFORMANCE_PIPELINE_H

#include <stdbool.h>

#include "ops/expr/session.h"
#include "tests/support/conformance_rows.h"

enum { PIPELINE_ROWS_MAX = 1024, PIPELINE_ITEMS_MAX = 64 };

/* What came out, in the words of the files. */
struct pipeline_result {
    char kind[32];                 /* "rows", "parse-error", ... */
    char error[256];               /* condition and SQLSTATE */
    char type[8192];               /* struct<...> of the rows, or "-" */
    char *rows[PIPELINE_ROWS_MAX]; /* JSON; owned */
    unsigned row_count;            /* before the error, if there is one */
    bool is_refused;               /* with that error, before the first row */
};

/* A condition, or a select list. */
struct pipeline_step {
    const char *where; /* NULL: a select list */
    const char *const *items;
    unsigned item_count;
};

/* The steps in order, improved as a query's are. At most PIPELINE_STEPS_MAX. */
enum { PIPELINE_STEPS_MAX = 7 };
void conformance_chain_run(const struct pipeline_step *steps, unsigned step_count,
                           const struct conformance_rows *rows, const struct lt_session *session,
                           struct pipeline_result *out);
/* A condition (NULL: all rows), then a select list. */
void conformance_pipeline_run(const char *where, const char *const *items, unsigned item_count,
                              const struct conformance_rows *rows, const struct lt_session *session,
                              struct pipeline_result *out);
void conformance_pipeline_fini(struct pipeline_result *result);
bool conformance_pipeline_same(const struct pipeline_result *a, const struct pipeline_result *b);

#endif
