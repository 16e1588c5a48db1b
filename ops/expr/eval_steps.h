/*
 * The code of every step, written once: eval.c threads it directly, eval_switch.c puts it in a
 * switch. Each includes it once and defines STEP(name), which begins the code of an opcode, and
 * NEXT, which goes on to the next step; GO(target) goes to a step by number. In scope: `machine`,
 * `steps`, `step`, `values`, `nulls`.
 *
 * NULL in, NULL out, unless a step says otherwise. Values of NULL registers are never looked at but
 * by branch-free code that does not use the result.
 */
#ifndef LT_OPS_EXPR_EVAL_STEPS_H
#define LT_OPS_EXPR_EVAL_STEPS_H

#define OUT values[step->out]
#define OUT_NULL nulls[step->out]
#define A values[step->a]
#define B values[step->b]
#define EITHER_NULL (uint8_t)(nulls[step->a] | nulls[step->b])

STEP(COLUMN)
{
    copy_value(&OUT, &lt_row_values(machine->row)[step->a]);
    OUT_NULL = lt_row_is_null(machine->row, step->a);
    NEXT;
}
STEP(MOVE)
{
    copy_value(&OUT, &A);
    OUT_NULL = nulls[step->a];
    NEXT;
}
STEP(SELECT)
{
    bool is_true = !nulls[step->a] & (A.i64 != 0);
    uint32_t chosen = is_true ? step->b : step->other;
    copy_value(&OUT, &values[chosen]);
    OUT_NULL = nulls[chosen];
    NEXT;
}
STEP(IF_NULL)
{
    uint32_t chosen = nulls[step->a] ? step->b : step->a;
    copy_value(&OUT, &values[chosen]);
    OUT_NULL = nulls[chosen];
    NEXT;
}
STEP(JUMP)
{
    GO(step->target);
}
STEP(JUMP_IF_FALSE)
{
    if (!nulls[step->a] && A.i64 == 0)
        GO(step->target);
    NEXT;
}
STEP(JUMP_IF_TRUE)
{
    if (!nulls[step->a] && A.i64 != 0)
        GO(step->target);
    NEXT;
}
STEP(JUMP_IF_NOT_TRUE)
{
    if (nulls[step->a] || A.i64 == 0)
        GO(step->target);
    NEXT;
}
STEP(JUMP_IF_NULL)
{
    if (nulls[step->a]) {
        OUT_NULL = 1;
        GO(step->target);
    }
    NEXT;
}
STEP(JUMP_IF_NOT_NULL)
{
    if (!nulls[step->a])
        GO(step->target);
    NEXT;
}
STEP(AND) /* false wins over NULL */
{
    bool a_false = !nulls[step->a] && A.i64 == 0, b_false = !nulls[step->b] && B.i64 == 0;
    uint8_t is_null = EITHER_NULL && !(a_false || b_false);
    OUT.i64 = !(a_false || b_false);
    OUT_NULL = is_null;
    NEXT;
}
STEP(OR) /* true wins over NULL */
{
    bool a_true = !nulls[step->a] && A.i64 != 0, b_true = !nulls[step->b] && B.i64 != 0;
    uint8_t is_null = EITHER_NULL && !(a_true || b_true);
    OUT.i64 = a_true || b_true;
    OUT_NULL = is_null;
    NEXT;
}
STEP(NOT)
{
    OUT.i64 = A.i64 == 0;
    OUT_NULL = nulls[step->a];
    NEXT;
}
STEP(IS_NULL)
{
    OUT.i64 = nulls[step->a] != 0;
    OUT_NULL = 0;
    NEXT;
}
STEP(IS_NOT_NULL)
{
    OUT.i64 = nulls[step->a] == 0;
    OUT_NULL = 0;
    NEXT;
}

