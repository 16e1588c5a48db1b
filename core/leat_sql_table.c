/*
 * Tables of SQL: a format with options. A table may be read, written or both, so its options are
 * those of the format's source, of its sink, of the query that writes it, and a few of the job
 * (`job_specs`, `leat options sql`).
 *
 * Each is checked when the table is made: one that nobody understands is an error with the nearest
 * name. The values are checked by their owners when the table is read or written.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/base/units.h"
#include "core/leat_admin.h"
#include "core/leat_sql.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"

static const struct lt_option_spec job_specs[] = {
    {"trigger", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "'continuous INTERVAL': each record at once, with epochs of that length; 1 second of a query "
     "that keeps no state is how it runs by itself. 'processingTime INTERVAL': micro-batches, one "
     "each interval if there is something new, or without an interval as soon as there is, which "
     "is how a query that keeps state runs by itself. 'once': one micro-batch. 'availableNow': up "
     "to where the sources end at the start."},
    {"outputMode", LT_OPTION_CHOICE, "append", "append|update|complete", 0, 0, 0,
     "What is written of a result that changes; without aggregates append and update are the same, "
     "and complete is refused."},
    {"deadLetters", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "The table that records go to which cannot be processed; without it they stop the query."},
    {"watermark", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Of a table that is read: 'COLUMN DELAY', as 'timestamp 10 seconds'; the same as WATERMARK "
     "COLUMN DELAY OF INTERVAL behind the table in FROM."},
    {"watermarkIdle", LT_OPTION_DURATION, NULL, NULL, 0, 0, 0,
     "Of a table that is read, beside watermark: after so long without rows its watermark holds "
     "those of other tables back no longer. Without it a table that is silent holds them back for "
     "ever, as in Spark. What comes behind the others' watermark later on is late."},
    {"dropDuplicates", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "Of a table that is read: 'COLUMN, COLUMN', of rows that are equal in which the first one is "
     "read; '*': in all. They are remembered for ever, but where the watermark's column is among "
     "them."},
    {"dropDuplicatesWithinWatermark", LT_OPTION_TEXT, NULL, NULL, 0, 0, 0,
     "The same for rows that lie no more than the watermark's delay apart, which is how long they "
     "are remembered."},
    {"shared", LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
     "Of a table that is read: 'true' makes one query of the INSERTs of a job file that read it, "
     "which reads it once. Its name, checkpoint and trigger are those of the first of them."},
    {"static", LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
     "Of a table that is read: 'true' reads what is there when a query is made, and nothing that "
     "comes later. A stream can be joined with it. A topic is read from its earliest record to its "
     "latest, or as startingOffsets, endingOffsets and their like say."},
};
enum { JOB_OPTION_COUNT = sizeof job_specs / sizeof job_specs[0], NAMES_MAX = 512 };

const struct lt_option_spec *lt_door_sql_job_specs(size_t *count)
{
    *count = JOB_OPTION_COUNT;
    return job_specs;
}

static const enum leat_admin_kind kinds[] = {LEAT_ADMIN_SOURCE, LEAT_ADMIN_SINK, LEAT_ADMIN_QUERY};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* --------------------------------------------------------------------------------- the checks */

static bool is_job_option(const char *key)
{
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++) {
        if (lt_ascii_compare(job_specs[i].name, key) == 0)
            return true;
    }
    return false;
}

/* Whose options a key of the table is one of. */
struct owners {
    bool source, sink;
    bool job;     /* of the query that writes it; or all of a job's but those of reading */
    bool reading; /* of a table that is read, whatever its format */
};

static struct owners owners_of(const struct lt_sql_table *table, const char *key)
{
    static const char *const of_reading[] = {"watermark", "watermarkIdle", "dropDuplicates",
                                             "dropDuplicatesWithinWatermark", "shared",
                                             "static"};
    bool is_reading = false;
    for (size_t i = 0; i < sizeof of_reading / sizeof of_reading[0]; i++)
        is_reading |= lt_ascii_compare(key, of_reading[i]) == 0;
    return (struct owners){
        .source = leat_admin_knows_option(LEAT_ADMIN_SOURCE, table->format, key),
        .sink = leat_admin_knows_option(LEAT_ADMIN_SINK, table->format, key),
        .job = !is_reading &&
               (is_job_option(key) || leat_admin_knows_option(LEAT_ADMIN_QUERY, NULL, key)),
        .reading = is_reading};
}

