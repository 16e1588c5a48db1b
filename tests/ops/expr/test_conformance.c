/*
 * Runs a folder of cases whose results were produced by a live Spark, and compares: our own,
 * tests/conformance, unless CASES names another.
 *
 * A case is one line: id, settings, expression, outcome, type, result or condition. It passes when
 * outcome, type and result agree. What a later part of the language brings (a type, a function,
 * other settings) is counted apart, as unsupported; so is every case on which DIFFERENT says why
 * leat does not follow. Of our own folder it is pinned how many cases pass, since a function that
 * is lost would else only be one unsupported more. Ends with "N passed, N failed".
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/number.h"
#include "core/text/time.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

enum { FIELDS = 6, SKIPPED = 77 };

enum verdict { PASSED, FAILED, UNSUPPORTED };

struct outcome {
    char kind[32]; /* "value", "null", "parse-error", ... */
    char type[256];
    char result[8192];
    size_t result_size;
    int code;
};

static const char OURS[] = "tests/conformance";

/* The files, and how many cases of ours pass: to be raised whenever more do. */
static const struct {
    const char *name;
    unsigned passed;
} FILES[] = {
    {"arithmetic", 192},
    {"casts", 222},
    {"comparison_null", 238},
    {"conditional", 60},
    {"string", 384},
    {"regexp", 151},
    {"math", 283},
    {"hash", 98},
    {"json", 60},
    {"errors", 138},
    {"binary_encoding", 106},
};

/* Differences that are meant, or Spark's own disagreements. */
static const struct {
    const char *id, *why;
} DIFFERENT[] = {
    {"casts-0132", "time zones by name come with the zone data"},
    {"casts-0133", "time zones by name come with the zone data"},
    {"casts-0355", "12.50 is a double until decimal is there"},
    {"string-0403", "2.50 is a double until decimal is there"},
    {"regexp-0108", "(?i) without (?u) ignores the case of all letters, not of ASCII only"},
    {"regexp-0148", "Spark puts settings in the place of ${n}, leat the group"},
};

