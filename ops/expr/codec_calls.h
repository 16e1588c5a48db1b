/*
 * What the functions that read and write JSON and CSV have in common beside their arguments
 * (codec_arguments.h): which modes they take, where what they read is kept and that it is read
 * once, how schema_of_json and schema_of_csv give the text that they know since they were prepared.
 *
 * on: as said of each.
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

/* The fault of a text that is a time only for Spark 2, lt_times_take_old()'s:
 * INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER, for try_ functions too. */
enum lt_kernel lt_codec_tell_old(struct lt_machine *machine, const struct lt_call *call,
                                 const char *text, size_t size_bytes);

/* What a reader of documents has read in an evaluation: for all its calls. */
struct lt_reading {
    bool is_shared; /* false: each call reads for itself */
    uint64_t generation;
    enum lt_kernel result;
    union lt_value value;
};
/* Takes what was read in this evaluation, or reads. on: the machine's thread. */
static inline enum lt_kernel lt_reading_once(struct lt_reading *reading, struct lt_machine *machine,
                                             const struct lt_call *call, lt_kernel_fn *read,
                                             union lt_value *out)
{
    if (reading->is_shared && reading->generation == machine->generation) {
        *out = reading->value;
        return reading->result;
    }
    struct lt_aside *aside = machine->aside;
    machine->aside = reading->is_shared ? NULL : aside; /* it outlives a lambda's run */
    reading->result = read(machine, call, out);
    machine->aside = aside;
    reading->value = *out;
    reading->generation = machine->generation;
    return reading->result;
}

/* For `infer` of a call of a constant sample and options. */
int lt_infer_schema_of(struct lt_analyser *analyser, struct lt_expression *call) LT_MUST_USE;
/* For `prepare`: what lt_schema_of, the kernel, gives from then on; or that the sample is none, for
 * which it fails where a record comes to it. */
void lt_schema_of_set(const struct lt_prepare *prepare, const struct lt_type *type);
void lt_schema_of_fail(const struct lt_prepare *prepare, const char *condition,
                       const char *sqlstate, const struct lt_error *why);
lt_kernel_fn lt_schema_of;

#endif
