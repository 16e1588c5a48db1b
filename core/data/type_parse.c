/*
 * The DDL parser: Spark's grammar of column lists and types.
 *
 *   columns  column (, column)*
 *   column   name type [NOT NULL] [COMMENT string]
 *   type     ARRAY<type> | MAP<type, type> | STRUCT<[name [:] type [NOT NULL] [COMMENT string],
 * ...]> | INTERVAL [field [TO field]] | TIMESTAMP WITHOUT TIME ZONE | STRING COLLATE name | word
 * [(number, ...)]
 *
 * Spark parses the whole text first and looks at the types afterwards, so a text that has both an
 * unknown type and a syntax error is a syntax error. Here a fault of the second kind is kept
 * (`fault`) while parsing goes on, and reported when the text turns out to be well-formed.
 *
 * Recursion is limited to LT_LIMIT_TYPE_DEPTH.
 */
#include "core/data/type.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/data/type_lexer.h"

enum {
    DECIMAL_PRECISION_MAX = 38,
    TIME_PRECISION_MAX = 6,
    PARAMETERS_MAX = 2,
};

struct parser {
    struct lt_type_lexer lexer;
    struct lt_type_token token; /* the one to look at next */
    struct lt_arena *arena;
    struct lt_error *error;
    struct lt_error fault; /* the first fault that is not one of syntax; code 0 if none */
    const char *word;      /* the type that is being read: where a fault is */
    int depth;
};

/* Words that name a type of one word. */
static const struct {
    const char *word;
    enum lt_type_kind kind;
} type_words[] = {
    {"BOOLEAN", LT_TYPE_BOOLEAN}, {"TINYINT", LT_TYPE_TINYINT},
    {"BYTE", LT_TYPE_TINYINT},    {"SMALLINT", LT_TYPE_SMALLINT},
    {"SHORT", LT_TYPE_SMALLINT},  {"INT", LT_TYPE_INT},
    {"INTEGER", LT_TYPE_INT},     {"BIGINT", LT_TYPE_BIGINT},
    {"LONG", LT_TYPE_BIGINT},     {"FLOAT", LT_TYPE_FLOAT},
    {"REAL", LT_TYPE_FLOAT},      {"DOUBLE", LT_TYPE_DOUBLE},
    {"DECIMAL", LT_TYPE_DECIMAL}, {"DEC", LT_TYPE_DECIMAL},
    {"NUMERIC", LT_TYPE_DECIMAL}, {"STRING", LT_TYPE_STRING},
    {"CHAR", LT_TYPE_CHAR},       {"CHARACTER", LT_TYPE_CHAR},
    {"VARCHAR", LT_TYPE_VARCHAR}, {"BINARY", LT_TYPE_BINARY},
    {"DATE", LT_TYPE_DATE},       {"TIMESTAMP", LT_TYPE_TIMESTAMP},
    {"TIME", LT_TYPE_TIME},       {"TIMESTAMP_LTZ", LT_TYPE_TIMESTAMP},
    {"VOID", LT_TYPE_VOID},       {"TIMESTAMP_NTZ", LT_TYPE_TIMESTAMP_NTZ},
    {"VARIANT", LT_TYPE_VARIANT}, {"INTERVAL", LT_TYPE_INTERVAL_CALENDAR},
    {"ARRAY", LT_TYPE_ARRAY},     {"MAP", LT_TYPE_MAP},
    {"STRUCT", LT_TYPE_STRUCT},
};
enum { TYPE_WORD_COUNT = sizeof type_words / sizeof type_words[0] };

/* The collations that are not those of a country; the first is the default and needs no mention. */
static const char *const collations[] = {
    "UTF8_BINARY", "UTF8_BINARY_RTRIM", "UTF8_LCASE",    "UTF8_LCASE_RTRIM",
    "UNICODE",     "UNICODE_RTRIM",     "UNICODE_CI",    "UNICODE_CI_RTRIM",
    "UNICODE_AI",  "UNICODE_AI_RTRIM",  "UNICODE_CI_AI", "UNICODE_CI_AI_RTRIM",
};
enum { COLLATION_COUNT = sizeof collations / sizeof collations[0] };