static bool can_be_read(const struct lt_sql_table *table)
{
    return lt_catalog_source(lt_io_catalog(), table->format, NULL) != NULL;
}

static bool can_be_written(const struct lt_sql_table *table)
{
    return lt_catalog_sink(lt_io_catalog(), table->format, NULL) != NULL;
}

/* What a table of this format can never use. */
static int check_use(const struct lt_sql_table *table, const char *key, struct owners owners,
                     struct lt_error *error)
{
    if (owners.source || owners.sink)
        return LT_OK;
    if (owners.job && !can_be_written(table))
        return lt_error_set(error, LT_E_INVALID,
                            "table \"%s\": option \"%s\" is of the query that writes a table, and "
                            "%s is only read; hint: give it to the table of INSERT INTO",
                            table->name, key, table->format);
    if (owners.reading && !can_be_read(table))
        return lt_error_set(
            error, LT_E_INVALID,
            "table \"%s\": option \"%s\" is of a table that is read, and %s is only "
            "written; hint: give it to the table of FROM",
            table->name, key, table->format);
    return LT_OK;
}

static const char *nearest_option(const struct lt_sql_table *table, const char *key)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++)
        names[count++] = job_specs[i].name;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const char *name;
        for (size_t j = 0; count < NAMES_MAX &&
                           (name = leat_admin_option_name(kinds[i], table->format, j)) != NULL;
             j++)
            names[count++] = name;
    }
    return lt_nearest(key, names, count);
}

static int check_options(const struct lt_door_statement *statement,
                         const struct lt_sql_table *table)
{
    for (uint32_t i = 0; i < table->option_count; i++) {
        const struct lt_sql_option *option = &table->options[i];
        struct owners owners = owners_of(table, option->key);
        struct lt_expr_place place = {statement->text, option->begin, option->end};
        if (owners.source || owners.sink || owners.job || owners.reading) {
            struct lt_error why;
            if (check_use(table, option->key, owners, &why) == LT_OK)
                continue;
            return lt_expr_error(statement->error, why.code, "", "", place, "%s", why.text);
        }
        const char *near = nearest_option(table, option->key);
        return lt_expr_error(
            statement->error, LT_E_INVALID, "", "", place,
            "table \"%s\": %s has no option \"%s\"%s%s%s", table->name, table->format, option->key,
            near != NULL ? "; hint: did you mean \"" : "",
            near != NULL ? near : "; hint: leat options lists them", near != NULL ? "\"?" : "");
    }
    return LT_OK;
}

/* Spark's formats of files, some of which nothing here reads: what it would say of the columns
 * comes before that. */
struct file_format {
    const char *name, *title;
    bool has_columns;  /* without being told */
    bool holds_nested; /* arrays, maps, structs */
    bool holds_void, holds_only_text;
};

static bool holds(const struct file_format *format, const struct lt_type *type)
{
    if (format->holds_only_text)
        return type->kind == LT_TYPE_STRING;
    if (type->kind == LT_TYPE_INTERVAL_CALENDAR ||
        (type->kind == LT_TYPE_VOID && !format->holds_void) ||
        (lt_type_is_nested(type) && !format->holds_nested))
        return false;
    bool is_held = true;
    for (uint32_t i = 0; i < type->field_count && is_held; i++)
        is_held = holds(format, type->fields[i].type);
    return is_held;
}

/* One whose values are names of directories, and do not stand in the files. */
static bool is_partition(const struct lt_sql_layout *layout, const char *listed, const char *column)
{
    for (uint32_t i = 0; i < layout->partitions.count; i++) {
        const char *name = layout->partitions.items[i]->name;
        if (name != NULL && lt_ascii_compare(name, column) == 0)
            return true;
    }
    while (listed != NULL && *listed != '\0') {
        listed += strspn(listed, ", ");
        size_t size = strcspn(listed, ", ");
        if (size == strlen(column) && lt_ascii_starts_with(listed, column))
            return true;
        listed += size;
    }
    return false;
}

