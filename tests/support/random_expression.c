/*
 * A grammar by types. Each choice is one number of the generator.
 */
#include "tests/support/random_expression.h"

#include <ctype.h>
#include <string.h>

#include "core/base/error.h"

/* ---------------------------------------------------------------------------------------- types */

static const struct lt_type *simple(enum lt_type_kind kind)
{
    return lt_type_simple(kind);
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

/* What the parameters of one call have to do with each other: an array and its elements, a map and
 * its keys. */
struct subject {
    const struct lt_type *common, *array, *map;
};

static struct subject subject_of(struct random_expressions *random, const struct lt_type *asked,
                                 bool is_own)
{
    struct subject subject = {.common = is_own ? asked : random_type(random)};
    const struct lt_type *array = column_of(random, LT_TYPE_ARRAY)->type;
    const struct lt_type *map = column_of(random, LT_TYPE_MAP)->type;
    subject.array = asked->kind == LT_TYPE_ARRAY ? asked
                    : random_below(random, 2) == 0 || array->kind != LT_TYPE_ARRAY
                        ? lt_type_array(random->arena, random_simple_type(random), true)
                        : array;
    subject.map = asked->kind == LT_TYPE_MAP ? asked
                  : random_below(random, 2) == 0 || map->kind != LT_TYPE_MAP
                      ? lt_type_map(random->arena, random_simple_type(random),
                                    random_simple_type(random), true)
                      : map;
    return subject;
}

static const struct lt_type *type_of_letter(struct random_expressions *random, char letter,
                                            const struct subject *subject)
{
    static const enum lt_type_kind numbers[] = {LT_TYPE_TINYINT, LT_TYPE_SMALLINT, LT_TYPE_INT,
                                                LT_TYPE_BIGINT,  LT_TYPE_FLOAT,    LT_TYPE_DOUBLE};
    const struct lt_type *type = lt_letter_type(letter);
    if (type != NULL)
        return type;
    switch (letter) {
    case 'n':
        return simple(RANDOM_OF(random, numbers));
    case 'g':
        return simple(numbers[random_below(random, 4)]);
    case 'k':
        return column_of(random, LT_TYPE_DECIMAL)->type;
    case 'A':
        return subject->array;
    case 'M':
        return subject->map;
    case 'R':
        return column_of(random, LT_TYPE_STRUCT)->type;
    case 'S':
    case 'o':
        return simple(LT_TYPE_STRING);
    default:
        return lt_letter_is_common(letter) ? subject->common : random_type(random);
    }
}

/* By its name, where the letter says that anything goes; NULL: the name says nothing. */
static const struct lt_type *type_of_name(struct random_expressions *random, const char *group,
                                          const char *name, const struct subject *subject)
{
    static const enum lt_type_kind moments[] = {LT_TYPE_DATE, LT_TYPE_TIMESTAMP,
                                                LT_TYPE_TIMESTAMP_NTZ, LT_TYPE_STRING};
    bool is_array_group = strncmp(group, "array", 5) == 0 || strcmp(group, "higher") == 0;
    bool is_map_group = strcmp(group, "map") == 0;
    if (strcmp(name, "array") == 0 || strcmp(name, "values") == 0 || strcmp(name, "keys") == 0 ||
        (is_array_group && (strcmp(name, "a") == 0 || strcmp(name, "b") == 0)))
        return subject->array;
    if (strcmp(name, "map") == 0 ||
        (strcmp(group, "higher") == 0 && strcmp(name, "array or map") == 0))
        return subject->map;
    if (strcmp(name, "array or map") == 0)
        return random_below(random, 2) == 0 ? subject->array : subject->map;
    if (strcmp(name, "arrays") == 0)
        return lt_type_array(random->arena, subject->array, true);
    if (strcmp(name, "entries") == 0) {
        const struct lt_field fields[] = {{"k", subject->map->fields[0].type, true, NULL},
                                          {"v", subject->map->fields[1].type, true, NULL}};
        return lt_type_array(random->arena, lt_type_struct(random->arena, fields, 2), true);
    }
    if (strcmp(name, "struct") == 0)
        return column_of(random, LT_TYPE_STRUCT)->type;
    if (strcmp(name, "value") == 0 && is_array_group)
        return subject->array->fields[0].type;
    if (strcmp(name, "key") == 0 && (is_map_group || is_array_group))
        return subject->map->fields[0].type;
    if (strcmp(name, "timestamp") == 0 || strcmp(name, "date") == 0 || strcmp(name, "time") == 0 ||
        strcmp(name, "source") == 0)
        return simple(RANDOM_OF(random, moments));
    return NULL;
}

/* --------------------------------------------------------------------------------------- leaves */

static void leaf(struct random_expressions *random, const struct lt_type *type,
                 struct lt_text_buffer *out)
{
    const struct lt_field *column = column_of(random, type->kind);
    uint32_t way = random_below(random, 12);
    bool fits = lt_type_is_nested(type) || type->kind == LT_TYPE_DECIMAL
                    ? lt_type_equal(column->type, type) || random_below(random, 3) == 0
                    : true;
    if (way < 7 && fits && (column->type->kind == type->kind || way == 0))
        lt_text_append(out, column->name);
    else if (way == 11)
        lt_text_append(out, "NULL");
    else
        random_literal(random, type, out);
}

/* ------------------------------------------------------------------------------------ functions */

/* What gives rows, depends on the installation, or is slow to tell. */
static bool is_left_out(const struct lt_function *function, const char *group)
{
    static const char *const names[] = {
        "aes_encrypt", "window", "window_time", "sentences",
        "unix_timestamp"}; /* which stands for now, without a time */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(function->name, names[i]) == 0)
            return true;
    }
    return !function->is_deterministic || function->flow == LT_FLOW_AGGREGATE ||
           strcmp(group, "generator") == 0 || strcmp(group, "session") == 0;
}

