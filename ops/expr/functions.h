/*
 * The function table: one row per function, operators included. A row says how the function is
 * called, what it accepts and gives, how it treats NULL, and explains itself with an example that
 * the tests run. The rows stand in functions_*.c, one file for each group; nothing else lists
 * functions.
 *
 * Signatures are short texts, one letter for each parameter:
 *
 *     B boolean    y tinyint    h smallint    i int    l bigint    f float    d double
 *     s string    x binary    u date    t timestamp    z timestamp_ntz
 *     q day-time interval    r year-month interval    c calendar interval
 *     n any number but decimal    k decimal    g any integer    a anything
 *     o text or binary (JSON text)    A array    M map    R struct    L lambda
 *     P boolean and S string, not cast from anything
 *     T anything, all T of a call brought to one type
 *     I as T, and types that differ in the names of fields alone stay as they are
 *     W as T, but no string beside another type    C as T, as the two sides of a comparison
 *     N as T, but numbers    D as N, then brought to double    G as N, but integers
 *     [ ] around parameters that may be missing
 *     * after a letter: that parameter any number of times
 *     result: one letter; T: the common type; 0: the type of the first argument; E: its element or
 *     value type; v: void
 *
 * The signature that needs the fewest implicit casts is chosen, the first of these. What letters
 * cannot say is said by `infer`.
 *
 * on: any; the table is constant.
 */
#ifndef LT_OPS_EXPR_FUNCTIONS_H
#define LT_OPS_EXPR_FUNCTIONS_H

#include "core/base/arena.h"
#include "core/flow/expression.h"
#include "core/flow/operator.h"
#include "ops/expr/machine.h"
#include "ops/expr/use.h"

/* How a call becomes steps, where it is not simply "evaluate all arguments, then call". */
enum lt_flow {
    LT_FLOW_CALL,
    LT_FLOW_AND,
    LT_FLOW_OR,
    LT_FLOW_IF,
    LT_FLOW_COALESCE,
    LT_FLOW_REWRITTEN, /* the analyser makes other calls of it */
    LT_FLOW_IN,
    LT_FLOW_GENERATOR, /* gives rows: at the top of a select list only (ops/expr/generator.h) */
    LT_FLOW_AGGREGATE, /* of many rows: in an AGGREGATE only (ops/aggregate/calls.h) */
    LT_FLOW_READER,    /* reads a document, once for all that take parts of it: compile_reader.c */
};

enum lt_null_rule {
    LT_NULL_STRICT, /* any NULL argument gives NULL */
    LT_NULL_AWARE,  /* the kernel sees NULLs */
};

enum lt_op_family {
    LT_FAMILY_NONE,    /* the opcode as it stands */
    LT_FAMILY_NUMERIC, /* + the number's type, TINYINT .. DOUBLE */
    LT_FAMILY_ORDER,   /* + how the values are held: I64, F64, BYTES, ANY */
};

struct lt_signature {
    const char *parameters; /* NULL ends the list */
    const char *result;
    lt_kernel_fn *kernel; /* or an opcode: */
    enum lt_op op;
    enum lt_op_family family;
};
#define LT_KERNEL(parameters, result, kernel)                                                      \
    {                                                                                              \
        parameters, result, kernel, LT_OP_CALL, LT_FAMILY_NONE                                     \
    }
#define LT_INLINE(parameters, result, op, family)                                                  \
    {                                                                                              \
        parameters, result, NULL, op, family                                                       \
    }
enum { LT_SIGNATURES_MAX = 8 };

struct lt_prepare {
    struct lt_call *call;
    /* The argument's expression; a literal's value is known now. */
    const struct lt_expression *expression;
    struct lt_arena *arena;
    /* LT_FLOW_READER: what the program uses of the value, not NULL, and whether several calls
     * share the state. */
    struct lt_use *use;
    bool is_shared;
    /* The same, not NULL where of a struct only fields are used: to be set when the kernel (which
     * may be exchanged) will fill registers with them, as lt_use_prune() has put them, and make no
     * struct. There are 8, 16, ... registers from `first_field` on. It is called for NULL too. */
    bool *fills_fields;
    uint32_t first_field;
};

struct lt_analyser;
struct lt_aggregate_kind; /* ops/aggregate/kind.h */

/* What `infer` returns when it leaves the call to the letters. */
enum { LT_INFER_LETTERS = 1 };