static int check_file_columns(const struct lt_door_statement *statement,
                              const struct lt_sql_table *table)
{
    static const struct file_format formats[] = {
        {.name = "csv", .title = "CSV"},
        {.name = "json", .title = "JSON", .holds_nested = true, .holds_void = true},
        {.name = "orc", .title = "ORC", .holds_nested = true, .holds_void = true},
        {.name = "parquet", .title = "Parquet", .holds_nested = true, .holds_void = true},
        {.name = "text", .title = "Text", .has_columns = true, .holds_only_text = true},
    };
    struct lt_arena *arena = statement->sql->context->arena;
    const char *listed = lt_sql_table_option(table, "partitionBy");
    const struct file_format *format = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (lt_ascii_compare(formats[i].name, table->format) == 0)
            format = &formats[i];
    }
    if (format == NULL)
        return LT_OK;
    /* A directory may be there to be written to, with the columns of what is inserted; who reads it
     * without columns is told then. */
    bool is_somewhere = lt_sql_table_option(table, "path") != NULL;
    if (table->schema == NULL && !format->has_columns && !is_somewhere) {
        (void)lt_error_set(statement->error, LT_E_ANALYSIS,
                           "Unable to infer schema for %s. It must be specified manually",
                           format->title);
        return lt_error_condition(statement->error, "UNABLE_TO_INFER_SCHEMA", "42KD9");
    }
    for (uint32_t i = 0; table->schema != NULL && i < table->schema->field_count; i++) {
        const struct lt_field *field = &table->schema->fields[i];
        if (holds(format, field->type) ||
            is_partition(&statement->tree->layout, listed, field->name))
            continue;
        (void)lt_error_set(statement->error, LT_E_ANALYSIS,
                           "The %s datasource doesn't support the column %s of the type \"%s\"",
                           format->title, lt_name_quoted_one(field->name, arena),
                           lt_type_sql(arena, field->type));
        return lt_error_condition(statement->error, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                                  "0A000");
    }
    return LT_OK;
}

/* The name of a format as it stands in the text: `tcp-listen` is quoted, since it has a dash. */
static const char *unquoted(const char *name, struct lt_arena *arena)
{
    size_t size_bytes = strlen(name);
    bool is_quoted = size_bytes > 2 && name[0] == '`' && name[size_bytes - 1] == '`';
    return is_quoted ? lt_arena_text_n(arena, name + 1, size_bytes - 2) : name;
}

static int check_format(const struct lt_door_statement *statement, struct lt_sql_table *table)
{
    const struct lt_catalog *catalog = lt_io_catalog();
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < catalog->source_count; i++)
        names[count++] = catalog->sources[i]->name;
    for (size_t i = 0; i < catalog->sink_count; i++)
        names[count++] = catalog->sinks[i]->name;
    const char *format = unquoted(table->format, statement->sql->context->arena);
    for (size_t i = 0; i < count; i++) {
        if (lt_ascii_compare(names[i], format) != 0)
            continue;
        table->format = names[i];
        return LT_OK;
    }
    const char *near = lt_nearest(table->format, names, count);
    (void)lt_error_set(statement->error, LT_E_NOT_FOUND,
                       "Failed to find the data source: %s. Make sure the provider name is correct "
                       "and the package "
                       "is properly registered and compatible with your Spark version%s%s%s",
                       table->format, near != NULL ? "; hint: did you mean \"" : "",
                       near != NULL ? near : "; hint: leat options lists them",
                       near != NULL ? "\"?" : "");
    return lt_error_condition(statement->error, "DATA_SOURCE_NOT_FOUND", "42K02");
}

bool lt_door_sql_has_directories(const struct lt_sql_table *table)
{
    return leat_admin_knows_option(LEAT_ADMIN_SINK, table->format, "partitionBy");
}

int lt_door_sql_check_table(const struct lt_door_statement *statement, struct lt_sql_table *table)
{
    int code = check_file_columns(statement, table);
    if (code == LT_OK)
        code = check_format(statement, table);
    return code == LT_OK ? check_options(statement, table) : code;
}

/* ------------------------------------------------------------------------------------- options */

