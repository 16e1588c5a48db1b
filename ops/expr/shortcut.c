/*
 * The steps of a predicate are gone through once, each register standing for what it would hold: a
 * constant, a term (the column's number, whole or as a decimal that is a multiple of it), or a test
 * (the range of the number for which it is true). What leaves these three has no shortcut. No step
 * that is understood can fail, and each is NULL exactly when the column is.
 */
#include "ops/expr/shortcut.h"

#include "ops/expr/compiler.h"

enum { STEPS_MAX = 16 };

enum kind { NOTHING, NUMBER, DECIMAL, TEST };

struct known {
    enum kind kind;
    int64_t multiplier;    /* DECIMAL: of the number */
    struct lt_range range; /* TEST */
};

static const struct known nothing = {.kind = NOTHING}, number = {.kind = NUMBER};

struct search {
    const struct lt_program *program;
    const struct lt_step *steps;
    struct known known[STEPS_MAX]; /* what each step writes */
    struct lt_shortcut found;
    bool has_column;
};

/* ------------------------------------------------------------------------------------- ranges */

static __int128 floor_of(__int128 dividend, int64_t divisor)
{
    return dividend / divisor - (dividend % divisor < 0);
}

static struct lt_range range_between(__int128 first, __int128 last)
{
    if (first > last || first > INT64_MAX || last < INT64_MIN)
        return (struct lt_range){1, 0};
    return (struct lt_range){first < INT64_MIN ? INT64_MIN : (int64_t)first,
                             last > INT64_MAX ? INT64_MAX : (int64_t)last};
}

struct lt_range lt_range_of(enum lt_op op, __int128 constant, int64_t multiplier)
{
    __int128 below = floor_of(constant, multiplier);       /* the greatest not above */
    __int128 above = below + (constant % multiplier != 0); /* the least not below */
    switch (op) {
    case LT_OP_EQUAL_I64:
        return range_between(above, below);
    case LT_OP_LESS_I64:
        return range_between(INT64_MIN, above - 1);
    case LT_OP_LESS_EQUAL_I64:
        return range_between(INT64_MIN, below);
    case LT_OP_GREATER_I64:
        return range_between(below + 1, INT64_MAX);
    default: /* greater or equal */
        return range_between(above, INT64_MAX);
    }
}

/* -------------------------------------------------------------------------------------- steps */

/* What a step compares; `turned` is how that reads with its sides changed. */
struct comparison {
    enum lt_op step, op, turned;
    bool is_decimal;
};