static int parse_type(struct parser *p, const struct lt_type **out);

static void advance(struct parser *p)
{
    p->token = lt_type_lexer_next(&p->lexer);
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->token.kind == LT_TYPE_TOKEN_WORD && lt_type_token_is(&p->token, word);
}

static bool at_mark(const struct parser *p, char mark)
{
    return p->token.kind == LT_TYPE_TOKEN_MARK && *p->token.begin == mark;
}

static bool take_word(struct parser *p, const char *word)
{
    if (!at_word(p, word))
        return false;
    advance(p);
    return true;
}

static bool take_mark(struct parser *p, char mark)
{
    if (!at_mark(p, mark))
        return false;
    advance(p);
    return true;
}

/* Where in the schema's text, as Spark counts. */
static void set_place(const struct parser *p, const char *at, struct lt_error *error)
{
    const char *line = p->lexer.text;
    if (error == NULL)
        return;
    error->line = 1;
    for (const char *c = line; c < at; c++) {
        if (*c == '\n') {
            error->line++;
            line = c + 1;
        }
    }
    error->position = (unsigned)(at - line);
}

static int syntax_error(struct parser *p, const char *expected)
{
    size_t position = (size_t)(p->token.begin - p->lexer.text) + 1;
    if (p->token.kind == LT_TYPE_TOKEN_END)
        lt_error_set(
            p->error, LT_E_PARSE,
            "Syntax error at or near end of input; hint: schema \"%.200s\": %s is expected",
            p->lexer.text, expected);
    else
        lt_error_set(
            p->error, LT_E_PARSE,
            "Syntax error at or near '%.*s'; hint: schema \"%.200s\": character %zu: %s is "
            "expected",
            (int)(p->token.size_bytes < 60 ? p->token.size_bytes : 60), p->token.begin,
            p->lexer.text, position, expected);
    set_place(p, p->token.begin, p->error);
    return lt_error_condition(p->error, "PARSE_SYNTAX_ERROR", "42601");
}

/* Keeps the first fault that is not one of syntax; parsing goes on. */
static void __attribute__((format(printf, 5, 6)))
keep_fault(struct parser *p, int code, const char *condition, const char *sqlstate,
           const char *format, ...)
{
    if (p->fault.code != 0)
        return;
    char text[LT_ERROR_TEXT_MAX / 4];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lt_assert(written >= 0);
    lt_error_set(&p->fault, code, "%s", text);
    lt_error_condition(&p->fault, condition, sqlstate);
    if (code == LT_E_PARSE && sqlstate != NULL)
        set_place(p, p->word, &p->fault);
}

static int expect_mark(struct parser *p, char mark)
{
    char expected[] = {'"', mark, '"', '\0'};
    return take_mark(p, mark) ? 0 : syntax_error(p, expected);
}

static int refuse_name(struct parser *p, const struct lt_type_token *token)
{
    lt_error_set(p->error, LT_E_PARSE,
                 "schema \"%.200s\": character %zu: the name that begins with \"%.*s\" has "
                 "characters other than letters, digits and _; hint: put it in back-ticks",
                 p->lexer.text, (size_t)(token->begin - p->lexer.text) + 1,
                 (int)(token->size_bytes < 60 ? token->size_bytes : 60), token->begin);
    return lt_error_condition(p->error, "INVALID_IDENTIFIER", "42602");
}

/* A name, in the arena. */
static int parse_name(struct parser *p, const char **out)
{
    const struct lt_type_token token = p->token;
    if (token.kind == LT_TYPE_TOKEN_QUOTED) {
        *out = lt_type_token_unquote(&token, p->arena);
        advance(p);
        return 0;
    }
    if (token.kind != LT_TYPE_TOKEN_WORD)
        return syntax_error(p, "a name");
    advance(p);
    if (token.is_ascii && !(at_mark(p, '-') && p->token.begin == token.begin + token.size_bytes)) {
        *out = lt_arena_text_n(p->arena, token.begin, token.size_bytes);
        return 0;
    }
    return refuse_name(p, &token);
}