static bool is_different(const char *id)
{
    for (size_t i = 0; i < sizeof DIFFERENT / sizeof DIFFERENT[0]; i++) {
        if (strcmp(DIFFERENT[i].id, id) == 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------------------------- reading */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c - 'a' + 10;
}

/* Undoes the file's escapes in place; returns the size. */
static size_t unescape(char *text)
{
    char *out = text;
    for (char *c = text; *c != '\0'; c++) {
        if (*c != '\\') {
            *out++ = *c;
            continue;
        }
        c++;
        if (*c == 'x') {
            *out++ = (char)(hex(c[1]) * 16 + hex(c[2]));
            c += 2;
        } else {
            *out++ = *c == 't' ? '\t' : *c == 'n' ? '\n' : *c == 'r' ? '\r' : *c;
        }
    }
    *out = '\0';
    return (size_t)(out - text);
}

static unsigned split(char *line, char *fields[FIELDS])
{
    unsigned count = 0;
    line[strcspn(line, "\n")] = '\0';
    while (count < FIELDS) {
        fields[count++] = line;
        line = strchr(line, '\t');
        if (line == NULL)
            break;
        *line++ = '\0';
    }
    return count;
}

/* ---------------------------------------------------------------------------------- evaluating */

static void render(const struct lt_type *type, const union lt_value *value, struct outcome *out)
{
    char text[LT_TIME_TEXT_SIZE];
    size_t size = 0;
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        size = (size_t)snprintf(text, sizeof text, "%s", value->i64 != 0 ? "true" : "false");
        break;
    case LT_TYPE_FLOAT:
        size = lt_number_format_float((float)value->f64, text);
        break;
    case LT_TYPE_DOUBLE:
        size = lt_number_format_double(value->f64, text);
        break;
    case LT_TYPE_TIMESTAMP:
        size = lt_time_format_timestamp(value->i64, 0, text);
        break;
    case LT_TYPE_STRING:
        out->result_size = value->bytes.size_bytes < sizeof out->result - 1
                               ? value->bytes.size_bytes
                               : sizeof out->result - 1;
        if (out->result_size > 0)
            memcpy(out->result, value->bytes.data, out->result_size);
        return;
    case LT_TYPE_BINARY:
        for (uint32_t i = 0; i < value->bytes.size_bytes && 2 * i + 2 < sizeof out->result; i++)
            out->result_size +=
                (size_t)snprintf(out->result + 2 * i, 3, "%02X", value->bytes.data[i]);
        return;
    default:
        size = (size_t)snprintf(text, sizeof text, "%" PRId64, value->i64);
        break;
    }
    memcpy(out->result, text, size);
    out->result_size = size;
}

static void refused(struct outcome *out, const char *kind, const struct lt_error *error)
{
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    (void)snprintf(out->type, sizeof out->type, "-");
    out->result_size = (size_t)snprintf(out->result, sizeof out->result, "%s %s", error->condition,
                                        error->sqlstate);
    out->code = error->code;
}

static void evaluate(const char *text, struct lt_arena *arena, bool use_switch, struct outcome *out)
{
    struct lt_expression *expression;
    struct lt_error error;
    memset(out, 0, sizeof *out);
    lt_error_clear(&error);
    if (lt_expr_parse(text, arena, &expression, &error) != LT_OK) {
        refused(out, error.code == LT_E_PARSE ? "parse-error" : "analysis-error", &error);
        return;
    }
    if (lt_expr_analyse(&expression, text, NULL, arena, &error) != LT_OK) {
        refused(out, "analysis-error", &error);
        return;
    }
    (void)snprintf(out->type, sizeof out->type, "%s",
                   lt_type_simple_string(arena, expression->type));
    const struct lt_program_options options = {
        .expressions = &expression, .texts = &text, .count = 1, .use_switch = use_switch};
    struct lt_program *program;
    if (lt_program_create(&options, &program, &error) != LT_OK) {
        char type[sizeof out->type];
        memcpy(type, out->type, sizeof type);
        refused(out, "refused", &error);
        memcpy(out->type, type, sizeof type);
        return;
    }
    union lt_value value;
    bool is_null = true;
    if (!lt_program_eval_value(program, NULL, &value, &is_null)) {
        const struct lt_program_fault *fault = lt_program_fault(program);
        (void)snprintf(out->kind, sizeof out->kind, "runtime-error");
        out->result_size = (size_t)snprintf(out->result, sizeof out->result, "%s %s",
                                            fault->condition, fault->sqlstate);
    } else if (is_null) {
        (void)snprintf(out->kind, sizeof out->kind, "null");
    } else {
        (void)snprintf(out->kind, sizeof out->kind, "value");
        render(expression->type, &value, out);
    }
    lt_program_destroy(program);
}

/* ----------------------------------------------------------------------------------- comparing */

static bool is_last_place(const char *a, const char *b)
{
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return x == y || nextafter(x, y) == y;
}

/* A bare Java exception, or one of Spark's nameless errors: any condition at the same stage will
 * do. */
static bool is_nameless(const char *condition)
{
    return strncmp(condition, "java:", 5) == 0 || strncmp(condition, "_LEGACY", 7) == 0 ||
           strncmp(condition, "INTERNAL_ERROR", 14) == 0;
}

static bool agrees(char *const fields[FIELDS], size_t result_size, const struct outcome *out,
                   bool is_math)
{
    /* What cannot work is refused when the program is made, before the first record. */
    bool is_early = strcmp(out->kind, "refused") == 0 && strstr(fields[3], "error") != NULL;
    if (strcmp(fields[3], out->kind) != 0 && !is_early)
        return false;
    bool is_error = is_early || strstr(out->kind, "error") != NULL;
    if (is_error && is_nameless(fields[5]))
        return true;
    if (strcmp(fields[4], out->type) != 0 && strcmp(fields[4], "-") != 0)
        return false;
    if (result_size == out->result_size && memcmp(fields[5], out->result, result_size) == 0)
        return true;
    return is_math && strcmp(out->type, "double") == 0 && is_last_place(fields[5], out->result);
}

static bool names_later_type(const char *text)
{
    static const char *const later[] = {"decimal", "date", "interval", "array",  "map<",
                                        "struct",  "_ntz", "collate",  "COLLATE"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (strstr(text, later[i]) != NULL)
            return true;
    }
    return false;
}

static enum verdict judge(char *const fields[FIELDS], size_t result_size, const struct outcome *out,
                          bool is_math)
{
    if (strcmp(fields[1], "-") != 0 || out->code == LT_E_UNSUPPORTED)
        return UNSUPPORTED;
    if (agrees(fields, result_size, out, is_math))
        return PASSED;
    bool is_unknown = strncmp(out->result, "UNRESOLVED_ROUTINE", 18) == 0 ||
                      strncmp(out->result, "UNSUPPORTED_FEATURE", 19) == 0;
    if (is_unknown || names_later_type(fields[4]) || names_later_type(fields[5]) ||
        strcmp(fields[3], "rows") == 0 || is_different(fields[0]))
        return UNSUPPORTED;
    return FAILED;
}

static bool run_file(const char *folder, const char *name, unsigned counts[3])
{
    char path[4096];
    char *line = NULL;
    size_t capacity = 0;
    (void)snprintf(path, sizeof path, "%s/%s.tsv", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (getline(&line, &capacity, file) > 0) {
        char *fields[FIELDS] = {NULL};
        if (line[0] == '#' || split(line, fields) != FIELDS)
            continue;
        struct lt_arena *arena = lt_arena_create();
        static struct outcome out, second;
        (void)unescape(fields[2]);
        size_t size = unescape(fields[5]);
        evaluate(fields[2], arena, false, &out);
        evaluate(fields[2], arena, true, &second);
        enum verdict verdict = judge(fields, size, &out, strcmp(name, "math") == 0);
        if (memcmp(&out, &second, sizeof out) != 0) {
            printf("%s: the two loops differ: %s\n", fields[0], fields[2]);
            verdict = FAILED;
        }
        counts[verdict]++;
        if (verdict == FAILED)
            printf("%s: %s\n  wanted %s %s %s\n  got    %s %s %s\n", fields[0], fields[2],
                   fields[3], fields[4], fields[5], out.kind, out.type, out.result);
        else if (verdict == UNSUPPORTED && getenv("SHOW_UNSUPPORTED") != NULL)
            printf("%s: unsupported: %s\n", fields[0], fields[2]);
        lt_arena_destroy(arena);
    }
    printf("%-16s %4u passed, %4u failed, %4u unsupported\n", name, counts[PASSED], counts[FAILED],
           counts[UNSUPPORTED]);
    free(line);
    (void)fclose(file);
    return true;
}

/* Fewer than the pin is a failure of its own. */
static bool keeps_pin(const char *name, unsigned pin, unsigned passed)
{
    if (passed < pin)
        printf("%s: %u cases passed, but %u did before\n", name, passed, pin);
    else if (passed > pin)
        printf("%s: %u cases passed: raise the pin from %u\n", name, passed, pin);
    return passed >= pin;
}

int main(void)
{
    const char *folder = getenv("CASES");
    bool is_ours = folder == NULL;
    unsigned totals[3] = {0}, files = 0;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        unsigned counts[3] = {0};
        files += run_file(is_ours ? OURS : folder, FILES[i].name, counts);
        if (is_ours && !keeps_pin(FILES[i].name, FILES[i].passed, counts[PASSED]))
            totals[FAILED]++;
        for (unsigned j = 0; j < 3; j++)
            totals[j] += counts[j];
    }
    if (files == 0 && !is_ours) {
        printf("skipped: no case files in \"%s\"\n", folder);
        return SKIPPED;
    }
    printf("%u unsupported\n%u passed, %u failed\n", totals[UNSUPPORTED], totals[PASSED],
           totals[FAILED]);
    return totals[FAILED] == 0 ? 0 : 1;
}
