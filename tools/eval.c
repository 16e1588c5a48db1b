/*
 * `leat eval 'EXPR'`: what an expression makes of sample rows, one result a line.
 *
 * Each line of the input is the value of a row as a Kafka source would hand it out: key, timestamp
 * and headers NULL, topic "eval", partition 0, the line's number as the offset. With --schema each
 * line is a JSON object instead, and its members are the columns.
 *
 * A result is the text that Spark's cast makes of it, or, where it nests, the JSON of Spark's
 * to_json.
 *
 * It runs the library itself in invoker mode: a row is pushed, the query is worked until the result
 * is there. A row that fails stops a query, so the next row gets a new one; the expression was
 * found sound before the first row.
 *
 * on: main.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/ddl.h"
#include "tools/flags.h"

static const char kafka_schema[] =
    "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, "
    "timestampType INT, headers ARRAY<STRUCT<key: STRING, value: BINARY>>";
enum { KAFKA_VALUE = 1, KAFKA_TOPIC, KAFKA_PARTITION, KAFKA_OFFSET, KAFKA_TIMESTAMP_TYPE = 6 };

static const struct lt_tool_flag flags[] = {
    {"in", 'i', "FILE", "Sample rows, one a line; - (the default) is stdin."},
    {"schema", 's', "DDL",
     "Each line is a JSON object with these columns: \"price double, side string\". A member that "
     "is missing or does not fit is NULL."},
    {"as", 0, "SHAPE", "kafka (the default): each line is the value of a Kafka record."},
    {"option", 'o', "NAME=VALUE",
     "A setting that changes what an expression means, by Spark's name: "
     "spark.sql.ansi.enabled=false. May be given several times."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_IN, FLAG_SCHEMA, FLAG_AS, FLAG_OPTION, FLAG_HELP, FLAG_COUNT };
enum { SETTINGS_MAX = 32 };

struct eval {
    const char *expression, *path, *ddl;
    const char *settings[SETTINGS_MAX]; /* "NAME=VALUE" */
    size_t setting_count;
    bool wants_help;
    leat_context *context;
    leat_input *input;
    leat_output *output;
    leat_query *query;
    struct lt_tool_schema results; /* what the expression makes, while there is a query */
    bool got_result;
};

static int take(void *user, int index, const char *value)
{
    struct eval *eval = user;
    if (index == FLAG_HELP)
        eval->wants_help = true;
    else if (index == FLAG_IN)
        eval->path = value;
    else if (index == FLAG_SCHEMA)
        eval->ddl = value;
    else if (index == FLAG_AS && strcmp(value, "kafka") != 0)
        return lt_tool_wrong("--as \"%s\" is none of: kafka", value);
    else if (index == FLAG_OPTION && (strchr(value, '=') == NULL || value[0] == '='))
        return lt_tool_wrong("--option \"%s\" is not NAME=VALUE", value);
    else if (index == FLAG_OPTION && eval->setting_count == SETTINGS_MAX)
        return lt_tool_wrong("--option is given more than %d times", SETTINGS_MAX);
    else if (index == FLAG_OPTION)
        eval->settings[eval->setting_count++] = value;
    else if (index == LT_TOOL_WORD && eval->expression != NULL)
        return lt_tool_wrong("\"%s\" is one word too many; hint: the expression stands in quotes",
                             value);
    else if (index == LT_TOOL_WORD)
        eval->expression = value;
    return 0;
}

/* ---------------------------------------------------------------------------------- the query */

/* Says the builder's error; caret lines and all. */
static int fail_builder(const struct eval *eval)
{
    return lt_tool_wrong("%s", leat_context_error(eval->context));
}

/* The columns of --schema, each taken from the line's JSON text: "try_cast(value:`a` as INT) as
 * `a`". NULL after saying why not. */
static char *columns_of(const char *ddl)
{
    struct lt_tool_schema schema;
    char *list = NULL;
    bool is_sound = true;
    lt_tool_schema_parse(ddl, &schema);
    for (size_t i = 0; i < schema.count && is_sound; i++) {
        const struct lt_tool_field *field = &schema.fields[i];
        enum lt_tool_form form = lt_tool_schema_form(field->type);
        is_sound = form != LT_TOOL_FORM_OTHER && form != LT_TOOL_FORM_HEADERS;
        if (!is_sound)
            lt_tool_say(
                "--schema: column \"%s\" of type %s cannot be read from a line; hint: plain "
                "types only",
                field->name, field->type);
        char *before = list, *name = lt_tool_schema_quote(field->name);
        list = lt_tool_format("%s%stry_cast(value:%s as %s) as %s", before != NULL ? before : "",
                              before != NULL ? ", " : "", name, field->type, name);
        free(before);
        free(name);
    }
    if (schema.count == 0)
        lt_tool_say("--schema: no column in \"%s\"", ddl);
    lt_tool_schema_fini(&schema);
    if (is_sound)
        return list;
    free(list);
    return NULL;
}

