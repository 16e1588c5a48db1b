/*
 * Values of types that do not fit, and counts of arguments, in Spark's words: `Cannot resolve
 * "length(array(1))" due to data type mismatch: ...`. What is meant is always the whole call.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"

enum { TYPES_MAX = 16 };

/* What BETWEEN compares is, as in Spark's texts, no longer what was written. */
static const char *text_of(const struct lt_expression *call, struct lt_arena *arena)
{
    const char *text = lt_expr_resolved_text(call, arena);
    bool is_between = call->kind == LT_EXPR_CALL && call->argument_count == 2 &&
                      call->arguments[0]->once != NULL &&
                      (strcmp(call->name, ">=") == 0 || strcmp(call->name, "<=") == 0);
    return is_between ? lt_arena_format(arena, "(commonexpressionref() %s %s)", call->name,
                                        lt_expr_resolved_text(call->arguments[1], arena))
                      : text;
}

int lt_analyser_mismatch(struct lt_analyser *analyser, const struct lt_expression *call,
                         const char *condition, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, call, condition, "42K09",
                            "Cannot resolve \"%.300s\" due to data type mismatch: %s",
                            text_of(call, analyser->coerce.arena), text);
}

/* As Spark counts parameters. */
static const char *ordinal(struct lt_analyser *analyser, uint32_t index)
{
    static const char *const names[] = {"first", "second", "third"};
    return index < sizeof names / sizeof names[0]
               ? names[index]
               : lt_arena_format(analyser->coerce.arena, "%uth", index);
}

/* Names of types that may be wanted, each once. */
struct wanted {
    const char *names[TYPES_MAX];
    uint32_t count;
};

static void want(struct wanted *wanted, const char *name)
{
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (strcmp(wanted->names[i], name) == 0)
            return;
    }
    if (wanted->count < TYPES_MAX)
        wanted->names[wanted->count++] = name;
}

static int refuse(struct lt_analyser *analyser, const struct lt_expression *call, uint32_t index,
                  const struct wanted *wanted)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const char *list = "";
    for (uint32_t i = 0; i < wanted->count; i++)
        list = lt_arena_format(arena, "%s%s\"%s\"", list, i == 0 ? "" : " or ", wanted->names[i]);
    if (wanted->count > 1)
        list = lt_arena_format(arena, "(%s)", list);
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "The %s parameter requires the %s type, however \"%s\" has the type \"%s\".",
        ordinal(analyser, index), list, lt_expr_resolved_text(call->arguments[index], arena),
        lt_analyser_shown(analyser, call->arguments[index]->type));
}

/* "an integer" is "INTEGRAL", and so on; any other word is the type itself, less its article. */
static const char *type_of_words(const char *words, size_t size_bytes, struct lt_arena *arena)
{
    static const char *const known[][2] = {{"integer", "INTEGRAL"},
                                           {"number", "NUMERIC"},
                                           {"whole number", "INTEGRAL"},
                                           {"condition", "BOOLEAN"},
                                           {"array of structs", "ARRAY<STRUCT>"},
                                           {"window", "STRUCT"},
                                           {"array of strings", "ARRAY<STRING>"}};
    size_t article = strncmp(words, "an ", 3) == 0 ? 3 : strncmp(words, "a ", 2) == 0 ? 2 : 0;
    const char *plain = lt_arena_text_n(arena, words + article, size_bytes - article);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i][0], plain) == 0)
            return known[i][1];
    }
    char *upper = lt_arena_text_n(arena, plain, strlen(plain));
    for (char *at = upper; *at != '\0'; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    return upper;
}

int lt_analyser_unexpected(struct lt_analyser *analyser, const struct lt_expression *call,
                           uint32_t index, const char *words)
{
    static const char separator[] = " or ", comma[] = ", ";
    struct wanted wanted = {.count = 0};
    for (;;) {
        const char *next = strstr(words, separator), *sooner = strstr(words, comma);
        bool is_comma = sooner != NULL && (next == NULL || sooner < next);
        next = is_comma ? sooner : next;
        size_t size_bytes = next == NULL ? strlen(words) : (size_t)(next - words);
        want(&wanted, type_of_words(words, size_bytes, analyser->coerce.arena));
        if (next == NULL)
            return refuse(analyser, call, index, &wanted);
        words = next + (is_comma ? sizeof comma : sizeof separator) - 1;
    }
}