/* The table's options that one of the sides understands. */
static struct lt_options *options_for(const struct lt_sql_table *table, enum leat_admin_kind kind)
{
    struct lt_options *set = lt_options_create();
    struct lt_text_buffer origin;
    struct lt_error error;
    lt_text_init(&origin);
    lt_text_format(&origin, "table %s", table->name);
    for (uint32_t i = 0; i < table->option_count; i++) {
        const struct lt_sql_option *option = &table->options[i];
        if (!leat_admin_knows_option(kind, table->format, option->key))
            continue;
        int code = lt_options_set(set, option->key, option->value, lt_text_get(&origin), &error);
        lt_assert(code == LT_OK); /* only an empty key is an error */
    }
    lt_text_fini(&origin);
    return set;
}

struct lt_options *lt_door_sql_sink_options(const struct lt_sql_table *table)
{
    return options_for(table, LEAT_ADMIN_SINK);
}

/* --------------------------------------------------------------------------------------- read */

static void destroy_options(void *options)
{
    lt_options_destroy(options);
}

/* The option watermark of a table: a column that is a time, and a delay. */
static int check_watermark(const struct lt_sql_table *table, const struct lt_type *schema,
                           struct lt_arena *arena, struct lt_error *error)
{
    const char *text = lt_sql_table_option(table, "watermark");
    const char *idle = lt_sql_table_option(table, "watermarkIdle");
    int64_t idle_ns;
    if (text == NULL && idle != NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "option \"watermarkIdle\": the table has no watermark; hint: the "
                            "option watermark, such as 'timestamp 10 seconds'");
    if (idle != NULL && lt_units_parse_duration_ns(idle, 0, &idle_ns, error) != LT_OK)
        return lt_error_append(error, "option \"watermarkIdle\"");
    if (text == NULL)
        return LT_OK;
    size_t size = strcspn(text, " ");
    const char *column = lt_arena_text_n(arena, text, size);
    const char *delay = text + size + strspn(text + size, " ");
    int64_t delay_ns;
    int index = lt_type_field_index(schema, column);
    if (index < 0) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "option \"watermark\": there is no column \"%s\"; hint: 'column delay', "
                           "such as 'timestamp 10 seconds'",
                           column);
        return lt_error_condition(error, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703");
    }
    enum lt_type_kind kind = schema->fields[index].type->kind;
    if (kind != LT_TYPE_TIMESTAMP && kind != LT_TYPE_TIMESTAMP_NTZ) {
        (void)lt_error_set(error, LT_E_ANALYSIS,
                           "option \"watermark\": column \"%s\" is no timestamp", column);
        return lt_error_condition(error, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09");
    }
    if (lt_units_parse_delay_ns(delay, &delay_ns, error) == LT_OK)
        return LT_OK;
    return lt_error_append(error, "option \"watermark\"");
}

/* A table that can be both is read, and says how the query runs that writes it: nobody would do as
 * it says. Unless it is written, too, by what was before or by what its other options say. */
static int check_read(const struct lt_sql_table *table, struct lt_error *error)
{
    const char *unused = NULL;
    for (uint32_t i = 0; i < table->option_count; i++) {
        struct owners owners = owners_of(table, table->options[i].key);
        if (owners.sink && !owners.source)
            return LT_OK;
        if (owners.job && !owners.source && !owners.sink)
            unused = table->options[i].key;
    }
    if (unused == NULL || table->is_written)
        return LT_OK;
    return lt_error_set(
        error, LT_E_INVALID,
        "table \"%s\": option \"%s\" is of the query that writes the table, and here "
        "it is read; hint: give it to the table of INSERT INTO",
        table->name, unused);
}

static int read_catalog_source(struct lt_door_sql *sql, const struct lt_sql_table *table,
                               bool is_static, struct lt_arena *arena, struct lt_plan_node **out,
                               struct lt_error *error)
{
    const struct lt_source_type *type = lt_catalog_source(lt_io_catalog(), table->format, NULL);
    if (type == NULL)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "Data source %s does not support streamed reading", table->format);
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    node->format = type->name;
    node->source_type = is_static && type->table != NULL ? type->table : type;
    node->user_schema = table->schema;
    node->options = options_for(table, LEAT_ADMIN_SOURCE);
    lt_door_put_time_zone(sql->context, type->name, type->options, type->option_count,
                          node->options);
    lt_door_own(sql->context, destroy_options, node->options);
    *out = node;
    return LT_OK;
}