/* The rows that the expression sees; NULL after saying why. */
static leat_stream *build_rows(struct eval *eval)
{
    eval->input =
        leat_input_create(eval->context, eval->ddl != NULL ? "value STRING" : kafka_schema, 16);
    leat_stream *rows = leat_read_input(eval->input);
    if (eval->ddl != NULL) {
        char *columns = columns_of(eval->ddl);
        if (columns == NULL)
            return NULL;
        rows = leat_select(rows, columns);
        free(columns);
    }
    if (rows == NULL || leat_stream_schema(rows) == NULL) {
        (void)fail_builder(eval);
        return NULL;
    }
    return rows;
}

static bool is_nested(const char *type)
{
    static const char *const nested[] = {"ARRAY<", "MAP<", "STRUCT<"};
    for (size_t i = 0; i < sizeof nested / sizeof nested[0]; i++)
        if (strncmp(type, nested[i], strlen(nested[i])) == 0)
            return true;
    return false;
}

/* The expression's columns as texts, in Spark's own casts; what nests stays as it is, and becomes
 * text when it is printed. NULL after saying what is wrong. */
static leat_stream *build_texts(struct eval *eval, leat_stream *results)
{
    const char *ddl = leat_stream_schema(results);
    if (ddl == NULL) {
        (void)fail_builder(eval);
        return NULL;
    }
    lt_tool_schema_parse(ddl, &eval->results);
    char *list = NULL;
    for (size_t i = 0; i < eval->results.count; i++) {
        const struct lt_tool_field *field = &eval->results.fields[i];
        char *before = list;
        list = lt_tool_format(is_nested(field->type) ? "%s%s`%zu`" : "%s%scast(`%zu` as string)",
                              before != NULL ? before : "", before != NULL ? ", " : "", i);
        free(before);
    }
    leat_stream *texts = leat_select(leat_admin_numbered(results), list);
    if (leat_stream_schema(texts) == NULL) {
        (void)fail_builder(eval);
        texts = NULL;
    }
    free(list);
    return texts;
}

static void close_query(struct eval *eval)
{
    leat_query_destroy(eval->query);
    leat_context_destroy(eval->context);
    lt_tool_schema_fini(&eval->results);
    eval->query = NULL;
    eval->context = NULL;
}

static int apply_settings(struct eval *eval)
{
    int status = LEAT_OK;
    for (size_t i = 0; i < eval->setting_count && status == LEAT_OK; i++) {
        const char *value = strchr(eval->settings[i], '=') + 1;
        char *name =
            lt_tool_format("%.*s", (int)(value - 1 - eval->settings[i]), eval->settings[i]);
        status = leat_context_set(eval->context, name, value);
        free(name);
    }
    return status == LEAT_OK ? 0 : fail_builder(eval);
}

/* 0, or LT_TOOL_USAGE after saying what is wrong with the expression. */
static int open_query(struct eval *eval)
{
    eval->context = leat_context_create();
    if (apply_settings(eval) != 0)
        return LT_TOOL_USAGE;
    leat_stream *rows = build_rows(eval);
    if (rows == NULL)
        return LT_TOOL_USAGE;
    leat_stream *texts = build_texts(eval, leat_select(rows, eval->expression));
    if (texts == NULL)
        return LT_TOOL_USAGE;
    eval->output = leat_output_create(eval->context, 16);
    /* A handful of rows is no reason to take CPUs and power from others. */
    eval->query = leat_query_create(eval->context,
                                    leat_options_of("dmaLatency", "off", "pin", "false", NULL));
    if (leat_query_write_output(eval->query, texts, eval->output) != LEAT_OK ||
        leat_start_invoked(eval->query) != LEAT_OK)
        return lt_tool_wrong("%s", leat_query_error(eval->query));
    return 0;
}

/* ------------------------------------------------------------------------------------ the rows */

