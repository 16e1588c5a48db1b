/*
 * What Spark says of a value that cannot be computed, word for word, where several kernels say it.
 * A fault that one kernel has stands with that kernel; its text is Spark's too.
 *
 * Texts end without a full stop: lt_machine_fault() goes on with the place.
 *
 * on: the program's thread; only on the way out of a failed record.
 */
#ifndef LT_OPS_EXPR_FAULTS_H
#define LT_OPS_EXPR_FAULTS_H

#include "core/base/text_buffer.h"
#include "ops/expr/machine.h"

/* What ends the texts of faults that the legacy rules do not have. */
#define LT_FAULT_BYPASS                                                                            \
    "If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error"

/* All return what lt_machine_fault() does: LT_KERNEL_NULL in a try_ call. */

/* CAST_INVALID_INPUT, CAST_OVERFLOW: argument 0 is no value of the call's type, or does not fit. */
enum lt_kernel lt_fault_cast_input(struct lt_machine *machine, const struct lt_call *call);
enum lt_kernel lt_fault_cast_overflow(struct lt_machine *machine, const struct lt_call *call);
/* CAST_OVERFLOW_IN_TABLE_INSERT: the call has `stored`. */
enum lt_kernel lt_fault_stored_overflow(struct lt_machine *machine, const struct lt_call *call);
/* DIVIDE_BY_ZERO, REMAINDER_BY_ZERO. */
enum lt_kernel lt_fault_by_zero(struct lt_machine *machine, const struct lt_call *call,
                                bool is_remainder);
/* ARITHMETIC_OVERFLOW: "integer overflow", and the function that gives NULL instead; NULL: none. */
enum lt_kernel lt_fault_overflow(struct lt_machine *machine, const struct lt_call *call,
                                 const char *what, const char *try_name);
/* "long overflow", "integer overflow": how Java's exact arithmetic says it of a type. */
const char *lt_fault_overflow_name(const struct lt_type *type);
/* BINARY_ARITHMETIC_OVERFLOW of tinyint and smallint: "127S + 1S caused overflow". */
enum lt_kernel lt_fault_small_overflow(struct lt_machine *machine, const struct lt_call *call,
                                       int64_t a, const char *sign, int64_t b,
                                       const char *try_name);
/* INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION. */
enum lt_kernel lt_fault_interval_overflow(struct lt_machine *machine, const struct lt_call *call);
/* INVALID_PARAMETER_VALUE.*: the parameter, and what is wrong with it. */
enum lt_kernel lt_fault_parameter(struct lt_machine *machine, const struct lt_call *call,
                                  const char *condition, const char *parameter, const char *format,
                                  ...) __attribute__((format(printf, 5, 6)));
/* INVALID_INDEX_OF_ZERO. */
enum lt_kernel lt_fault_index_zero(struct lt_machine *machine, const struct lt_call *call);
/* INVALID_ARRAY_INDEX, of an array or of the arguments of elt(). */
enum lt_kernel lt_fault_index(struct lt_machine *machine, const struct lt_call *call, int64_t index,
                              uint32_t count);

/* The value as Spark's texts show it: 'text', 1L, 1.5BD, 1.0E20D. */
void lt_fault_show(struct lt_text_buffer *out, const struct lt_type *type,
                   const union lt_value *value);
/* The same without quotes and letters of types: of a key of a map. */
void lt_fault_show_plain(struct lt_text_buffer *out, const struct lt_type *type,
                         const union lt_value *value);

#endif