/* [NOT NULL] [COMMENT string] */
static int parse_field_rest(struct parser *p, struct lt_field *field)
{
    field->nullable = true;
    if (take_word(p, "NOT")) {
        if (!take_word(p, "NULL"))
            return syntax_error(p, "NULL");
        field->nullable = false;
    }
    if (take_word(p, "COMMENT")) {
        if (p->token.kind != LT_TYPE_TOKEN_STRING)
            return syntax_error(p, "a comment in quotes");
        field->comment = lt_type_token_string(&p->token, p->arena);
        advance(p);
    }
    return 0;
}

struct field_list {
    struct lt_field *fields;
    size_t count, capacity;
};

static int parse_field(struct parser *p, bool colon_allowed, struct field_list *list)
{
    struct lt_field field = {0};
    int code = parse_name(p, &field.name);
    if (code != 0)
        return code;
    if (colon_allowed)
        (void)take_mark(p, ':');
    code = parse_type(p, &field.type);
    if (code == 0)
        code = parse_field_rest(p, &field);
    if (code != 0)
        return code;
    if (list->count == LT_LIMIT_COLUMNS)
        return lt_error_set(p->error, LT_E_LIMIT, "schema: more than %d fields side by side",
                            LT_LIMIT_COLUMNS);
    if (list->count == list->capacity) {
        list->capacity = list->capacity != 0 ? 2 * list->capacity : 8;
        list->fields = lt_realloc_array(list->fields, list->capacity, sizeof *list->fields);
    }
    list->fields[list->count++] = field;
    return 0;
}

/* field (, field)*; the list may not be empty. */
static int parse_fields(struct parser *p, bool colon_allowed, const struct lt_type **out)
{
    struct field_list list = {0};
    int code;
    do {
        code = parse_field(p, colon_allowed, &list);
    } while (code == 0 && take_mark(p, ','));
    if (code == 0)
        *out = lt_type_struct(p->arena, list.fields, list.count);
    free(list.fields);
    return code;
}

static int parse_struct(struct parser *p, const struct lt_type **out)
{
    if (at_mark(p, '>')) {
        *out = lt_type_struct(p->arena, NULL, 0);
        return 0;
    }
    return parse_fields(p, true, out);
}

static int parse_map(struct parser *p, const struct lt_type **out)
{
    const struct lt_type *key, *value;
    int code = parse_type(p, &key);
    if (code == 0)
        code = expect_mark(p, ',');
    if (code == 0)
        code = parse_type(p, &value);
    if (code == 0)
        *out = lt_type_map(p->arena, key, value, true);
    return code;
}

static int parse_array(struct parser *p, const struct lt_type **out)
{
    const struct lt_type *element;
    int code = parse_type(p, &element);
    if (code == 0)
        *out = lt_type_array(p->arena, element, true);
    return code;
}

/* After ARRAY, MAP or STRUCT. */
static int parse_nested(struct parser *p, enum lt_type_kind kind, const struct lt_type **out)
{
    static const struct {
        const char *condition, *name, *lacks, *example;
    } texts[] = {
        {"INCOMPLETE_TYPE_DEFINITION.ARRAY", "ARRAY", "an element type", "ARRAY<INT>"},
        {"INCOMPLETE_TYPE_DEFINITION.MAP", "MAP", "a key type and a value type",
         "MAP<TIMESTAMP, INT>"},
        {"INCOMPLETE_TYPE_DEFINITION.STRUCT", "STRUCT", "at least one field type",
         "STRUCT<name STRING, phone DECIMAL(10, 0)>"},
    };
    if (!take_mark(p, '<')) {
        int i = (int)kind - LT_TYPE_ARRAY;
        keep_fault(p, LT_E_PARSE, texts[i].condition, "42K01",
                   "Incomplete complex type: The definition of \"%s\" type is incomplete. You must "
                   "provide %s. For example: \"%s\".",
                   texts[i].name, texts[i].lacks, texts[i].example);
        *out = lt_type_simple(LT_TYPE_VOID);
        return 0;
    }
    if (p->depth == LT_LIMIT_TYPE_DEPTH)
        return lt_error_set(p->error, LT_E_LIMIT, "schema: types nested deeper than %d",
                            LT_LIMIT_TYPE_DEPTH);
    p->depth++;
    int code = kind == LT_TYPE_ARRAY ? parse_array(p, out)
               : kind == LT_TYPE_MAP ? parse_map(p, out)
                                     : parse_struct(p, out);
    p->depth--;
    return code != 0 ? code : expect_mark(p, '>');
}