static int fill_row(const struct eval *eval, leat_row *row, const char *line, size_t size_bytes,
                    int64_t number)
{
    if (eval->ddl != NULL)
        return leat_row_set_bytes(row, 0, line, size_bytes);
    leat_row_set_i64(row, KAFKA_PARTITION, 0);
    leat_row_set_i64(row, KAFKA_OFFSET, number);
    leat_row_set_i64(row, KAFKA_TIMESTAMP_TYPE, 0);
    int status = leat_row_set_bytes(row, KAFKA_TOPIC, "eval", strlen("eval"));
    return status != LEAT_OK ? status : leat_row_set_bytes(row, KAFKA_VALUE, line, size_bytes);
}

static void print_value(const leat_row *row, uint32_t column, const char *type)
{
    size_t size_bytes = 0;
    if (leat_row_is_null(row, column)) {
        fputs("NULL", stdout);
    } else if (is_nested(type)) {
        char *json = leat_admin_value_json(row, column, type);
        fputs(json != NULL ? json : type, stdout);
        free(json);
    } else {
        const void *text = leat_row_bytes(row, column, &size_bytes);
        fwrite(text, 1, size_bytes, stdout);
    }
}

static void print_row(void *user, const leat_row *row)
{
    struct eval *eval = user;
    for (uint32_t i = 0; i < leat_row_column_count(row); i++) {
        if (i > 0)
            putchar('\t');
        print_value(row, i, eval->results.fields[i].type);
    }
    putchar('\n');
    eval->got_result = true;
}

/* 0, or LT_TOOL_FAILED after saying how the row failed. */
static int eval_line(struct eval *eval, const char *line, size_t size_bytes, int64_t number)
{
    leat_row *row = leat_input_claim(eval->input);
    int status = row == NULL ? LEAT_ERROR_LIMIT : fill_row(eval, row, line, size_bytes, number);
    if (status != LEAT_OK) {
        leat_input_abort(eval->input, row);
        lt_tool_say("line %lld: the row cannot be made", (long long)number + 1);
        return LT_TOOL_FAILED;
    }
    leat_input_commit(eval->input, row);
    eval->got_result = false;
    int work = 0;
    /* One row gives one result or an error, so this ends. */
    while (!eval->got_result && work >= 0) {
        work = leat_do_work(eval->query);
        leat_output_poll(eval->output, print_row, eval, 1);
    }
    if (eval->got_result)
        return 0;
    fflush(stdout);
    lt_tool_say("line %lld: %s", (long long)number + 1, leat_query_error(eval->query));
    return LT_TOOL_FAILED;
}

static int eval_lines(struct eval *eval, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size_bytes;
    int worst = open_query(eval), status = worst;
    bool is_usable = status == 0;
    for (int64_t number = 0; is_usable && (size_bytes = getline(&line, &capacity, file)) >= 0;
         number++) {
        if (size_bytes > 0 && line[size_bytes - 1] == '\n')
            size_bytes--;
        status = eval_line(eval, line, (size_t)size_bytes, number);
        if (status == 0)
            continue;
        worst = status;
        close_query(eval);
        is_usable = open_query(eval) == 0;
    }
    close_query(eval);
    free(line);
    return worst;
}

static void print_help(void)
{
    printf("Usage: leat eval 'EXPR' [--in FILE] [--schema DDL]\n"
           "What an expression makes of sample rows: one result a line, NULL for null.\n\n"
           "  echo '{\"price\": 120}' | leat eval 'value:price > 100'\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
    printf("\nExit status: 0, 1 when a row failed, 2 when the expression is wrong.\n");
}

int lt_tool_eval(int count, char **arguments)
{
    struct eval eval = {.path = "-"};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &eval);
    if (status != 0)
        return status;
    if (eval.wants_help) {
        print_help();
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (eval.expression == NULL)
        return lt_tool_wrong("no expression; hint: leat eval 'length(value) > 8' --in FILE");
    FILE *file = strcmp(eval.path, "-") == 0 ? stdin : fopen(eval.path, "re");
    if (file == NULL)
        return lt_tool_wrong("cannot open \"%s\": %s", eval.path, strerror(errno));
    leat_set_log_level(LEAT_LOG_WARN);
    status = eval_lines(&eval, file);
    if (ferror(file)) {
        lt_tool_say("cannot read \"%s\"", eval.path);
        status = LT_TOOL_FAILED;
    }
    if (file != stdin)
        fclose(file);
    return lt_tool_finish(status);
}