/* With as many parameters as the function's lambda has, most often. */
static void lambda(struct random_expressions *random, const struct lt_function *function,
                   uint32_t index, unsigned depth, struct lt_text_buffer *out)
{
    static const char *const ones[] = {"x -> x",     "x -> x IS NULL",      "x -> x = x",
                                       "x -> x + 1", "x -> concat(x, 'z')", "x -> x > 1"};
    static const char *const twos[] = {
        "(x, y) -> x",
        "(x, y) -> x < y",
        "(x, y) -> y",
        "(x, y) -> x + y",
        "(x, y) -> coalesce(x, y)",
        "(x, y) -> concat(x, y)",
        "(x, y) -> CASE WHEN x < y THEN -1 WHEN x > y THEN 1 ELSE 0 END"};
    static const char *const threes[] = {"(k, x, y) -> x", "(k, x, y) -> coalesce(x, y)",
                                         "(k, x, y) -> concat(k, x, y)", "(k, x, y) -> k"};
    static const char *const of_two[] = {"zip_with",  "array_sort",     "map_filter",
                                         "aggregate", "transform_keys", "transform_values"};
    bool is_two = random_below(random, 8) == 0;
    for (size_t i = 0; i < sizeof of_two / sizeof of_two[0]; i++)
        is_two = is_two || (strcmp(of_two[i], function->name) == 0 && index < 3);
    if (strcmp(function->name, "map_zip_with") == 0) {
        lt_text_append(out, RANDOM_OF(random, threes));
    } else if (is_two) {
        lt_text_append(out, RANDOM_OF(random, twos));
    } else if (depth == 0 || random_below(random, 3) > 0) {
        lt_text_append(out, RANDOM_OF(random, ones));
    } else {
        lt_text_append(out, "x -> coalesce(x, ");
        random_expression(random, random_simple_type(random), depth - 1, out);
        lt_text_append(out, ")");
    }
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

struct calling {
    const struct lt_function *function;
    const char *group;
    const struct subject *subject;
    uint32_t count, name_count;
    char names[RANDOM_NAMES][RANDOM_NAME_SIZE];
};

static void argument(struct random_expressions *random, const struct calling *calling,
                     uint32_t index, char letter, unsigned depth, struct lt_text_buffer *out)
{
    const char *name = index < calling->name_count ? calling->names[index] : "";
    const char *text = random_argument(random, calling->function, calling->group, name);
    const struct lt_type *type = NULL;
    if (letter == 'L') {
        lambda(random, calling->function, index, depth, out);
        return;
    }
    if (text != NULL) {
        lt_text_append(out, text);
        return;
    }
    if (letter == 'a')
        type = type_of_name(random, calling->group, name, calling->subject);
    random_expression(
        random, type != NULL ? type : type_of_letter(random, letter, calling->subject), depth, out);
}

static void call(struct random_expressions *random, struct calling *calling,
                 const struct lt_signature *signature, unsigned depth, struct lt_text_buffer *out)
{
    const char *name = calling->function->name;
    bool is_word = isalpha((unsigned char)name[0]) != 0;
    bool is_between = calling->function->is_operator && calling->count == 2 &&
                      (!is_word || strcmp(name, "and") == 0 || strcmp(name, "or") == 0 ||
                       strcmp(name, "div") == 0);
    bool is_subscript = strcmp(name, "[]") == 0, is_in = strcmp(name, "in") == 0;
    lt_text_append(out, is_between || is_in ? "(" : "");
    if (!is_between && !is_in && !is_subscript)
        lt_text_format(out, is_word ? "%s(" : "(%s ", name);
    for (uint32_t i = 0; i < calling->count; i++) {
        if (i > 0 && is_between && !is_subscript)
            lt_text_format(out, " %s ", name);
        else if (i > 0)
            lt_text_append(out, is_subscript ? "[" : is_in && i == 1 ? " IN (" : ", ");
        argument(random, calling, i, lt_signature_parameter(signature, i, calling->count),
                 depth - 1, out);
    }
    lt_text_append(out, is_subscript ? "])" : is_in ? "))" : ")");
}

/* Does a signature give the type, as far as its letter says? */
static bool gives(const struct lt_signature *signature, const struct lt_type *type)
{
    char letter = signature->result[0];
    const struct lt_type *result = lt_letter_type(letter);
    if (letter == 'A' || letter == 'M' || letter == 'R')
        return type->kind == (letter == 'A'   ? LT_TYPE_ARRAY
                              : letter == 'M' ? LT_TYPE_MAP
                                              : LT_TYPE_STRUCT);
    return result == NULL ? letter != 'v' : result->kind == type->kind;
}

static bool random_call(struct random_expressions *random, const struct lt_type *type,
                        unsigned depth, struct lt_text_buffer *out)
{
    enum { TRIES = 64 };
    for (unsigned i = 0; i < TRIES; i++) {
        struct calling calling = {.group = ""};
        calling.function =
            lt_function_at(random_below(random, (uint32_t)lt_function_count()), &calling.group);
        const struct lt_signature *signatures = calling.function->signatures;
        uint32_t count = 0;
        while (count < LT_SIGNATURES_MAX && signatures[count].parameters != NULL)
            count++;
        if (count == 0 || is_left_out(calling.function, calling.group))
            continue;
        const struct lt_signature *signature = &signatures[random_below(random, count)];
        if (!gives(signature, type))
            continue;
        char result = signature->result[0];
        struct subject subject =
            subject_of(random, type, lt_letter_is_common(result) || result == '0');
        calling.subject = &subject;
        calling.count = argument_count(random, signature);
        calling.name_count = random_parameter_names(random, calling.function->usage, calling.names);
        call(random, &calling, signature, depth, out);
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------------------------- other forms */

/* What the grammar has beside calls. `@` and a letter stand for an expression of that type: as in
 * signatures, X what is asked for, T and U two types that are drawn for the form. */
static const char *const BOOLEANS[] = {"(@s LIKE '%a%')",
                                       "(@s NOT LIKE '_')",
                                       "(@s RLIKE '[a-c]')",
                                       "(@s ILIKE 'S%')",
                                       "(@s LIKE ANY ('a', '%k'))",
                                       "(@T IS NULL)",
                                       "(@T IS NOT NULL)",
                                       "(@T IS DISTINCT FROM @T)",
                                       "(@B IS NOT TRUE)",
                                       "(@B IS UNKNOWN)",
                                       "(@T = @T)",
                                       "(@T < @T)",
                                       "(@T >= @U)",
                                       "(@T <> @T)",
                                       "(@T <=> @U)",
                                       "(@T BETWEEN @T AND @T)",
                                       "(@T NOT BETWEEN @T AND @U)",
                                       "(@T IN (@T, @T, @U))",
                                       "(@T NOT IN (@T))",
                                       "(NOT @B)",
                                       "(@B AND @B)",
                                       "(@B OR @B)",
                                       "(@d = @k)",
                                       "(@s = @n)"};
static const char *const NUMBERS[] = {"(@X + @X)",
                                      "(@X - @n)",
                                      "(@X * @X)",
                                      "(@X % @X)",
                                      "(- @X)",
                                      "(@X / @X)",
                                      "(@g DIV @g)",
                                      "(@k + @n)",
                                      "(@k * @k)",
                                      "(@k / @k)",
                                      "(@k % @k)",
                                      "(@k - @k)",
                                      "(@g & @g)",
                                      "(~ @g)",
                                      "(@i << 3)",
                                      "(@l >> @i)",
                                      "EXTRACT(YEAR FROM @t)",
                                      "EXTRACT(SECOND FROM @t)",
                                      "EXTRACT(DAY FROM @q)",
                                      "POSITION(@s IN @s)",
                                      "(@u - @u)"};
static const char *const TEXTS[] = {"(@s || @s)",
                                    "(@s || @T)",
                                    "TRIM(BOTH @s FROM @s)",
                                    "TRIM(@s)",
                                    "SUBSTRING(@s FROM @i FOR 3)",
                                    "OVERLAY(@s PLACING @s FROM 2)",
                                    "(@T)::STRING",
                                    "(@A)[0]::STRING"};
static const char *const MOMENTS[] = {"(@u + INTERVAL '1' MONTH)",
                                      "(@t - INTERVAL '1 02:03:04.5' DAY TO SECOND)",
                                      "(@t + @q)",
                                      "(@u + @q)",
                                      "(@z - @r)",
                                      "(@u + 3)",
                                      "(@t - @r)",
                                      "(@u - @i)"};
static const char *const INTERVALS[] = {"(@t - @t)", "(@u - @u)", "(@q + @q)", "(@q * @n)",
                                        "(@q / 2)",  "(- @r)",    "(@r * @g)", "(@z - @u)"};
static const char *const ANY[] = {"CASE @T WHEN @T THEN @X ELSE @X END",
                                  "CASE WHEN @B THEN @X WHEN @B THEN @X END",
                                  "if(@B, @X, @X)",
                                  "coalesce(@X, @X)",
                                  "CASE WHEN @B THEN @X ELSE @X END",
                                  "nullif(@X, @X)"};

static const struct lt_type *type_of_mark(struct random_expressions *random, char mark,
                                          const struct lt_type *asked,
                                          const struct lt_type *drawn[2])
{
    const struct subject subject = {drawn[0], column_of(random, LT_TYPE_ARRAY)->type,
                                    column_of(random, LT_TYPE_MAP)->type};
    return mark == 'X'   ? asked
           : mark == 'T' ? drawn[0]
           : mark == 'U' ? drawn[1]
                         : type_of_letter(random, mark, &subject);
}

static void form(struct random_expressions *random, const struct lt_type *type, unsigned depth,
                 struct lt_text_buffer *out)
{
    const struct lt_type *drawn[2] = {random_type(random), random_type(random)};
    bool is_any = random_below(random, 3) == 0;
    const char *at =
        is_any                                                     ? RANDOM_OF(random, ANY)
        : type->kind == LT_TYPE_BOOLEAN                            ? RANDOM_OF(random, BOOLEANS)
        : type->kind == LT_TYPE_STRING                             ? RANDOM_OF(random, TEXTS)
        : type->kind == LT_TYPE_DECIMAL || lt_type_is_number(type) ? RANDOM_OF(random, NUMBERS)
        : type->kind >= LT_TYPE_DATE && type->kind <= LT_TYPE_TIMESTAMP_NTZ
            ? RANDOM_OF(random, MOMENTS)
        : type->kind == LT_TYPE_INTERVAL_DAY_TIME || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH
            ? RANDOM_OF(random, INTERVALS)
            : RANDOM_OF(random, ANY);
    for (; *at != '\0'; at++) {
        if (*at == '@')
            random_expression(random, type_of_mark(random, *++at, type, drawn), depth - 1, out);
        else
            lt_text_append_char(out, *at);
    }
}

static void cast(struct random_expressions *random, const struct lt_type *type, unsigned depth,
                 struct lt_text_buffer *out)
{
    lt_text_append(out, random_below(random, 2) == 0 ? "TRY_CAST(" : "CAST(");
    random_expression(random, random_type(random), depth - 1, out);
    lt_text_format(out, " AS %s)", lt_type_sql(random->arena, type));
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
    else if (way < 5)
        form(random, type, depth, out);
    else if (!random_call(random, type, depth, out))
        leaf(random, type, out);
}