static int interval_field(const struct parser *p, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (at_word(p, names[i]))
            return i;
    return -1;
}

/* After INTERVAL: [field [TO field]]. */
static int parse_interval(struct parser *p, const struct lt_type **out)
{
    static const char *const year_month[] = {"YEAR", "MONTH"};
    static const char *const day_time[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
    enum lt_type_kind kind = LT_TYPE_INTERVAL_YEAR_MONTH;
    const char *const *names = year_month;
    int count = 2;
    int from = interval_field(p, names, count);
    if (from < 0) {
        kind = LT_TYPE_INTERVAL_DAY_TIME;
        names = day_time;
        count = 4;
        from = interval_field(p, names, count);
    }
    if (from < 0) {
        *out = lt_type_simple(LT_TYPE_INTERVAL_CALENDAR);
        return 0;
    }
    advance(p);
    int to = from;
    if (take_word(p, "TO")) {
        to = interval_field(p, names, count);
        if (to < 1) /* YEAR and DAY begin a range and never end one */
            return syntax_error(p, count == 2 ? "MONTH" : "HOUR, MINUTE or SECOND");
        advance(p);
        if (to <= from)
            keep_fault(p, LT_E_PARSE, "_LEGACY_ERROR_TEMP_0028", NULL,
                       "schema: an interval from %s to %s is not supported", names[from],
                       names[to]);
    }
    struct lt_type *type = lt_arena_alloc(p->arena, sizeof *type);
    *type = (struct lt_type){
        .kind = kind, .interval_start = (uint8_t)from, .interval_end = (uint8_t)to};
    *out = type;
    return 0;
}

/* [(number, ...)]; counts them all, keeps PARAMETERS_MAX. */
static int parse_parameters(struct parser *p, uint32_t parameters[PARAMETERS_MAX], int *count)
{
    *count = 0;
    if (!take_mark(p, '('))
        return 0;
    do {
        if (p->token.kind != LT_TYPE_TOKEN_NUMBER)
            return syntax_error(p, "a whole number");
        if (*count < PARAMETERS_MAX)
            parameters[*count] = lt_type_token_number(&p->token);
        (*count)++;
        advance(p);
    } while (take_mark(p, ','));
    return expect_mark(p, ')');
}

static const struct lt_type *make_decimal(struct parser *p, uint32_t precision, uint32_t scale)
{
    if (precision > DECIMAL_PRECISION_MAX) {
        keep_fault(p, LT_E_ANALYSIS, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                   "Decimal precision %u exceeds max precision %d.", precision,
                   DECIMAL_PRECISION_MAX);
        return lt_type_simple(LT_TYPE_DECIMAL);
    }
    if (scale > precision) {
        keep_fault(p, LT_E_PARSE, "_LEGACY_ERROR_TEMP_1228", NULL,
                   "Decimal scale (%u) cannot be greater than precision (%u).", scale, precision);
        return lt_type_simple(LT_TYPE_DECIMAL);
    }
    return lt_type_decimal(p->arena, (uint8_t)precision, (uint8_t)scale);
}

static const struct lt_type *make_with_size(struct parser *p, enum lt_type_kind kind, uint32_t size)
{
    struct lt_type *type = lt_arena_alloc(p->arena, sizeof *type);
    type->kind = kind;
    if (kind == LT_TYPE_TIME) {
        if (size > TIME_PRECISION_MAX)
            keep_fault(p, LT_E_ANALYSIS, "UNSUPPORTED_TIME_PRECISION", "0A001",
                       "schema: a time with %u digits of the second; at most %d are possible", size,
                       TIME_PRECISION_MAX);
        type->precision = (uint8_t)size;
    } else {
        type->char_count = size;
    }
    return type;
}

/* The type as it was written, in capitals and without blanks: "FOO(1,2)". */
static char *written_type(struct parser *p, const struct lt_type_token *word, int parameter_count)
{
    size_t size = word->size_bytes, used = 0;
    if (parameter_count > 0)
        size += strcspn(word->begin + size, ")") + 1;
    char *text = lt_arena_text_n(p->arena, word->begin, size);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != ' ' && *at != '\n' && *at != '\t')
            text[used++] = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
    }
    text[used] = '\0';
    return text;
}