/* The letters of signatures (functions.h) as Spark calls what they accept. */
static void want_letter(struct wanted *wanted, char letter)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {
        {'B', "BOOLEAN"},
        {'P', "BOOLEAN"},
        {'y', "TINYINT"},
        {'h', "SMALLINT"},
        {'i', "INT"},
        {'l', "BIGINT"},
        {'f', "FLOAT"},
        {'d', "DOUBLE"},
        {'D', "DOUBLE"},
        {'s', "STRING"},
        {'S', "STRING"},
        {'x', "BINARY"},
        {'u', "DATE"},
        {'t', "TIMESTAMP"},
        {'z', "TIMESTAMP_NTZ"},
        {'q', "INTERVAL DAY TO SECOND"},
        {'r', "INTERVAL YEAR TO MONTH"},
        {'c', "INTERVAL"},
        {'n', "NUMERIC"},
        {'N', "NUMERIC"},
        {'k', "NUMERIC"},
        {'g', "INTEGRAL"},
        {'G', "INTEGRAL"},
        {'o', "STRING"},
        {'o', "BINARY"},
        {'A', "ARRAY"},
        {'M', "MAP"},
        {'R', "STRUCT"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].letter == letter)
            want(wanted, names[i].name);
    }
}

int lt_analyser_refuse_argument(struct lt_analyser *analyser, const struct lt_function *function,
                                const struct lt_expression *call, uint32_t index)
{
    struct wanted wanted = {.count = 0};
    for (const struct lt_signature *s = function->signatures; s->parameters != NULL; s++)
        want_letter(&wanted, lt_signature_parameter(s, index, call->argument_count));
    bool is_signed = strcmp(call->name, "negative") == 0 || strcmp(call->name, "positive") == 0;
    for (const char *letter = is_signed ? "qrc" : ""; *letter != '\0'; letter++)
        want_letter(&wanted, *letter);
    if (wanted.count == 0)
        want(&wanted, "ANY");
    return refuse(analyser, call, index, &wanted);
}

/* ["INT", "STRING"], of every `step`th argument from `first` on; " or " in place of ", " where
 * Spark says so. */
static const char *type_list(struct lt_analyser *analyser, const struct lt_expression *call,
                             uint32_t first, uint32_t step, const char *between)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const char *list = "";
    for (uint32_t i = first; i < call->argument_count; i += step)
        list = lt_arena_format(arena, "%s%s\"%s\"", list, i == first ? "" : between,
                               lt_analyser_shown(analyser, call->arguments[i]->type));
    return list;
}

int lt_analyser_refuse_types(struct lt_analyser *analyser, const struct lt_expression *call)
{
    static const char *const others[] = {"coalesce", "array", "map_concat"};
    struct lt_expression shown = *call;
    bool has_or = false;
    if (strcmp(call->name, "nvl") == 0 || strcmp(call->name, "ifnull") == 0)
        shown.name = "coalesce";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        has_or |= strcmp(shown.name, others[i]) == 0;
    return lt_analyser_mismatch(
        analyser, &shown, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
        "Input to `%s` should all be the same type, but it's %c%s%c.", shown.name,
        has_or ? '(' : '[',
        type_list(analyser, call, strcmp(call->name, "if") == 0, 1, has_or ? " or " : ", "),
        has_or ? ')' : ']');
}

int lt_analyser_refuse_concat(struct lt_analyser *analyser, const struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    struct lt_expression shown = *call;
    const char *list = "", *seen[TYPES_MAX];
    uint32_t count = 0;
    shown.name = "concat";
    shown.is_call = true;
    for (uint32_t i = 0; i < call->argument_count && count < TYPES_MAX; i++) {
        const struct lt_type *type = call->arguments[i]->type;
        const char *name =
            lt_type_is_nested(type) ? lt_analyser_shown(analyser, type) : "STRING"; /* made one */
        seen[count] = name;
        list = lt_arena_format(arena, "%s%s\"%s\"", list, count == 0 ? "" : " or ", seen[count]);
        count++;
    }
    return lt_analyser_mismatch(analyser, &shown, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                                "Input to `concat` should all be the same type, but it's (%s).",
                                list);
}