static bool is_memory(const struct lt_sql_table *table)
{
    return strcmp(table->format, "memory") == 0;
}

bool lt_door_sql_can_read(const struct lt_sql_table *table)
{
    return table->format == NULL ||
           (lt_catalog_source(lt_io_catalog(), table->format, NULL) != NULL && !is_memory(table));
}

int lt_door_sql_read_flag(const struct lt_sql_table *table, const char *key, bool *out,
                          struct lt_error *error)
{
    const char *text = lt_sql_table_option(table, key);
    *out = text != NULL && lt_ascii_compare(text, "true") == 0;
    if (text == NULL || *out || lt_ascii_compare(text, "false") == 0)
        return LT_OK;
    return lt_error_set(error, LT_E_INVALID, "option \"%s\" is \"%s\"; hint: true or false", key,
                        text);
}

static int read_table(void *user, struct lt_sql_table *table, struct lt_arena *arena,
                      struct lt_plan_node **out, bool *is_bounded, struct lt_error *error)
{
    struct lt_door_sql *sql = user;
    const struct lt_type *schema;
    bool is_shared, is_static = false;
    int code = lt_door_sql_read_flag(table, "shared", &is_shared, error);
    if (code == LT_OK)
        code = lt_door_sql_read_flag(table, "static", &is_static, error);
    *is_bounded = is_memory(table) || is_static;
    is_shared = is_shared && !*is_bounded && arena == sql->context->arena;
    *out = code == LT_OK && is_shared ? lt_door_sql_shared_read(sql, table) : NULL;
    if (code != LT_OK || *out != NULL)
        return code;
    if (is_memory(table)) {
        leat_stream *stream = lt_door_sql_memory_read(sql, table, error);
        *out = stream == NULL ? NULL : stream->node;
        code = stream == NULL ? error->code : LT_OK;
    } else {
        code = check_read(table, error);
        if (code == LT_OK)
            code = read_catalog_source(sql, table, is_static, arena, out, error);
    }
    if (code == LT_OK)
        code = lt_pipeline_analyse(*out, lt_io_catalog(), arena, &schema, error);
    if (code == LT_OK && is_shared)
        lt_door_sql_share(sql, table, *out);
    return code == LT_OK ? check_watermark(table, schema, arena, error) : code;
}

/* The stream of one row that says nothing. */
static enum leat_poll poll_one(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    (void)state;
    leat_row *row = *position < 1 && limit > 0 ? leat_claim(out) : NULL;
    if (row == NULL)
        return *position < 1 ? LEAT_POLL_MORE : LEAT_POLL_ENDED;
    leat_commit(out, row);
    *position = 1;
    return LEAT_POLL_ENDED;
}

/* The stream of one row that says nothing. */
static leat_stream *one_row(struct lt_door_sql *sql)
{
    const leat_source source = {.size = sizeof source,
                                .name = "row",
                                .schema = "row BOOLEAN",
                                .partition_count = 1,
                                .poll = poll_one};
    leat_stream *stream = leat_read_source(sql->context, &source);
    lt_assert(stream != NULL); /* a constant that is right */
    return stream;
}

static int read_one(void *user, struct lt_arena *arena, struct lt_plan_node **out,
                    struct lt_error *error)
{
    const struct lt_type *schema;
    leat_stream *stream = one_row(user);
    *out = stream->node;
    return lt_pipeline_analyse(*out, lt_io_catalog(), arena, &schema, error);
}

struct lt_sql_host lt_door_sql_host(struct lt_door_sql *sql)
{
    return (struct lt_sql_host){.user = sql,
                                .read = read_table,
                                .read_one = read_one,
                                .collect = lt_door_sql_collect};
}

struct lt_sql_env lt_door_sql_env(const struct lt_door_statement *statement,
                                  enum lt_output_mode mode)
{
    leat_context *context = statement->sql->context;
    return (struct lt_sql_env){.catalog = &statement->sql->catalog,
                               .session = context->session,
                               .host = &statement->sql->host,
                               .arena = context->arena,
                               .mode = mode,
                               .watermark_count = &statement->sql->watermark_count,
                               .may_batch = true,
                               .is_explained = statement->tree->kind == LT_SQL_EXPLAIN};
}
