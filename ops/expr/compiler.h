/*
 * The program and its maker, shared by compile*.c (trees to steps) and program.c (life and
 * evaluation).
 */
#ifndef LT_OPS_EXPR_COMPILER_H
#define LT_OPS_EXPR_COMPILER_H

#include "ops/expr/functions.h"
#include "ops/expr/machine.h"
#include "ops/expr/program.h"
#include "ops/expr/share.h"

/* A prepared call that holds something to give back. */
struct lt_prepared {
    struct lt_prepared *next;
    void (*release)(void *state);
    void *state;
};

/* The JSON paths over one column. */
struct lt_program_json {
    struct lt_program_json *next;
    struct lt_json_group *group;
    int32_t column; /* -1: not a column; the group has one path and one user */
};

/* What reads documents for calls of the same text and type. */
struct lt_program_reader {
    struct lt_program_reader *next;
    const struct lt_expression *node; /* the first of the calls */
    const struct lt_function *function;
    struct lt_use *use;
    void *state; /* once prepared */
    lt_kernel_fn *kernel;
    uint32_t first_field; /* registers of its fields, when the kernel fills them */
    bool is_shared, is_prepared, fills_fields;
};

struct lt_program {
    struct lt_machine machine;
    struct lt_step *steps;
    uint32_t step_count;
    uint32_t answer_start; /* where the steps up to ANSWER begin; UINT32_MAX: none */
    uint32_t answer_register;
    const struct lt_shortcut *shortcut; /* or NULL */
    /* What lt_program_eval copies when that is all it does; else NULL. */
    const struct lt_column_copies *only_copied;
    struct lt_json_filter *json_filter; /* or NULL */
    uint32_t register_count;
    bool use_switch, is_filter;
    struct lt_arena *arena;
    struct lt_prepared *prepared;
    struct lt_program_json *json;
    struct lt_program_reader *readers;
    struct lt_program_fault fault;
};

enum { LT_REGISTER_ANY = UINT32_MAX };

struct lt_compiler {
    struct lt_program *program;
    const char *text; /* of the expression at hand, or NULL */
    struct lt_error *error;
    const struct lt_session *session;
    uint32_t *variables; /* the register of each lambda parameter by its number */
    uint32_t variable_count;
    struct lt_share share; /* what was computed before the step at hand, whichever way */
    uint32_t step_capacity, register_capacity;
    bool is_failed;
};

/* Emits the steps of an analysed expression; the result is in the register returned, which is
 * `want` unless that is LT_REGISTER_ANY. Failures are kept in the compiler. */
uint32_t lt_compile(struct lt_compiler *compiler, const struct lt_expression *node, uint32_t want);
/* Appends a step; returns its number. */
uint32_t lt_compiler_emit(struct lt_compiler *compiler, struct lt_step step);

/* Opens the session's zone for the machine. */
void lt_compiler_times(struct lt_compiler *compiler);
uint32_t lt_compiler_register(struct lt_compiler *compiler);
/* `want`, or a new register where any will do. */
uint32_t lt_compiler_wanted(struct lt_compiler *compiler, uint32_t want);
/* The opcode of the family that compares values of the type. */
enum lt_op lt_compiler_order_op(enum lt_op first, const struct lt_type *type);
/* A call for a node, its argument registers to be filled. */
struct lt_call *lt_compiler_call(struct lt_compiler *compiler, const struct lt_expression *node,
                                 uint32_t argument_count);
static inline uint32_t *lt_call_arguments(struct lt_call *call)
{
    return (uint32_t *)(uintptr_t)call->arguments;
}
/* The column a JSON text comes from, seen through casts between string and binary; -1: another. */
int32_t lt_compiler_json_column(const struct lt_expression *base);
/* A step that does nothing but call. */
void lt_compiler_emit_call(struct lt_compiler *compiler, enum lt_op op, struct lt_call *call,
                           uint32_t out);

/* Lets the function make the call's state; failures are kept in the compiler. */
void lt_compiler_prepare(struct lt_compiler *compiler, const struct lt_prepare *request,
                         const struct lt_function *function);

/* compile_reader.c: calls that read documents. All expressions are looked through before the first
 * is compiled. */