static void unknown_type(struct parser *p, const struct lt_type_token *word, int parameter_count)
{
    const char *names[TYPE_WORD_COUNT];
    for (int i = 0; i < TYPE_WORD_COUNT; i++)
        names[i] = type_words[i].word;
    const char *name = written_type(p, word, 0), *written = written_type(p, word, parameter_count);
    const char *nearest = lt_nearest(name, names, TYPE_WORD_COUNT);
    if (nearest == NULL)
        keep_fault(p, LT_E_PARSE, "UNSUPPORTED_DATATYPE", "0A000", "Unsupported data type \"%s\".",
                   written);
    else if (lt_ascii_compare(nearest, name) == 0)
        keep_fault(p, LT_E_PARSE, "UNSUPPORTED_DATATYPE", "0A000",
                   "Unsupported data type \"%s\"; hint: it does not take these parameters",
                   written);
    else
        keep_fault(p, LT_E_PARSE, "UNSUPPORTED_DATATYPE", "0A000",
                   "Unsupported data type \"%s\"; hint: did you mean %s?", written, nearest);
}

/* The type of one word with its parameters. */
static const struct lt_type *make_simple(struct parser *p, const struct lt_type_token *word,
                                         enum lt_type_kind kind, const uint32_t *parameters,
                                         int count)
{
    switch (kind) {
    case LT_TYPE_DECIMAL:
        if (count <= 2)
            return make_decimal(p, count > 0 ? parameters[0] : 10, count > 1 ? parameters[1] : 0);
        break;
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        if (count == 0) {
            keep_fault(
                p, LT_E_PARSE, "DATATYPE_MISSING_SIZE", "42K01",
                "DataType \"%s\" requires a length parameter, for example \"%s\"(10). Please "
                "specify the length.",
                written_type(p, word, 0), written_type(p, word, 0));
            return lt_type_simple(LT_TYPE_STRING);
        }
        if (count == 1 && parameters[0] <= INT32_MAX)
            return make_with_size(p, kind, parameters[0]);
        if (count == 1)
            keep_fault(p, LT_E_PARSE, "UNSUPPORTED_DATATYPE", "0A000",
                       "schema: the size of \"%.*s\" is too large; at most %d is possible",
                       (int)word->size_bytes, word->begin, INT32_MAX);
        break;
    case LT_TYPE_TIME:
        if (count <= 1)
            return make_with_size(p, kind, count == 1 ? parameters[0] : TIME_PRECISION_MAX);
        break;
    default:
        if (count == 0 && kind != LT_TYPE_KIND_COUNT)
            return lt_type_simple(kind);
    }
    unknown_type(p, word, count);
    return lt_type_simple(LT_TYPE_VOID);
}

/* After STRING COLLATE. */
static int parse_collation(struct parser *p, const struct lt_type **out)
{
    const char *name = NULL;
    int code = parse_name(p, &name);
    if (code != 0)
        return code;
    *out = lt_type_simple(LT_TYPE_STRING);
    for (size_t i = 0; i < COLLATION_COUNT; i++) {
        if (lt_ascii_compare(collations[i], name) != 0)
            continue;
        if (i != 0) {
            struct lt_type *type = lt_arena_alloc(p->arena, sizeof *type);
            *type = (struct lt_type){.kind = LT_TYPE_STRING, .collation = collations[i]};
            *out = type;
        }
        return 0;
    }
    const char *nearest = lt_nearest(name, collations, COLLATION_COUNT);
    keep_fault(p, LT_E_ANALYSIS, "COLLATION_INVALID_NAME", "42704",
               "schema: unknown collation \"%s\"; hint: did you mean %s?", name,
               nearest != NULL ? nearest : collations[0]);
    return 0;
}