static const struct comparison *comparison_of(uint32_t op)
{
#define COMPARISONS(NAME, TURNED)                                                                  \
    {LT_OP_##NAME##_I64, LT_OP_##NAME##_I64, LT_OP_##TURNED##_I64, false},                         \
        {LT_OP_##NAME##_ANY, LT_OP_##NAME##_I64, LT_OP_##TURNED##_I64, true},                      \
    {                                                                                              \
        LT_OP_ANSWER_##NAME, LT_OP_##NAME##_I64, LT_OP_##TURNED##_I64, false                       \
    }
    static const struct comparison all[] = {
        COMPARISONS(EQUAL, EQUAL),
        COMPARISONS(LESS, GREATER),
        COMPARISONS(LESS_EQUAL, GREATER_EQUAL),
        COMPARISONS(GREATER, LESS),
        COMPARISONS(GREATER_EQUAL, LESS_EQUAL),
    };
#undef COMPARISONS
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (op == (uint32_t)all[i].step)
            return &all[i];
    }
    return NULL;
}

enum lt_op lt_op_turned(enum lt_op op)
{
    return comparison_of(op)->turned;
}

/* What a register holds before step `at`; NULL: a constant, which no step writes. */
static const struct known *known_in(const struct search *search, uint32_t at, uint32_t in)
{
    while (at-- > 0) {
        if (search->steps[at].out == in)
            return &search->known[at];
    }
    return NULL;
}

static bool is_kind(const struct known *known, enum kind kind)
{
    return known != NULL && known->kind == kind;
}

/* One of a step's registers is of the kind, the other a constant that is not NULL. */
static const struct known *find_sides(const struct search *search, uint32_t at, enum kind kind,
                                      const union lt_value **constant, bool *is_turned)
{
    const struct lt_step *step = &search->steps[at];
    const struct known *a = known_in(search, at, step->a), *b = known_in(search, at, step->b);
    *is_turned = a == NULL;
    const struct known *known = *is_turned ? b : a;
    uint32_t other = *is_turned ? step->a : step->b;
    if (!is_kind(known, kind) || (*is_turned ? a : b) != NULL ||
        search->program->machine.nulls[other])
        return NULL;
    *constant = &search->program->machine.values[other];
    return known;
}

static struct known compare(const struct search *search, uint32_t at)
{
    const struct lt_step *step = &search->steps[at];
    const struct comparison *comparison = comparison_of(step->op);
    const union lt_value *constant;
    bool is_turned;
    const struct known *side =
        find_sides(search, at, comparison->is_decimal ? DECIMAL : NUMBER, &constant, &is_turned);
    if (side == NULL)
        return nothing;
    enum lt_op op = is_turned ? comparison->turned : comparison->op;
    return (struct known){.kind = TEST,
                          .range = comparison->is_decimal
                                       ? lt_range_of(op, constant->i128, side->multiplier)
                                       : lt_range_of(op, constant->i64, 1)};
}

static struct known multiply(const struct search *search, uint32_t at)
{
    const union lt_value *constant;
    bool is_turned;
    const struct known *side = find_sides(search, at, DECIMAL, &constant, &is_turned);
    bool is_fit =
        side != NULL && side->multiplier == 1 && constant->i128 > 0 && constant->i128 <= INT64_MAX;
    return is_fit ? (struct known){.kind = DECIMAL, .multiplier = constant->i64} : nothing;
}

static struct known both(const struct search *search, uint32_t at)
{
    const struct lt_step *step = &search->steps[at];
    const struct known *a = known_in(search, at, step->a), *b = known_in(search, at, step->b);
    if (!is_kind(a, TEST) || !is_kind(b, TEST))
        return nothing;
    struct lt_range range = a->range;
    range.first = b->range.first > range.first ? b->range.first : range.first;
    range.last = b->range.last < range.last ? b->range.last : range.last;
    return (struct known){.kind = TEST, .range = range};
}

/* There is one column, of which one number is asked. */
static struct known begin(struct search *search, const struct lt_step *step)
{
    bool is_size = step->op == LT_OP_SIZE_OF_COLUMN_COMPARED;
    if (search->has_column &&
        !(is_size && search->found.is_size && search->found.column == step->a))
        return nothing;
    search->has_column = true;
    search->found.column = step->a;
    search->found.is_size = is_size;
    return is_size ? (struct known){.kind = TEST, .range = *step->range} : number;
}

/* The number is the remainder from here on: nothing has been asked of what was there before. */
static struct known take_remainder(struct search *search, uint32_t at)
{
    const struct lt_step *step = &search->steps[at];
    if (at != 1 || !is_kind(known_in(search, at, step->a), NUMBER))
        return nothing;
    search->found.has_divisor = true;
    search->found.divisor = *(const struct lt_divisor *)step->call->state;
    search->known[0].kind = NOTHING;
    return number;
}

static struct known understand(struct search *search, uint32_t at)
{
    const struct lt_step *step = &search->steps[at];
    switch ((enum lt_op)step->op) {
    case LT_OP_COLUMN:
    case LT_OP_SIZE_OF_COLUMN_COMPARED:
        return begin(search, step);
    case LT_OP_REMAINDER_BY:
        return take_remainder(search, at);
    case LT_OP_TO_DECIMAL:
        return is_kind(known_in(search, at, step->a), NUMBER)
                   ? (struct known){.kind = DECIMAL, .multiplier = 1}
                   : nothing;
    case LT_OP_MULTIPLY_DECIMAL:
        return multiply(search, at);
    case LT_OP_AND:
        return both(search, at);
    default:
        return comparison_of(step->op) == NULL ? nothing : compare(search, at);
    }
}

const struct lt_shortcut *lt_shortcut_find(const struct lt_program *program)
{
    struct search search = {.program = program, .steps = program->steps + program->answer_start};
    uint32_t count = program->step_count - program->answer_start - 1; /* without ANSWER */
    if (program->use_switch || count == 0 || count > STEPS_MAX)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        search.known[i] = understand(&search, i);
        if (search.known[i].kind == NOTHING)
            return NULL;
    }
    const struct known *answer = known_in(&search, count, program->answer_register);
    if (!is_kind(answer, TEST))
        return NULL;
    struct lt_shortcut *shortcut = lt_arena_alloc(program->arena, sizeof *shortcut);
    *shortcut = search.found;
    shortcut->range = answer->range;
    return shortcut;
}
