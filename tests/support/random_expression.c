/*
 * A grammar by types. Each choice is one number of the generator.
 */
#include "tests/support/random_expression.h"

#include <ctype.h>
#include <string.h>

#include "core/base/error.h"
#include "ops/expr/functions.h"

uint32_t random_below(struct random_expressions *random, uint32_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % limit;
}

/* ---------------------------------------------------------------------------------------- types */

static const enum lt_type_kind SIMPLE[] = {
    LT_TYPE_BOOLEAN, LT_TYPE_TINYINT, LT_TYPE_SMALLINT,  LT_TYPE_INT,           LT_TYPE_BIGINT,
    LT_TYPE_FLOAT,   LT_TYPE_DOUBLE,  LT_TYPE_STRING,    LT_TYPE_STRING,        LT_TYPE_BINARY,
    LT_TYPE_DATE,    LT_TYPE_INT,     LT_TYPE_TIMESTAMP, LT_TYPE_TIMESTAMP_NTZ,
};
enum { SIMPLE_COUNT = sizeof SIMPLE / sizeof SIMPLE[0] };

/* Now and then a type that one of the columns has, which may be nested. */
static const struct lt_type *any_type(struct random_expressions *random)
{
    if (random_below(random, 3) == 0)
        return random->schema->fields[random_below(random, random->schema->field_count)].type;
    return lt_type_simple(SIMPLE[random_below(random, SIMPLE_COUNT)]);
}

const struct lt_type *random_type(struct random_expressions *random)
{
    return any_type(random);
}

static const struct lt_type *number_type(struct random_expressions *random)
{
    static const enum lt_type_kind kinds[] = {LT_TYPE_TINYINT, LT_TYPE_SMALLINT, LT_TYPE_INT,
                                              LT_TYPE_BIGINT,  LT_TYPE_FLOAT,    LT_TYPE_DOUBLE};
    return lt_type_simple(kinds[random_below(random, 6)]);
}

/* A column of this kind, or any column when there is none. */
static const struct lt_field *column_of(struct random_expressions *random, enum lt_type_kind kind)
{
    uint32_t count = random->schema->field_count, first = random_below(random, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_field *field = &random->schema->fields[(first + i) % count];
        if (field->type->kind == kind)
            return field;
    }
    return &random->schema->fields[first];
}

/* --------------------------------------------------------------------------------------- leaves */

#define PICK(random, texts) texts[random_below(random, sizeof texts / sizeof texts[0])]

static const char *number_text(struct random_expressions *random, enum lt_type_kind kind)
{
    static const char *const tiny[] = {"0Y", "1Y", "2Y", "127Y", "-128Y"};
    static const char *const small[] = {"0S", "3S", "32767S", "-32768S"};
    static const char *const integer[] = {"0", "1", "2", "3", "10", "2147483647", "-1"};
    static const char *const big[] = {"0L", "1L", "7L", "9223372036854775807L", "-5L"};
    static const char *const single[] = {"0F", "1.5F", "-0.0F", "1e30F"};
    static const char *const wide[] = {"0D", "0.5D", "-1.25D", "1e308D", "DOUBLE('NaN')"};
    static const char *const exact[] = {"0.5", "12.345", "-1.00", "99999999999.99"};
    switch (kind) {
    case LT_TYPE_TINYINT:
        return PICK(random, tiny);
    case LT_TYPE_SMALLINT:
        return PICK(random, small);
    case LT_TYPE_INT:
        return PICK(random, integer);
    case LT_TYPE_BIGINT:
        return PICK(random, big);
    case LT_TYPE_FLOAT:
        return PICK(random, single);
    case LT_TYPE_DOUBLE:
        return PICK(random, wide);
    default:
        return PICK(random, exact);
    }
}

static const char *other_text(struct random_expressions *random, enum lt_type_kind kind)
{
    static const char *const truth[] = {"true", "false"};
    static const char *const texts[] = {"''",     "'a'",          "'Spark'", "'12'", "' 7 '",
                                        "'a,b'",  "'2024-02-29'", "'%a_'",   "'é'",  "'UTC'",
                                        "'year'", "'{\"a\":1}'",  "'yyyy'",  "'x'",  "'$.a'"};
    static const char *const bytes[] = {"X''", "X'00FF'", "X'616263'"};
    static const char *const dates[] = {"DATE'1970-01-01'", "DATE'2024-02-29'", "DATE'1582-10-04'"};
    static const char *const times[] = {"TIMESTAMP'2024-03-10 02:30:00'",
                                        "TIMESTAMP'1900-01-01 00:00:00.000001'"};
    static const char *const locals[] = {"TIMESTAMP_NTZ'2024-12-31 23:59:59.999999'",
                                         "TIMESTAMP_NTZ'1969-12-31 00:00:00'"};
    static const char *const spans[] = {"INTERVAL '1' DAY", "INTERVAL '25:00:00.5' HOUR TO SECOND"};
    static const char *const months[] = {"INTERVAL '1' MONTH", "INTERVAL '-1-2' YEAR TO MONTH"};
    switch (kind) {
    case LT_TYPE_BOOLEAN:
        return PICK(random, truth);
    case LT_TYPE_BINARY:
        return PICK(random, bytes);
    case LT_TYPE_DATE:
        return PICK(random, dates);
    case LT_TYPE_TIMESTAMP:
        return PICK(random, times);
    case LT_TYPE_TIMESTAMP_NTZ:
        return PICK(random, locals);
    case LT_TYPE_INTERVAL_DAY_TIME:
        return PICK(random, spans);
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return PICK(random, months);
    default:
        return PICK(random, texts);
    }
}