/* Comparisons, by how the values are held. */
#define COMPARE(NAME, RELATION)                                                                    \
    STEP(NAME##_I64)                                                                               \
    {                                                                                              \
        OUT_NULL = EITHER_NULL;                                                                    \
        OUT.i64 = A.i64 RELATION B.i64;                                                            \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_F64)                                                                               \
    {                                                                                              \
        OUT_NULL = EITHER_NULL;                                                                    \
        OUT.i64 = compare_doubles(A.f64, B.f64) RELATION 0;                                        \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_BYTES)                                                                             \
    {                                                                                              \
        uint8_t is_null = EITHER_NULL;                                                             \
        OUT.i64 = !is_null && compare_bytes(&A.bytes, &B.bytes) RELATION 0;                        \
        OUT_NULL = is_null;                                                                        \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_ANY)                                                                               \
    {                                                                                              \
        uint8_t is_null = EITHER_NULL;                                                             \
        const struct lt_type *type = step->call->argument_types[0];                                \
        OUT.i64 = !is_null && compare_any(type, &A, &B) RELATION 0;                                \
        OUT_NULL = is_null;                                                                        \
        NEXT;                                                                                      \
    }
COMPARE(LESS, <)
COMPARE(LESS_EQUAL, <=)
COMPARE(GREATER, >)
COMPARE(GREATER_EQUAL, >=)
STEP(EQUAL_I64)
{
    OUT_NULL = EITHER_NULL;
    OUT.i64 = A.i64 == B.i64;
    NEXT;
}
STEP(EQUAL_F64)
{
    OUT_NULL = EITHER_NULL;
    OUT.i64 = compare_doubles(A.f64, B.f64) == 0;
    NEXT;
}
STEP(EQUAL_BYTES)
{
    uint8_t is_null = EITHER_NULL;
    OUT.i64 = !is_null && A.bytes.size_bytes == B.bytes.size_bytes &&
              compare_bytes(&A.bytes, &B.bytes) == 0;
    OUT_NULL = is_null;
    NEXT;
}
STEP(EQUAL_SHORT)
{
    uint8_t is_null = nulls[step->a];
    const struct lt_short_text *text = step->text;
    OUT.i64 = !is_null && ((A.bytes.size_bytes == text->size_bytes) &
                           ((head_of_bytes(&A.bytes) & text->mask) == text->head));
    OUT_NULL = is_null;
    NEXT;
}
STEP(EQUAL_ANY)
{
    uint8_t is_null = EITHER_NULL;
    OUT.i64 = !is_null && compare_any(step->call->argument_types[0], &A, &B) == 0;
    OUT_NULL = is_null;
    NEXT;
}
STEP(NULL_SAFE_EQUAL)
{
    bool is_null = EITHER_NULL;
    OUT.i64 = is_null ? nulls[step->a] && nulls[step->b]
                      : lt_value_compare(step->call->argument_types[0], &A, &B) == 0;
    OUT_NULL = 0;
    NEXT;
}

/* Arithmetic: a result that does not fit its type is a fault, never a wrapped number. */
#define CHECKED(NAME, BUILTIN, SIGN, TRY)                                                          \
    STEP(NAME##_TINYINT)                                                                           \
    {                                                                                              \
        int8_t result = 0;                                                                         \
        OUT_NULL = EITHER_NULL;                                                                    \
        if (BUILTIN((int8_t)A.i64, (int8_t)B.i64, &result) && !OUT_NULL)                           \
            FAULT(lt_fault_small_overflow(machine, step->call, A.i64, SIGN, B.i64, TRY));          \
        OUT.i64 = result;                                                                          \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_SMALLINT)                                                                          \
    {                                                                                              \
        int16_t result = 0;                                                                        \
        OUT_NULL = EITHER_NULL;                                                                    \
        if (BUILTIN((int16_t)A.i64, (int16_t)B.i64, &result) && !OUT_NULL)                         \
            FAULT(lt_fault_small_overflow(machine, step->call, A.i64, SIGN, B.i64, TRY));          \
        OUT.i64 = result;                                                                          \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_INT)                                                                               \
    {                                                                                              \
        int32_t result = 0;                                                                        \
        OUT_NULL = EITHER_NULL;                                                                    \
        if (BUILTIN((int32_t)A.i64, (int32_t)B.i64, &result) && !OUT_NULL)                         \
            FAULT(lt_fault_overflow(machine, step->call, "integer overflow", TRY));                \
        OUT.i64 = result;                                                                          \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_BIGINT)                                                                            \
    {                                                                                              \
        int64_t result = 0;                                                                        \
        OUT_NULL = EITHER_NULL;                                                                    \
        if (BUILTIN(A.i64, B.i64, &result) && !OUT_NULL)                                           \
            FAULT(lt_fault_overflow(machine, step->call, "long overflow", TRY));                   \
        OUT.i64 = result;                                                                          \
        NEXT;                                                                                      \
    }
#define INEXACT(NAME, OPERATOR)                                                                    \
    STEP(NAME##_FLOAT)                                                                             \
    {                                                                                              \
        OUT_NULL = EITHER_NULL;                                                                    \
        OUT.f64 = OUT_NULL ? 0 : (double)((float)A.f64 OPERATOR(float) B.f64);                     \
        NEXT;                                                                                      \
    }                                                                                              \
    STEP(NAME##_DOUBLE)                                                                            \
    {                                                                                              \
        OUT_NULL = EITHER_NULL;                                                                    \
        OUT.f64 = A.f64 OPERATOR B.f64;                                                            \
        NEXT;                                                                                      \
    }
CHECKED(ADD, __builtin_add_overflow, "+", "try_add")
INEXACT(ADD, +)
CHECKED(SUBTRACT, __builtin_sub_overflow, "-", "try_subtract")
INEXACT(SUBTRACT, -)
CHECKED(MULTIPLY, __builtin_mul_overflow, "*", "try_multiply")
INEXACT(MULTIPLY, *)
STEP(DIVIDE_DOUBLE)
{
    OUT_NULL = EITHER_NULL;
    if (!OUT_NULL && B.f64 == 0)
        FAULT(lt_fault_by_zero(machine, step->call, false));
    OUT.f64 = OUT_NULL ? 0 : A.f64 / B.f64;
    NEXT;
}

STEP(SIZE_BYTES)
{
    OUT_NULL = nulls[step->a];
    OUT.i64 = A.bytes.size_bytes;
    NEXT;
}
STEP(SIZE_CHARACTERS)
{
    OUT_NULL = nulls[step->a];
    OUT.i64 = OUT_NULL ? 0 : (int64_t)lt_utf8_count(A.bytes.data, A.bytes.size_bytes);
    NEXT;
}
STEP(TO_DOUBLE)
{
    OUT_NULL = nulls[step->a];
    OUT.f64 = (double)A.i64;
    NEXT;
}
STEP(JSON_FIELD)
{
    OUT_NULL = nulls[step->a] || !lt_json_group_load(machine, step->json, &A.bytes, &OUT);
    NEXT;
}
STEP(FIELD)
{
    uint8_t is_null = nulls[step->a];
    if (!is_null) {
        const struct lt_struct *structure = A.structure;
        is_null = lt_bit(structure->nulls, step->b);
        copy_value(&OUT, &structure->values[step->b]);
    }
    OUT_NULL = is_null;
    NEXT;
}
/* A kernel writes to the register itself, which is none of its arguments'. */
#define CALL_UNLESS(IS_NULL)                                                                       \
    do {                                                                                           \
        uint8_t is_null = (IS_NULL);                                                               \
        if (!is_null) {                                                                            \
            enum lt_kernel result = step->call->kernel(machine, step->call, &OUT);                 \
            FAULT(result);                                                                         \
            is_null = result == LT_KERNEL_NULL;                                                    \
        }                                                                                          \
        OUT_NULL = is_null;                                                                        \
    } while (0)
STEP(CALL)
{
    uint8_t any_null = 0;
    for (uint32_t i = 0; i < step->call->argument_count; i++)
        any_null |= nulls[step->call->arguments[i]];
    CALL_UNLESS(any_null);
    NEXT;
}
STEP(CALL_1)
{
    CALL_UNLESS(nulls[step->a]);
    NEXT;
}
STEP(CALL_2)
{
    CALL_UNLESS(EITHER_NULL);
    NEXT;
}
STEP(CALL_WITH_NULLS)
{
    CALL_UNLESS(0);
    NEXT;
}
STEP(REMAINDER)
{
    int64_t a = A.i64, b = B.i64;
    if (lt_unlikely((uint64_t)b + 1 <= 1)) { /* by -1 or 0 */
        CALL_UNLESS(EITHER_NULL);
        NEXT;
    }
    /* Half as wide a division is twice as fast, and more on older processors. */
    bool is_short = ((uint64_t)(a | b) >> 32) == 0;
    OUT.i64 = is_short ? (int64_t)((uint32_t)a % (uint32_t)b) : a % b;
    OUT_NULL = EITHER_NULL;
    NEXT;
}
STEP(REMAINDER_BY)
{
    OUT.i64 = lt_divisor_remainder(step->call->state, A.i64);
    OUT_NULL = nulls[step->a];
    NEXT;
}
STEP(MULTIPLY_DECIMAL)
{
    __int128 a = A.i128, b = B.i128;
    if (lt_unlikely(a != (int64_t)a || b != (int64_t)b)) {
        CALL_UNLESS(EITHER_NULL);
        NEXT;
    }
    OUT.i128 = (__int128)(int64_t)a * (int64_t)b;
    OUT_NULL = EITHER_NULL;
    NEXT;
}
STEP(TO_DECIMAL)
{
    OUT_NULL = nulls[step->a];
    OUT.i128 = A.i64;
    NEXT;
}
STEP(SIZE_OF_COLUMN_COMPARED)
{
    int64_t size = lt_row_values(machine->row)[step->a].bytes.size_bytes;
    OUT_NULL = lt_row_is_null(machine->row, step->a);
    OUT.i64 = size >= step->range->first && size <= step->range->last;
    NEXT;
}
STEP(RETURN)
{
    return LT_MACHINE_TRUE;
}
STEP(STORES)
{
    const struct lt_column_copies *columns = step->columns;
    const struct lt_column_copy *copy = columns->copies, *end = copy + columns->count;
    struct lt_row *out = machine->out;
    uint64_t *row_nulls = lt_row_nulls(out);
    uint64_t word = 0; /* gathered here, since it would wait for each bit in memory */
    uint32_t at = 0;
    for (; copy != end; copy++) {
        if (lt_unlikely(copy->to >> 6 != at)) {
            row_nulls[at] |= word;
            word = 0;
            at = copy->to >> 6;
        }
        word |= (uint64_t)nulls[copy->from] << (copy->to & 63); /* 0 or 1, and no branch */
        copy_by(copy, values, out);
    }
    row_nulls[at] |= word;
    NEXT;
}
STEP(COPY_COLUMNS)
{
    copy_columns(step->columns, machine->row, machine->out);
    NEXT;
}
STEP(ANSWER)
{
    return nulls[step->a] ? LT_MACHINE_NULL : A.i64 != 0 ? LT_MACHINE_TRUE : LT_MACHINE_FALSE;
}
#define ANSWER_COMPARED(NAME, RELATION)                                                            \
    STEP(ANSWER_##NAME)                                                                            \
    {                                                                                              \
        bool is_true = A.i64 RELATION B.i64;                                                       \
        OUT_NULL = EITHER_NULL;                                                                    \
        OUT.i64 = is_true;                                                                         \
        return OUT_NULL ? LT_MACHINE_NULL : is_true ? LT_MACHINE_TRUE : LT_MACHINE_FALSE;          \
    }
ANSWER_COMPARED(EQUAL, ==)
ANSWER_COMPARED(LESS, <)
ANSWER_COMPARED(LESS_EQUAL, <=)
ANSWER_COMPARED(GREATER, >)
ANSWER_COMPARED(GREATER_EQUAL, >=)
STEP(END)
{
    return LT_MACHINE_TRUE;
}

#undef OUT
#undef OUT_NULL
#undef A
#undef B
#undef EITHER_NULL
#undef CALL_UNLESS
#undef COMPARE
#undef ANSWER_COMPARED
#undef CHECKED
#undef INEXACT

#endif
