/*
 * The constant arguments of the functions that read and write JSON and CSV: schemas and options.
 *
 * A schema is DDL ("a INT, b STRING"), one type ("ARRAY<INT>"), or Spark's JSON form of a type. It
 * is known when the call is analysed; options are written with map(), as Spark insists.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_CODEC_ARGUMENTS_H
#define LT_OPS_EXPR_CODEC_ARGUMENTS_H

#include "ops/expr/analyser.h"

/* A type from any of the three forms. The error is that of the DDL. */
int lt_schema_parse(const char *text, struct lt_arena *arena, const struct lt_type **out,
                    struct lt_error *error) LT_MUST_USE;

/* For `infer`. Folds the argument, a schema, and gives its type, everything in it nullable. */
int lt_infer_schema(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                    const struct lt_type **out) LT_MUST_USE;
/* Folds the argument, a map() of options, if the call has as many: a LITERAL of
 * map<string,string>. */
int lt_infer_options(struct lt_analyser *analyser, struct lt_expression *call,
                     uint32_t index) LT_MUST_USE;
/* The argument is a string (NULL becomes one), else UNEXPECTED_INPUT_TYPE. */
int lt_infer_string(struct lt_analyser *analyser, struct lt_expression *call,
                    uint32_t index) LT_MUST_USE;
/* As lt_infer_string, and a constant that is not NULL: a LITERAL. */
int lt_infer_sample(struct lt_analyser *analyser, struct lt_expression *call,
                    uint32_t index) LT_MUST_USE;
/* Sets what is left to set of a call: the function's one signature, the type. */
int lt_infer_done(struct lt_expression *call, const struct lt_type *type, bool nullable);

/* For `prepare`. Calls `set` with each key and value of the options at `index`, if there are any.
 * A key that is not known (LT_E_NOT_FOUND) is passed over, as in Spark; another error ends it. */
typedef int lt_option_fn(void *options, struct lt_arena *arena, const char *key, const char *value,
                         struct lt_error *error);
int lt_options_read(const struct lt_expression *call, uint32_t index, lt_option_fn *set,
                    void *options, struct lt_arena *arena, struct lt_error *error) LT_MUST_USE;
/* The text of a constant argument, NUL-terminated, in the arena. */
const char *lt_constant_text(const struct lt_expression *argument, struct lt_arena *arena);

#endif
