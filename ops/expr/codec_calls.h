/*
 * What the functions that read and write JSON and CSV have in common beside their arguments
 * (codec_arguments.h): which modes they take, where what they read is kept, how schema_of_json and
 * schema_of_csv give the text that they know since they were prepared.
 */
#ifndef LT_OPS_EXPR_CODEC_CALLS_H
#define LT_OPS_EXPR_CODEC_CALLS_H

#include "core/text/codec.h"
#include "ops/expr/analyser.h"

/* For `prepare`. PARSE_MODE_UNSUPPORTED for DROPMALFORMED: an expression cannot drop its row. */
int lt_codec_check_mode(const struct lt_prepare *prepare, enum lt_codec_mode mode,
                        struct lt_error *error) LT_MUST_USE;

/* Values that live as long as the machine's record. on: the machine's thread. */
struct lt_codec_memory lt_codec_machine_memory(struct lt_machine *machine);

/* For `infer` of a call of a constant sample and options. */
int lt_infer_schema_of(struct lt_analyser *analyser, struct lt_expression *call) LT_MUST_USE;
/* For `prepare`: what lt_schema_of, the kernel, gives from then on. */
void lt_schema_of_set(const struct lt_prepare *prepare, const struct lt_type *type);
lt_kernel_fn lt_schema_of;

#endif
