/*
 * What the two forms of a look have in common: words, and which epoch is meant.
 *
 * on: any. Pure.
 */
#ifndef LT_EPOCH_INSPECT_TEXT_H
#define LT_EPOCH_INSPECT_TEXT_H

#include "core/epoch/inspect.h"

/* "committed". */
const char *lt_inspect_stage_name(enum lt_inspect_stage stage);
/* What a start does, behind "a start ". */
void lt_inspect_describe_start(const struct lt_inspection *inspection, struct lt_text_buffer *out);
/* The one that is asked for, else the last; NULL: there is none. */
int lt_inspect_choose_epoch(const struct lt_inspection *inspection,
                            const struct lt_inspect_print *print,
                            const struct lt_inspect_epoch **out,
                            struct lt_error *error) LT_MUST_USE;

#endif
