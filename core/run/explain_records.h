/*
 * What becomes of a record, a line for each fact: mode, copies and memory, what is parsed of it,
 * what is promised and what limits the promise, and when it is seen. Numbers are those of the
 * compiled query; behind # stands what they follow from.
 *
 * on: control.
 */
#ifndef LT_RUN_EXPLAIN_RECORDS_H
#define LT_RUN_EXPLAIN_RECORDS_H

#include "core/base/text_buffer.h"
#include "core/run/assembly.h"

/* "   # lanes = 2, command line": how an option of the query is set, to which a reason may be
 * added. */
void lt_explain_option(const struct lt_assembly *assembly, const char *name,
                       struct lt_text_buffer *out);
void lt_explain_records(const struct lt_assembly *assembly, struct lt_text_buffer *out);
/* The guarantee, and how records fail. */
void lt_explain_guarantee(const struct lt_assembly *assembly, struct lt_text_buffer *out);

#endif