struct lt_function {
    const char *name;    /* lower case */
    const char *aliases; /* "char_length,len"; NULL: none */
    const char *usage;   /* "substring(str, pos[, count])" */
    const char *help;
    const char *example; /* an expression */
    const char *result;  /* what it gives as text; NULL: depends on the clock */
    enum lt_null_rule null_rule;
    enum lt_flow flow;
    bool is_operator;      /* its errors are those of an operator */
    bool is_deterministic; /* false: never folded */
    struct lt_signature signatures[LT_SIGNATURES_MAX];
    /* Optional: makes call->state from constant arguments, once. Its parts need no freeing but by
     * `release`, which gets the state. */
    int (*prepare)(const struct lt_prepare *prepare, struct lt_error *error);
    void (*release)(void *state);
    /* Optional: adds what reading has cost so far, by the state. */
    void (*count)(const void *state, uint64_t *documents, uint64_t *fields_parsed);
    /* Optional: adds what reading costs for one row at most. */
    void (*add_cost)(const void *state, struct lt_operator_cost *cost);
    /* Optional: analyses a call whose arguments (but lambdas) are analysed. Puts casts over the
     * arguments, sets signature, type and nullable of the call, and returns LT_OK; or returns
     * LT_INFER_LETTERS; or refuses with lt_analyser_fail(). The count of arguments is right. */
    int (*infer)(struct lt_analyser *analyser, struct lt_expression *call);
    bool is_total;      /* never NULL where no argument is */
    bool needs_zone;    /* its kernels use machine->times, though its types do not tell */
    bool is_try;        /* NULL in place of a fault of its own */
    bool is_catching;   /* and of one of its arguments */
    bool decodes_texts; /* as Java does: its kernels get U+FFFD for what is no UTF-8 */
    bool makes_rows;    /* to be made a step below the operator (window.h): never folded */
    /* Optional: in place of the signature's opcode under the legacy rules. */
    lt_kernel_fn *legacy_kernel;
    /* Optional: after the letters have chosen the signature, put casts over the arguments and set
     * type and nullable; looks at constants, sets the type that no letter names, or makes another
     * call of it. */
    int (*conclude)(struct lt_analyser *analyser, struct lt_expression *call);
    /* Optional: the parameters, where arguments may be given by name: "str!,upperChar=X,otherChar".
     * One with ! must be given; one with = is else that text, others are NULL. */
    const char *names;
    const struct lt_aggregate_kind *aggregate; /* LT_FLOW_AGGREGATE: what it does */
};

struct lt_function_group {
    const char *name;
    const struct lt_function *functions;
    size_t count;
};

extern const struct lt_function_group lt_functions_aggregate;
extern const struct lt_function_group lt_functions_aggregate_statistics;
extern const struct lt_function_group lt_functions_operator;
extern const struct lt_function_group lt_functions_condition;
extern const struct lt_function_group lt_functions_array;
extern const struct lt_function_group lt_functions_array_search;
extern const struct lt_function_group lt_functions_array_change;
extern const struct lt_function_group lt_functions_array_set;
extern const struct lt_function_group lt_functions_sequence;
extern const struct lt_function_group lt_functions_shuffle;
extern const struct lt_function_group lt_functions_map;
extern const struct lt_function_group lt_functions_map_change;
extern const struct lt_function_group lt_functions_struct;
extern const struct lt_function_group lt_functions_higher;
extern const struct lt_function_group lt_functions_string;
extern const struct lt_function_group lt_functions_build;
extern const struct lt_function_group lt_functions_search;
extern const struct lt_function_group lt_functions_pattern;
extern const struct lt_function_group lt_functions_split;
extern const struct lt_function_group lt_functions_math;
extern const struct lt_function_group lt_functions_number;
extern const struct lt_function_group lt_functions_hash;
extern const struct lt_function_group lt_functions_digest;
extern const struct lt_function_group lt_functions_encoding;
extern const struct lt_function_group lt_functions_format;
extern const struct lt_function_group lt_functions_number_text;
extern const struct lt_function_group lt_functions_datetime;
extern const struct lt_function_group lt_functions_datetime_step;
extern const struct lt_function_group lt_functions_datetime_text;
extern const struct lt_function_group lt_functions_datetime_make;
extern const struct lt_function_group lt_functions_interval;
extern const struct lt_function_group lt_functions_window;
extern const struct lt_function_group lt_functions_edit;
extern const struct lt_function_group lt_functions_words;
extern const struct lt_function_group lt_functions_cipher;
extern const struct lt_function_group lt_functions_try;
extern const struct lt_function_group lt_functions_random;
extern const struct lt_function_group lt_functions_uuid;
extern const struct lt_function_group lt_functions_session;
extern const struct lt_function_group lt_functions_other;
extern const struct lt_function_group lt_functions_generator;
extern const struct lt_function_group lt_functions_json;
extern const struct lt_function_group lt_functions_json_text;
extern const struct lt_function_group lt_functions_csv;
extern const struct lt_function_group lt_functions_url;

/* The field of each element of an array of structs; the call's state is its number. */
lt_kernel_fn lt_field_of_elements;
/* a % b of two numbers of one type. */
lt_kernel_fn lt_remainder;

/* Makes U+FFFD of what is no UTF-8, as Java does; a text that is good stays where it is. False: no
 * memory (lt_machine_too_large()). For kernels of texts that `decodes_texts` leaves alone. */
bool lt_decode_bytes(struct lt_machine *machine, struct lt_bytes *text);

/* All functions of all groups, numbered from 0. */
size_t lt_function_count(void);
const struct lt_function *lt_function_at(size_t index, const char **group);
/* The number of a function by name or alias, in any case; -1 if there is none. */
int32_t lt_function_find(const char *name);
/* The nearest known name, or NULL. */
const char *lt_function_nearest(const char *name);

/* Is it an analysed call of the function of this name, by whatever name it is called there? */
bool lt_is_call_of(const struct lt_expression *node, const char *name);
/* Is the name one of the first `count` of `names`? */
bool lt_is_one_of(const char *name, const char *const *names, size_t count);

/* The letter of parameter `index` when `count` are given; 0 when the signature does not take that
 * many. */
char lt_signature_parameter(const struct lt_signature *signature, uint32_t index, uint32_t count);
/* The fewest and the most parameters of all signatures; UINT32_MAX: no bound. */
void lt_function_arity(const struct lt_function *function, uint32_t *fewest, uint32_t *most);
/* True when a value of the type is what the letter asks for, without a cast. */
bool lt_letter_accepts(char letter, const struct lt_type *type);
/* True for the letters whose parameters are brought to one type. */
bool lt_letter_is_common(char letter);
/* The type a letter names ("i": int); NULL for letters that stand for many. */
const struct lt_type *lt_letter_type(char letter);

#endif