static enum lt_type_kind find_kind(const struct lt_type_token *word)
{
    for (int i = 0; i < TYPE_WORD_COUNT; i++)
        if (lt_type_token_is(word, type_words[i].word))
            return type_words[i].kind;
    return LT_TYPE_KIND_COUNT;
}

static int parse_type(struct parser *p, const struct lt_type **out)
{
    const struct lt_type_token word = p->token;
    if (word.kind != LT_TYPE_TOKEN_WORD && word.kind != LT_TYPE_TOKEN_QUOTED)
        return syntax_error(p, "a type");
    enum lt_type_kind kind =
        word.kind == LT_TYPE_TOKEN_WORD ? find_kind(&word) : LT_TYPE_KIND_COUNT;
    p->word = word.begin;
    advance(p);
    if (word.kind == LT_TYPE_TOKEN_WORD && !word.is_ascii)
        return refuse_name(p, &word);
    if (kind == LT_TYPE_ARRAY || kind == LT_TYPE_MAP || kind == LT_TYPE_STRUCT)
        return parse_nested(p, kind, out);
    if (kind == LT_TYPE_INTERVAL_CALENDAR)
        return parse_interval(p, out);
    if (lt_type_token_is(&word, "TIMESTAMP") && take_word(p, "WITHOUT")) {
        if (!take_word(p, "TIME") || !take_word(p, "ZONE"))
            return syntax_error(p, "TIME ZONE");
        *out = lt_type_simple(LT_TYPE_TIMESTAMP_NTZ);
        return 0;
    }
    if (kind == LT_TYPE_STRING && take_word(p, "COLLATE"))
        return parse_collation(p, out);
    uint32_t parameters[PARAMETERS_MAX] = {0};
    int count;
    int code = parse_parameters(p, parameters, &count);
    if (code == 0)
        *out = make_simple(p, &word, kind, parameters, count);
    return code;
}

static int parse_text(const char *text, bool is_column_list, struct lt_arena *arena,
                      const struct lt_type **out, struct lt_error *error)
{
    struct parser p = {.lexer = {.text = text, .next = text}, .arena = arena, .error = error};
    lt_error_clear(&p.fault);
    *out = NULL;
    advance(&p);
    if (p.token.kind == LT_TYPE_TOKEN_END || lt_ascii_is_void(text)) {
        lt_error_set(error, LT_E_PARSE, "schema: the text is empty");
        return lt_error_condition(error, "PARSE_EMPTY_STATEMENT", "42617");
    }
    const struct lt_type *type = NULL;
    int code = is_column_list ? parse_fields(&p, false, &type) : parse_type(&p, &type);
    if (code == 0 && p.token.kind != LT_TYPE_TOKEN_END)
        code = syntax_error(&p, is_column_list ? "\",\" or the end" : "the end");
    if (code != 0)
        return code;
    if (p.fault.code != 0) {
        if (error != NULL)
            *error = p.fault;
        return p.fault.code;
    }
    *out = type;
    return 0;
}

int lt_type_parse_ddl(const char *text, struct lt_arena *arena, const struct lt_type **out,
                      struct lt_error *error)
{
    return parse_text(text, true, arena, out, error);
}

int lt_type_parse(const char *text, struct lt_arena *arena, const struct lt_type **out,
                  struct lt_error *error)
{
    return parse_text(text, false, arena, out, error);
}

int lt_type_parse_any(const char *text, struct lt_arena *arena, const struct lt_type **out,
                      struct lt_error *error)
{
    int code = parse_text(text, false, arena, out, error);
    if (code == 0 || parse_text(text, true, arena, out, NULL) != 0)
        return code;
    lt_error_clear(error);
    return 0;
}
