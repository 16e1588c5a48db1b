/*
 * The machine: steps, registers, and what a kernel (the C code of one function) may use.
 *
 * A register is a value and, in a parallel array, its null byte, 0 or 1. Constants are registers
 * that are filled when the program is made. A step names its registers; a kernel reads its
 * arguments through its call. Strict calls (LT_OP_CALL) reach the kernel only when no argument is
 * NULL.
 *
 * on: the program's thread.
 */
#ifndef LT_OPS_EXPR_MACHINE_H
#define LT_OPS_EXPR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/date.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/scratch.h"
#include "ops/expr/session.h"

/* Opcodes. Those of a family stand together, in the order of lt_op_family. */
#define LT_OP_NUMERIC_MAP(XX, NAME)                                                                \
    XX(NAME##_TINYINT)                                                                             \
    XX(NAME##_SMALLINT)                                                                            \
    XX(NAME##_INT)                                                                                 \
    XX(NAME##_BIGINT)                                                                              \
    XX(NAME##_FLOAT)                                                                               \
    XX(NAME##_DOUBLE)
#define LT_OP_ORDER_MAP(XX, NAME)                                                                  \
    XX(NAME##_I64)                                                                                 \
    XX(NAME##_F64)                                                                                 \
    XX(NAME##_BYTES)                                                                               \
    XX(NAME##_ANY)
#define LT_OP_MAP(XX)                                                                              \
    XX(COLUMN) /* out = column a of the row */                                                     \
    XX(MOVE)                                                                                       \
    XX(SELECT)  /* out = a is true ? b : register `other` */                                       \
    XX(IF_NULL) /* out = a is NULL ? b : a */                                                      \
    XX(JUMP)                                                                                       \
    XX(JUMP_IF_FALSE)                                                                              \
    XX(JUMP_IF_TRUE)                                                                               \
    XX(JUMP_IF_NOT_TRUE)                                                                           \
    XX(JUMP_IF_NULL) /* and out is NULL then */                                                    \
    XX(JUMP_IF_NOT_NULL)                                                                           \
    XX(AND)                                                                                        \
    XX(OR)                                                                                         \
    XX(NOT)                                                                                        \
    XX(IS_NULL)                                                                                    \
    XX(IS_NOT_NULL)                                                                                \
    LT_OP_ORDER_MAP(XX, EQUAL)                                                                     \
    LT_OP_ORDER_MAP(XX, LESS)                                                                      \
    LT_OP_ORDER_MAP(XX, LESS_EQUAL)                                                                \
    LT_OP_ORDER_MAP(XX, GREATER)                                                                   \
    LT_OP_ORDER_MAP(XX, GREATER_EQUAL)                                                             \
    XX(EQUAL_SHORT) /* bytes in a = a constant of at most eight */                                 \
    XX(NULL_SAFE_EQUAL)                                                                            \
    LT_OP_NUMERIC_MAP(XX, ADD)                                                                     \
    LT_OP_NUMERIC_MAP(XX, SUBTRACT)                                                                \
    LT_OP_NUMERIC_MAP(XX, MULTIPLY)                                                                \
    XX(DIVIDE_DOUBLE)                                                                              \
    XX(SIZE_BYTES) /* out = bytes in a */                                                          \
    XX(SIZE_CHARACTERS)                                                                            \
    XX(TO_DOUBLE) /* from any integer */                                                           \
    XX(JSON_FIELD)                                                                                 \
    XX(FIELD) /* out = field b of the struct in a */                                               \
    XX(CALL)                                                                                       \
    XX(CALL_1) /* the same with one argument, a */                                                 \
    XX(CALL_2) /* with two, a and b */                                                             \
    XX(CALL_WITH_NULLS)                                                                            \
    XX(REMAINDER)    /* of integers; what these four cannot do is left to the call's kernel */     \
    XX(REMAINDER_BY) /* a constant of 32 bits, which is the call's state */                        \
    XX(MULTIPLY_DECIMAL)                                                                           \
    XX(TO_DECIMAL)              /* without places, from any integer: always can */                 \
    XX(SIZE_OF_COLUMN_COMPARED) /* bytes in column a, compared with a constant; aux says how */    \
    XX(RETURN)                  /* ends the body of a lambda */                                    \
    XX(STORES)                  /* the out row's columns = registers */                            \
    XX(COPY_COLUMNS)            /* columns of the out row = columns of the row */                  \
    XX(ANSWER)                  /* ends with a's boolean */                                        \
    XX(ANSWER_EQUAL)            /* ends with what EQUAL_I64 would give ANSWER; and so on */        \
    XX(ANSWER_LESS)                                                                                \
    XX(ANSWER_LESS_EQUAL)                                                                          \
    XX(ANSWER_GREATER)                                                                             \
    XX(ANSWER_GREATER_EQUAL)                                                                       \
    XX(END)

enum lt_op {
#define LT_OP_ENUM(name) LT_OP_##name,
    LT_OP_MAP(LT_OP_ENUM)
#undef LT_OP_ENUM
        LT_OP_COUNT
};

struct lt_aside;
struct lt_datetime_context;
struct lt_machine;
struct lt_call;

enum lt_kernel {
    LT_KERNEL_VALUE, /* *out was set */
    LT_KERNEL_NULL,
    LT_KERNEL_FAULT, /* lt_machine_fault() was called */
};
typedef enum lt_kernel lt_kernel_fn(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out);

/* The body of a lambda: steps up to RETURN, that read the parameters' registers. */
struct lt_lambda {
    uint32_t first_step;
    const uint32_t *parameters; /* registers */
    uint32_t parameter_count;
    uint32_t result; /* a register */
};

/* One call in a program. Constant after the program is made, but for what `state` points to. */
struct lt_call {
    lt_kernel_fn *kernel;
    const uint32_t *arguments; /* registers */
    const struct lt_type *const *argument_types;
    const struct lt_type *type;
    uint32_t argument_count;
    bool is_try;    /* NULL in place of a fault: try_cast, and casts under the legacy rules */
    bool is_legacy; /* the session's rules are not ANSI's */
    const struct lt_session *session;
    const struct lt_lambda *lambdas; /* of the arguments that are lambdas, in their order */
    void *state;                     /* what `prepare` made (core of a pattern, a set), or NULL */
    const char *name;
    const char *stored; /* of a cast that INSERT makes: the column it is for; else NULL */
    struct lt_expr_place place;
};

struct lt_json_load;

/* LT_OP_SIZE_OF_COLUMN_COMPARED: true when first <= size <= last. */
struct lt_range {
    int64_t first, last;
};

/* LT_OP_EQUAL_SHORT: the constant's bytes as a number, and which of its bits count. */
struct lt_short_text {
    uint64_t head, mask;
    uint32_t size_bytes;
};

/* LT_OP_REMAINDER_BY: the remainder of a number below 2^32 is the upper half of what the lower 64
 * bits of multiplier * number make with the divisor. Source: D. Lemire, O. Kaser, N. Kurz, "Faster
 * remainder by direct computation", 2019, theorem 1, with 64 fractional bits. */
struct lt_divisor {
    uint64_t multiplier; /* 2^64 / divisor, rounded up */
    uint32_t divisor;    /* 2 or more */
};
static inline int64_t lt_divisor_remainder(const struct lt_divisor *by, int64_t number)
{
    if (lt_unlikely((uint64_t)number >> 32 != 0))
        return number % by->divisor;
    uint64_t fraction = by->multiplier * (uint64_t)number;
    return (int64_t)((unsigned __int128)fraction * by->divisor >> 64);
}

/* Values for the out row: LT_OP_COPY_COLUMNS from columns of the row, LT_OP_STORES from registers.
 */
struct lt_column_copy {
    uint32_t from, to;
    /* Where they stand in the row or among the registers, so that it need not be computed for each
     * row. */
    uint32_t from_bytes, to_bytes;
};
struct lt_column_copies {
    uint32_t count;
    struct lt_column_copy copies[];
};

struct lt_step {
    const void *code; /* the label of its code, where there is computed goto */
    uint32_t op;
    uint32_t out, a, b;
    union {
        uint32_t target; /* jumps: a step */
        uint32_t other;  /* SELECT: a register */
        const struct lt_call *call;
        const struct lt_json_load *json;
        const struct lt_range *range;
        const struct lt_short_text *text;
        const struct lt_column_copies *columns;
    };
};
_Static_assert(sizeof(struct lt_step) == 32, "two steps to a cache line");

enum { LT_MACHINE_FAULT_TEXT_MAX = 960 };

struct lt_machine {
    union lt_value *values; /* registers */
    uint8_t *nulls;
    const struct lt_row *row;
    struct lt_row *out; /* NULL in a predicate */
    const struct lt_clock *clock;
    struct lt_datetime_context *times; /* the session's zone; NULL where no call needs it */
    struct lt_text_buffer text;        /* for a kernel's own use, while it runs */
    const struct lt_step *steps;       /* all of the program's */
    bool use_switch;
    uint64_t generation;       /* counts evaluations: what is fresh in a JSON group */
    struct lt_scratch scratch; /* memory in a predicate */
    size_t withheld_bytes;     /* a value may have so many less than LT_LIMIT_VALUE_BYTES */
    bool lacked_room;          /* one would have had more */
    struct lt_aside *aside;    /* where memory comes from while it is set (aside.h) */
    int64_t date_days;         /* the day that was last taken apart, and its parts */
    struct lt_date date;
    const char *fault_condition, *fault_sqlstate;
    char fault_text[LT_MACHINE_FAULT_TEXT_MAX];
    unsigned fault_line, fault_position; /* as struct lt_error's */
};

static inline const union lt_value *lt_argument(const struct lt_machine *machine,
                                                const struct lt_call *call, uint32_t index)
{
    return &machine->values[call->arguments[index]];
}
static inline bool lt_argument_is_null(const struct lt_machine *machine, const struct lt_call *call,
                                       uint32_t index)
{
    return machine->nulls[call->arguments[index]] != 0;
}
static inline struct lt_bytes lt_argument_bytes(const struct lt_machine *machine,
                                                const struct lt_call *call, uint32_t index)
{
    return lt_argument(machine, call, index)->bytes;
}
/* Positions and counts are then bytes, not characters. */
static inline bool lt_argument_is_binary(const struct lt_call *call, uint32_t index)
{
    return call->argument_types[index]->kind == LT_TYPE_BINARY;
}

/* An array of `count` elements to be filled, its nulls all clear; NULL: too large. */
struct lt_array *lt_machine_array(struct lt_machine *machine, uint32_t count);
/* The same for a struct. */
struct lt_struct *lt_machine_struct(struct lt_machine *machine, uint32_t count);
/* A map of up to `count` entries; `keys.count` and `values.count` are `count`. */
struct lt_map *lt_machine_map(struct lt_machine *machine, uint32_t count);
/* What was made above, for writing. */
static inline union lt_value *lt_writable_values(const union lt_value *values)
{
    return (union lt_value *)(uintptr_t)values;
}
static inline void lt_array_put(struct lt_array *array, uint32_t index, bool is_null,
                                const union lt_value *value)
{
    if (is_null)
        lt_bit_set((uint64_t *)(uintptr_t)array->nulls, index);
    else
        lt_writable_values(array->values)[index] = *value;
}

/* Memory for a computed value: as long as the out row lives, or (in a predicate) until the next
 * evaluation. NULL over LT_LIMIT_VALUE_BYTES, or when there is no memory; the kernel then returns
 * lt_machine_too_large(). */
void *lt_machine_alloc(struct lt_machine *machine, size_t size_bytes);
enum lt_kernel lt_machine_too_large(struct lt_machine *machine, const struct lt_call *call);
/* A copy of the bytes as the value of a call. */
enum lt_kernel lt_machine_put(struct lt_machine *machine, const struct lt_call *call,
                              const void *data, size_t size_bytes, union lt_value *out);

/* Records why the evaluation fails. Returns LT_KERNEL_FAULT; LT_KERNEL_NULL in a try_ call. */
enum lt_kernel lt_machine_fault(struct lt_machine *machine, const struct lt_call *call,
                                const char *condition, const char *sqlstate, const char *format,
                                ...) __attribute__((format(printf, 5, 6)));

/* What a step's `code` is, or NULL in a build without computed goto. */
const void *lt_machine_label(enum lt_op op);
enum lt_machine_end { LT_MACHINE_FALSE, LT_MACHINE_TRUE, LT_MACHINE_NULL, LT_MACHINE_FAULTED };
/* Runs the machine's steps from number `first` up to ANSWER, RETURN or END. */
enum lt_machine_end lt_machine_run(struct lt_machine *machine, uint32_t first);
/* The same steps through a switch. */
enum lt_machine_end lt_machine_run_switch(struct lt_machine *machine, uint32_t first);

/* Sets a parameter of one of the call's lambdas, then runs it: the result is
 * lt_machine_lambda_result(), NULL when it is null. False: a fault. */
static inline void lt_machine_set_parameter(struct lt_machine *machine,
                                            const struct lt_lambda *lambda, uint32_t index,
                                            bool is_null, const union lt_value *value)
{
    uint32_t target = lambda->parameters[index];
    machine->nulls[target] = is_null;
    if (!is_null)
        machine->values[target] = *value;
}
bool lt_machine_call_lambda(struct lt_machine *machine, const struct lt_lambda *lambda) LT_MUST_USE;
static inline const union lt_value *lt_machine_lambda_result(const struct lt_machine *machine,
                                                             const struct lt_lambda *lambda)
{
    return machine->nulls[lambda->result] ? NULL : &machine->values[lambda->result];
}

#endif