int lt_analyser_refuse_results(struct lt_analyser *analyser, const struct lt_expression *node)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const char *list = "";
    for (uint32_t i = 0; i < node->argument_count; i++) {
        bool is_result = i % 2 == 1 || i + 1 == node->argument_count;
        if (is_result)
            list = lt_arena_format(arena, "%s%s\"%s\"", list, *list == '\0' ? "" : ", ",
                                   lt_analyser_shown(analyser, node->arguments[i]->type));
    }
    return lt_analyser_mismatch(analyser, node, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                                "Input to `casewhen` should all be the same type, but it's [%s].",
                                list);
}

int lt_analyser_refuse_map(struct lt_analyser *analyser, const struct lt_expression *call,
                           bool is_of_keys)
{
    return lt_analyser_mismatch(
        analyser, call,
        is_of_keys ? "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES"
                   : "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES",
        "The given %s of function `map` should all be the same type, but they are [%s].",
        is_of_keys ? "keys" : "values", type_list(analyser, call, is_of_keys ? 0 : 1, 2, ", "));
}

int lt_analyser_refuse_partner(struct lt_analyser *analyser, const struct lt_expression *call,
                               bool is_map, uint32_t value)
{
    return lt_analyser_mismatch(
        analyser, call,
        is_map ? "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES"
               : "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
        "Input to `%s` should have been \"%s\" followed by a value with same %s type, but it's "
        "[\"%s\", \"%s\"].",
        call->name, is_map ? "MAP" : "ARRAY", is_map ? "key" : "element",
        lt_analyser_shown(analyser, call->arguments[0]->type),
        lt_analyser_shown(analyser, call->arguments[value]->type));
}

int lt_analyser_refuse_order(struct lt_analyser *analyser, const struct lt_expression *call,
                             const struct lt_type *type)
{
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                                "The `%s` does not support ordering on type \"%s\".", call->name,
                                lt_analyser_shown(analyser, type));
}

int lt_analyser_refuse_key(struct lt_analyser *analyser, const struct lt_expression *call,
                           const struct lt_type *type)
{
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE",
                                "The key of map cannot be/contain \"%s\".",
                                lt_analyser_shown(analyser, type));
}

int lt_analyser_refuse_null(struct lt_analyser *analyser, const struct lt_expression *call)
{
    return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.NULL_TYPE",
                                "Null typed values cannot be used as arguments of `%s`.",
                                call->name);
}

/* The parameter's name in "schema_of_json(json[, options])". */
static const char *parameter_name(struct lt_analyser *analyser, const char *usage, uint32_t index)
{
    const char *at = usage + strcspn(usage, "(");
    for (uint32_t i = 0; i <= index && *at != '\0'; i++)
        at += strspn(at, "([, ") + (i < index ? strcspn(at + strspn(at, "([, "), "[,)") : 0);
    return lt_arena_text_n(analyser->coerce.arena, at, strcspn(at, "[], )"));
}

int lt_analyser_refuse_constant(struct lt_analyser *analyser, const struct lt_expression *call,
                                uint32_t index)
{
    const struct lt_function *function = lt_function_at((size_t)call->index, NULL);
    const struct lt_expression *argument = call->arguments[index];
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
        "the input `%s` should be a foldable \"%s\" expression; however, got \"%s\".",
        parameter_name(analyser, function->usage, index),
        lt_analyser_shown(analyser, argument->type),
        lt_expr_resolved_text(argument, analyser->coerce.arena));
}

const char *lt_accepted_counts(uint32_t fewest, uint32_t most, struct lt_arena *arena)
{
    if (most == UINT32_MAX && fewest > 0)
        return lt_arena_format(arena, "> %u", fewest - 1);
    if (fewest == most || most == UINT32_MAX)
        return lt_arena_format(arena, "%u", fewest);
    const char *list = "[";
    for (uint32_t i = fewest; i <= most; i++)
        list = lt_arena_format(arena, "%s%s%u", list, i == fewest ? "" : ", ", i);
    return lt_arena_format(arena, "%s]", list);
}

int lt_analyser_refuse_count(struct lt_analyser *analyser, const struct lt_function *function,
                             const struct lt_expression *call)
{
    uint32_t fewest, most;
    lt_function_arity(function, &fewest, &most);
    return lt_analyser_fail(
        analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
        "The `%s` requires %s parameters but the actual number is %u. Please, refer to "
        "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix; hint: usage: %s",
        call->name, lt_accepted_counts(fewest, most, analyser->coerce.arena), call->argument_count,
        function->usage);
}
