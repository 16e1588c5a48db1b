/*
 * Cases whose results a live Spark gave (tests/conformance/README.md says how they are written):
 * reading them, evaluating an expression as the cases do, and comparing.
 */
#ifndef LT_TESTS_SUPPORT_CONFORMANCE_H
#define LT_TESTS_SUPPORT_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "ops/expr/session.h"

enum { CONFORMANCE_FIELDS = 7 };

/* What came out, in the words of the files. */
struct conformance_outcome {
    char kind[32];  /* "value", "null", "parse-error", ... */
    char type[512]; /* simpleString, or "-" */
    char *result;   /* owned; of any bytes */
    size_t result_size;
};
void conformance_outcome_fini(struct conformance_outcome *out);

/* Undoes the files' escapes in place; returns the size. */
size_t conformance_unescape(char *text);
/* Cuts a line at its tabs; returns how many fields there are. */
unsigned conformance_split(char *line, char *fields[CONFORMANCE_FIELDS]);
/* "-" or "key=value;key=value". False: a setting is not known. */
bool conformance_settings(char *text, struct lt_session *session);

/* The same settings for the other way to a result: the switch, and nothing optimised. */
struct lt_session conformance_plain(const struct lt_session *session);
/* Parses, analyses and evaluates over one row (NULL: none), as a value that is shown; `is_plain`:
 * the other way. */
void conformance_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                          const struct lt_session *session, bool is_plain,
                          struct conformance_outcome *out);
bool conformance_same(const struct conformance_outcome *a, const struct conformance_outcome *b);
/* Does it agree with what the case wants? `last_place`: a double may differ in its last place. */
bool conformance_agrees(const char *kind, const char *type, const char *result, size_t result_size,
                        const struct conformance_outcome *out, bool last_place);

#endif