static void leaf(struct random_expressions *random, const struct lt_type *type,
                 struct lt_text_buffer *out)
{
    const struct lt_field *column = column_of(random, type->kind);
    uint32_t way = random_below(random, 10);
    if (way < 6 && (column->type->kind == type->kind || way == 0))
        lt_text_append(out, column->name);
    else if (way == 9)
        lt_text_append(out, "NULL");
    else if (type->kind == LT_TYPE_ARRAY)
        lt_text_append(out, random_below(random, 2) == 0 ? "array(1, NULL, 3)" : "array('a', '')");
    else if (type->kind == LT_TYPE_MAP)
        lt_text_append(out, "map('a', 1, 'b', NULL)");
    else if (type->kind == LT_TYPE_STRUCT)
        lt_text_append(out, "named_struct('a', 1, 'b', 'x', 'c', array(1.5D))");
    else if (type->kind == LT_TYPE_DECIMAL || lt_type_is_number(type))
        lt_text_append(out, number_text(random, type->kind));
    else
        lt_text_append(out, other_text(random, type->kind));
}

/* ------------------------------------------------------------------------------------ functions */

/* What takes time or memory by the size of a number, or gives rows. */
static bool is_left_out(const struct lt_function *function, const char *group)
{
    static const char *const names[] = {
        "repeat",        "space",       "lpad",    "rpad",        "array_repeat", "sequence",
        "format_string", "raise_error", "randstr", "aes_encrypt", "shuffle",      "factorial"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(function->name, names[i]) == 0)
            return true;
    }
    return !function->is_deterministic || strcmp(group, "generator") == 0;
}

static const struct lt_type *type_of_letter(struct random_expressions *random, char letter,
                                            const struct lt_type *common)
{
    const struct lt_type *type = lt_letter_type(letter);
    if (type != NULL)
        return type;
    switch (letter) {
    case 'n':
        return number_type(random);
    case 'g':
        return lt_type_simple(LT_TYPE_INT);
    case 'k':
        return column_of(random, LT_TYPE_DECIMAL)->type;
    case 'A':
        return column_of(random, LT_TYPE_ARRAY)->type;
    case 'M':
        return column_of(random, LT_TYPE_MAP)->type;
    case 'R':
        return column_of(random, LT_TYPE_STRUCT)->type;
    case 'P':
        return lt_type_simple(LT_TYPE_BOOLEAN);
    case 'S':
    case 'o':
        return lt_type_simple(LT_TYPE_STRING);
    default:
        return lt_letter_is_common(letter) ? common : any_type(random);
    }
}

static void lambda(struct random_expressions *random, unsigned depth, struct lt_text_buffer *out)
{
    static const char *const bodies[] = {"x -> x",          "x -> x IS NULL", "(x, y) -> x",
                                         "(x, y) -> x < y", "x -> x = x",     "(x, y) -> y"};
    if (depth == 0 || random_below(random, 3) > 0) {
        lt_text_append(out, PICK(random, bodies));
        return;
    }
    lt_text_append(out, "x -> coalesce(x, ");
    random_expression(random, lt_type_simple(LT_TYPE_INT), depth - 1, out);
    lt_text_append(out, ")");
}

/* How many arguments, of those that the signature takes. */
static uint32_t argument_count(struct random_expressions *random,
                               const struct lt_signature *signature)
{
    const struct lt_function one = {.signatures = {*signature}};
    uint32_t fewest, most;
    lt_function_arity(&one, &fewest, &most);
    if (most > fewest + 3)
        most = fewest + 3;
    return fewest + random_below(random, most - fewest + 1);
}

static void call(struct random_expressions *random, const struct lt_function *function,
                 const struct lt_signature *signature, const struct lt_type *common, unsigned depth,
                 struct lt_text_buffer *out)
{
    uint32_t count = argument_count(random, signature);
    bool is_word = isalpha((unsigned char)function->name[0]) != 0;
    bool is_between = function->is_operator && count == 2 &&
                      (!is_word || strcmp(function->name, "and") == 0 ||
                       strcmp(function->name, "or") == 0 || strcmp(function->name, "div") == 0);
    bool is_subscript = strcmp(function->name, "[]") == 0,
         is_in = strcmp(function->name, "in") == 0;
    lt_text_append(out, is_between || is_in ? "(" : "");
    if (!is_between && !is_in && !is_subscript)
        lt_text_format(out, is_word ? "%s(" : "(%s ", function->name);
    for (uint32_t i = 0; i < count; i++) {
        char letter = lt_signature_parameter(signature, i, count);
        if (i > 0 && is_between && !is_subscript)
            lt_text_format(out, " %s ", function->name);
        else if (i > 0)
            lt_text_append(out, is_subscript ? "[" : is_in && i == 1 ? " IN (" : ", ");
        if (letter == 'L')
            lambda(random, depth - 1, out);
        else
            random_expression(random, type_of_letter(random, letter, common), depth - 1, out);
    }
    lt_text_append(out, is_subscript ? "])" : is_in ? "))" : ")");
}