void lt_compiler_find_readers(struct lt_compiler *compiler, const struct lt_expression *root);
uint32_t lt_compile_reader(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t want);
/* The register that a reader fills with the field, its call compiled before; LT_REGISTER_ANY: it
 * fills none. */
uint32_t lt_compiler_field_register(const struct lt_compiler *compiler,
                                    const struct lt_expression *node);
/* Where the struct under a FIELD node holds that field. */
uint32_t lt_compiler_field_position(const struct lt_compiler *compiler,
                                    const struct lt_expression *node);

/* compile_text.c: for functions that decode texts. The call with its constants decoded, in the
 * program's arena; and steps that decode the values in `arguments`, which names other registers
 * then. */
const struct lt_expression *lt_compiler_decode_constants(struct lt_compiler *compiler,
                                                         const struct lt_expression *call);
void lt_compiler_decode_texts(struct lt_compiler *compiler, const struct lt_expression *call,
                              uint32_t *arguments);

/* compile_cheap.c: can it be evaluated whether it is needed or not? It cannot fail, and costs less
 * than a jump that goes the wrong way. */
bool lt_compiler_is_cheap(struct lt_compiler *compiler, const struct lt_expression *node);
/* A comparison by EQUAL_BYTES with a short constant, where it is one. */
bool lt_compiler_short_text(struct lt_compiler *compiler, const struct lt_expression *constant,
                            struct lt_step *step);

/* compile_flow.c: what jumps over steps. */
uint32_t lt_compile_case(struct lt_compiler *compiler, const struct lt_expression *node,
                         uint32_t want);
uint32_t lt_compile_and(struct lt_compiler *compiler, const struct lt_expression *node,
                        uint32_t want);
uint32_t lt_compile_or(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want);
/* The condition of a filter: as in Spark a part of it that is NULL decides it too, and nothing
 * behind it is evaluated. */
uint32_t lt_compile_condition(struct lt_compiler *compiler, const struct lt_expression *node,
                              uint32_t want);
uint32_t lt_compile_if(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want);
uint32_t lt_compile_coalesce(struct lt_compiler *compiler, const struct lt_expression *node,
                             uint32_t want);
uint32_t lt_compile_in(struct lt_compiler *compiler, const struct lt_expression *node,
                       uint32_t want);
/* Is the call elt(...) of what is not to be evaluated unless it is chosen? */
bool lt_compiler_is_choice(struct lt_compiler *compiler, const struct lt_expression *node);
uint32_t lt_compile_choice(struct lt_compiler *compiler, const struct lt_expression *node,
                           uint32_t want);
/* Steps that jump to where a call has been evaluated. */
struct lt_skips {
    uint32_t *from;
    uint32_t count, entered;
};
/* The arguments of a call other than lambdas, in Spark's order. Where it is NULL whenever one of
 * the first `strict_count` is, those after a NULL are not evaluated if they could fail:
 * lt_compile_skipped ends what they skip. */
struct lt_skips lt_compile_arguments(struct lt_compiler *compiler, const struct lt_expression *node,
                                     uint32_t strict_count, uint32_t *arguments);
void lt_compile_skipped(struct lt_compiler *compiler, const struct lt_skips *skips, uint32_t out);

/* compile_part.c: casts, and calls with lambdas. */
uint32_t lt_compile_cast(struct lt_compiler *compiler, const struct lt_expression *node,
                         uint32_t want);
typedef uint32_t lt_compile_fn(struct lt_compiler *compiler, const struct lt_expression *node,
                               uint32_t want);
/* What `compile` makes of the node, with NULL in place of any fault within it. */
uint32_t lt_compile_tried(struct lt_compiler *compiler, const struct lt_expression *node,
                          lt_compile_fn *compile, uint32_t want);
/* Of right(a, n) and locate(a, b, at) the last argument is looked at first, and may say what the
 * call is; nothing else is evaluated then. `compile` makes the rest (compile_flow.c). */
bool lt_compiler_may_be_known(const struct lt_expression *node);
uint32_t lt_compile_unless_known(struct lt_compiler *compiler, const struct lt_expression *node,
                                 lt_compile_fn *compile, uint32_t want);
/* The bodies of the lambdas among the arguments, jumped over; sets call->lambdas. */
void lt_compile_lambdas(struct lt_compiler *compiler, const struct lt_expression *node,
                        struct lt_call *call);

#endif
