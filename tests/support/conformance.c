/*
 * Cases of a live Spark: reading, evaluating, comparing.
 */
#include "tests/support/conformance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text_buffer.h"
#include "core/text/codec_times.h"
#include "core/text/json_write.h"
#include "ops/expr/cast.h"
#include "ops/expr/coerce.h"
#include "ops/expr/expr.h"
#include "ops/expr/program.h"

/* ------------------------------------------------------------------------------------- reading */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c - 'a' + 10;
}

size_t conformance_unescape(char *text)
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

unsigned conformance_split(char *line, char *fields[CONFORMANCE_FIELDS])
{
    unsigned count = 0;
    line[strcspn(line, "\n")] = '\0';
    while (count < CONFORMANCE_FIELDS) {
        fields[count++] = line;
        line = strchr(line, '\t');
        if (line == NULL)
            break;
        *line++ = '\0';
    }
    return count;
}

bool conformance_settings(char *text, struct lt_session *session)
{
    *session = *lt_session_default();
    if (strcmp(text, "-") == 0)
        return true;
    for (char *rest = NULL, *one = strtok_r(text, ";", &rest); one != NULL;
         one = strtok_r(NULL, ";", &rest)) {
        char *value = strchr(one, '=');
        if (value == NULL)
            return false;
        *value++ = '\0';
        if (lt_session_set(session, one, value, NULL) != LT_OK)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- evaluating */

void conformance_outcome_fini(struct conformance_outcome *out)
{
    free(out->result);
    memset(out, 0, sizeof *out);
}

static void set_result(struct conformance_outcome *out, const void *data, size_t size_bytes)
{
    out->result = malloc(size_bytes + 1);
    if (size_bytes > 0)
        memcpy(out->result, data, size_bytes);
    out->result[size_bytes] = '\0';
    out->result_size = size_bytes;
}

static void set_error(struct conformance_outcome *out, const char *kind, const char *condition,
                      const char *sqlstate)
{
    char text[256];
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    int size = snprintf(text, sizeof text, "%s %s", condition,
                        sqlstate == NULL || *sqlstate == '\0' ? "-" : sqlstate);
    set_result(out, text, (size_t)size);
}

/* As to_json shows it in the session's zone, with its NULL fields. */
static void render_nested(const struct lt_session *session, const struct lt_type *type,
                          const union lt_value *value, struct lt_text_buffer *text)
{
    const struct lt_times_setup setup = {.use = LT_DATETIME_PRINTING,
                                         .time_zone = session->time_zone};
    struct lt_times *times;
    struct lt_error error;
    if (lt_times_create(&setup, &times, &error) != LT_OK)
        return;
    const struct lt_json_write_options options = {
        .keep_null_fields = true, .offset_s = lt_times_offset_s, .context = times};
    lt_json_write_value(text, type, value, &options);
    lt_times_destroy(times);
}

static void render(const struct lt_session *session, const struct lt_type *type,
                   const union lt_value *value, struct conformance_outcome *out)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    if (lt_type_is_nested(type)) {
        render_nested(session, type, value, &text);
    } else if (type->kind == LT_TYPE_BINARY) {
        for (uint32_t i = 0; i < value->bytes.size_bytes; i++)
            lt_text_format(&text, "%02X", value->bytes.data[i]);
    } else {
        lt_text_append_n(&text, value->bytes.data, value->bytes.size_bytes);
    }
    set_result(out, text.data, text.size_bytes);
    lt_text_fini(&text);
}

/* What is shown of most types is their cast to a string. */
static struct lt_expression *shown(struct lt_expression *node, const struct lt_session *session,
                                   struct lt_arena *arena)
{
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    bool is_own = lt_type_is_nested(node->type) || node->type->kind == LT_TYPE_BINARY ||
                  node->type->kind == LT_TYPE_VOID;
    if (is_own || !lt_cast_exists(session, node->type, string))
        return node;
    return lt_coerce_cast(node, string, arena);
}

static void run(struct lt_program *program, const struct lt_session *session,
                const struct lt_type *type, const struct lt_row *row,
                struct conformance_outcome *out)
{
    union lt_value value;
    bool is_null = true;
    if (!lt_program_eval_value(program, row, &value, &is_null)) {
        const struct lt_program_fault *fault = lt_program_fault(program);
        set_error(out, "runtime-error", fault->condition, fault->sqlstate);
        return;
    }
    (void)snprintf(out->kind, sizeof out->kind, "%s", is_null ? "null" : "value");
    if (is_null)
        set_result(out, "", 0);
    else
        render(session, type, &value, out);
}

struct lt_session conformance_plain(const struct lt_session *session)
{
    struct lt_session plain = *session;
    plain.use_switch = true;
    plain.is_unoptimised = true;
    return plain;
}

void conformance_evaluate(const char *text, const struct lt_type *schema, const struct lt_row *row,
                          const struct lt_session *session, bool is_plain,
                          struct conformance_outcome *out)
{
    struct lt_session plain = conformance_plain(session);
    session = is_plain ? &plain : session;
    struct lt_arena *arena = lt_arena_create();
    struct lt_expression *expression;
    struct lt_error error;
    memset(out, 0, sizeof *out);
    (void)snprintf(out->type, sizeof out->type, "-");
    lt_error_clear(&error);
    int code = lt_expr_parse(text, arena, &expression, &error);
    if (code == LT_OK)
        code = lt_expr_analyse(&expression, text, schema, session, arena, &error);
    if (code != LT_OK) {
        set_error(out, code == LT_E_PARSE ? "parse-error" : "analysis-error", error.condition,
                  error.sqlstate);
        lt_arena_destroy(arena);
        return;
    }
    (void)snprintf(out->type, sizeof out->type, "%s",
                   lt_type_simple_string(arena, expression->type));
    expression = shown(expression, session, arena);
    const struct lt_program_options options = {.expressions = &expression,
                                               .texts = &text,
                                               .count = 1,
                                               .schema = schema,
                                               .session = session};
    struct lt_program *program;
    if (lt_program_create(&options, &program, &error) != LT_OK) {
        set_error(out, "refused", error.condition, error.sqlstate);
    } else {
        run(program, session, expression->type, row, out);
        lt_program_destroy(program);
    }
    lt_arena_destroy(arena);
}

/* ----------------------------------------------------------------------------------- comparing */

bool conformance_same(const struct conformance_outcome *a, const struct conformance_outcome *b)
{
    /* A constant that fails is refused before the first record; unoptimised, it fails then. */
    bool is_early = strcmp(a->kind, "refused") == 0 && strcmp(b->kind, "runtime-error") == 0;
    return (is_early || strcmp(a->kind, b->kind) == 0) && strcmp(a->type, b->type) == 0 &&
           a->result_size == b->result_size && memcmp(a->result, b->result, a->result_size) == 0;
}

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

bool conformance_agrees(const char *kind, const char *type, const char *result, size_t result_size,
                        const struct conformance_outcome *out, bool last_place)
{
    /* What cannot work is refused when the program is made, before the first record. */
    bool is_early = strcmp(out->kind, "refused") == 0 && strstr(kind, "error") != NULL;
    if (strcmp(kind, out->kind) != 0 && !is_early)
        return false;
    bool is_error = is_early || strstr(out->kind, "error") != NULL;
    if (is_error && strncmp(out->result, "UNSUPPORTED_FEATURE", 19) == 0)
        return strncmp(result, "UNSUPPORTED_FEATURE", 19) == 0;
    if (is_error && is_nameless(result))
        return true;
    if (strcmp(type, out->type) != 0 && strcmp(type, "-") != 0)
        return false;
    if (result_size == out->result_size && memcmp(result, out->result, result_size) == 0)
        return true;
    return last_place && strcmp(out->type, "double") == 0 && is_last_place(result, out->result);
}