/* Does a signature give the type, as far as its letter says? */
static bool gives(const struct lt_signature *signature, const struct lt_type *type)
{
    char letter = signature->result[0];
    const struct lt_type *result = lt_letter_type(letter);
    return result == NULL ? letter != 'v' : result->kind == type->kind;
}

static bool random_call(struct random_expressions *random, const struct lt_type *type,
                        unsigned depth, struct lt_text_buffer *out)
{
    enum { TRIES = 64 };
    for (unsigned i = 0; i < TRIES; i++) {
        const char *group = "";
        const struct lt_function *function =
            lt_function_at(random_below(random, (uint32_t)lt_function_count()), &group);
        uint32_t signatures = 0;
        while (signatures < LT_SIGNATURES_MAX &&
               function->signatures[signatures].parameters != NULL)
            signatures++;
        if (signatures == 0 || is_left_out(function, group))
            continue;
        const struct lt_signature *signature =
            &function->signatures[random_below(random, signatures)];
        if (!gives(signature, type))
            continue;
        bool is_own = lt_letter_is_common(signature->result[0]) || signature->result[0] == '0';
        call(random, function, signature, is_own ? type : any_type(random), depth, out);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- expressions */

static void arithmetic(struct random_expressions *random, const struct lt_type *type,
                       unsigned depth, struct lt_text_buffer *out)
{
    static const char *const operators[] = {" + ", " - ", " * ", " % "};
    lt_text_append(out, "(");
    random_expression(random, type, depth - 1, out);
    lt_text_append(out, PICK(random, operators));
    random_expression(random, type, depth - 1, out);
    lt_text_append(out, ")");
}

static void comparison(struct random_expressions *random, unsigned depth,
                       struct lt_text_buffer *out)
{
    static const char *const operators[] = {" = ", " < ", " >= ", " <> ", " <=> "};
    const struct lt_type *type = any_type(random);
    lt_text_append(out, "(");
    random_expression(random, type, depth - 1, out);
    if (random_below(random, 4) == 0) {
        lt_text_append(out, " BETWEEN ");
        random_expression(random, type, depth - 1, out);
        lt_text_append(out, " AND ");
    } else {
        lt_text_append(out, PICK(random, operators));
    }
    random_expression(random, type, depth - 1, out);
    lt_text_append(out, ")");
}

static void cast(struct random_expressions *random, const struct lt_type *type, unsigned depth,
                 struct lt_text_buffer *out)
{
    struct lt_arena *arena = lt_arena_create();
    lt_text_append(out, random_below(random, 2) == 0 ? "TRY_CAST(" : "CAST(");
    random_expression(random, any_type(random), depth - 1, out);
    lt_text_format(out, " AS %s)", lt_type_sql(arena, type));
    lt_arena_destroy(arena);
}

static void choice(struct random_expressions *random, const struct lt_type *type, unsigned depth,
                   struct lt_text_buffer *out)
{
    static const struct {
        const char *begin, *middle, *end;
    } forms[] = {{"CASE WHEN ", " THEN ", " END"}, {"if(", ", ", ")"}};
    const struct lt_type *boolean = lt_type_simple(LT_TYPE_BOOLEAN);
    uint32_t form = random_below(random, 2);
    lt_text_append(out, forms[form].begin);
    random_expression(random, boolean, depth - 1, out);
    lt_text_append(out, forms[form].middle);
    random_expression(random, type, depth - 1, out);
    if (form == 1 || random_below(random, 2) == 0) {
        lt_text_append(out, form == 1 ? ", " : " ELSE ");
        random_expression(random, type, depth - 1, out);
    }
    lt_text_append(out, forms[form].end);
}

/* Recursion is bounded by `depth`. */
void random_expression(struct random_expressions *random, const struct lt_type *type,
                       unsigned depth, struct lt_text_buffer *out)
{
    uint32_t way = depth == 0 ? 0 : random_below(random, 12);
    if (way < 2)
        leaf(random, type, out);
    else if (way == 2)
        cast(random, type, depth, out);
    else if (way == 3)
        choice(random, type, depth, out);
    else if (way == 4 && lt_type_is_number(type))
        arithmetic(random, type, depth, out);
    else if (way <= 5 && type->kind == LT_TYPE_BOOLEAN)
        comparison(random, depth, out);
    else if (!random_call(random, type, depth, out))
        leaf(random, type, out);
}
