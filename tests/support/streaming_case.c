#include "tests/support/streaming_case.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/data/row.h"
#include "core/leat.h"
#include "tests/support/scratch.h"

static const char case_ddl[] =
    "name STRING, outputMode STRING, conf MAP<STRING, STRING>, sources MAP<STRING, STRUCT<schema: "
    "STRING, watermark: ARRAY<STRING>, batches: ARRAY<ARRAY<STRING>>>>, static MAP<STRING, "
    "STRING>, "
    "sql STRING, ops ARRAY<STRUCT<op: STRING, name: STRING, sql: STRING, columns: ARRAY<STRING>>>, "
    "outputSchema STRING, batches ARRAY<STRING>";
static const char refused_ddl[] =
    "cases ARRAY<STRUCT<words: STRING, outputMode: STRING, conf: MAP<STRING, STRING>, sources: "
    "MAP<STRING, STRUCT<schema: STRING, watermark: ARRAY<STRING>>>, static: MAP<STRING, STRING>, "
    "sql: STRING, ops: "
    "ARRAY<STRUCT<op: STRING, name: STRING, sql: STRING, columns: ARRAY<STRING>>>, phase: STRING, "
    "error: STRUCT<condition: STRING, sqlState: STRING>>>";
/* What is compared of a batch, with Spark's names: the recorded one, and leat's progress. */
#define OPERATORS_DDL                                                                              \
    "stateOperators ARRAY<STRUCT<operatorName: STRING, numRowsTotal: BIGINT, numRowsUpdated: "     \
    "BIGINT, numRowsRemoved: BIGINT, numRowsDroppedByWatermark: BIGINT>>"
static const char batch_ddl[] =
    "batchId BIGINT, numInputRows BIGINT, inputRowsBySource ARRAY<BIGINT>, eventTime MAP<STRING, "
    "STRING>, " OPERATORS_DDL ", output ARRAY<STRING>";
static const char progress_ddl[] =
    "batchId BIGINT, numInputRows BIGINT, sources ARRAY<STRUCT<numInputRows: BIGINT>>, eventTime "
    "MAP<STRING, STRING>, " OPERATORS_DDL;

enum { BATCHES_MAX = 64, PATIENCE_S = 120 };

/* ----------------------------------------------------------------------------------------- rows */

/* Rows that came out, by batch, as JSON. */
struct rows {
    pthread_mutex_t lock;
    const struct lt_type *schema;
    struct lt_arena *arena;
    const char **texts[BATCHES_MAX];
    uint32_t counts[BATCHES_MAX];
};

/* Those that one lane has been given since the last batch ended. */
struct lane_rows {
    struct rows *all;
    const char **texts;
    uint32_t count;
};

static int open_rows(void *user, uint32_t lane, void **state)
{
    struct lane_rows *own = lt_alloc(sizeof *own);
    (void)lane;
    own->all = user;
    *state = own;
    return LEAT_OK;
}

static void close_rows(void *state)
{
    struct lane_rows *own = state;
    free(own->texts);
    free(own);
}

static enum leat_write write_row(void *state, const leat_row *public_row, uint32_t flags)
{
    struct lane_rows *own = state;
    const struct lt_row *row = (const struct lt_row *)(const void *)public_row;
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    const struct fact fact = {.type = own->all->schema, .value = {.structure = &structure}};
    (void)flags;
    own->texts = lt_realloc_array(own->texts, own->count + 1, sizeof *own->texts);
    (void)pthread_mutex_lock(&own->all->lock);
    own->texts[own->count++] = fact_json(fact, own->all->arena);
    (void)pthread_mutex_unlock(&own->all->lock);
    return LEAT_WRITE_DONE;
}

static int end_batch(void *state, uint64_t epoch)
{
    struct lane_rows *own = state;
    struct rows *all = own->all;
    if (epoch >= BATCHES_MAX)
        return LEAT_ERROR_LIMIT;
    (void)pthread_mutex_lock(&all->lock);
    for (uint32_t i = 0; i < own->count; i++) {
        uint32_t *count = &all->counts[epoch];
        all->texts[epoch] =
            lt_realloc_array(all->texts[epoch], *count + 1, sizeof *all->texts[epoch]);
        all->texts[epoch][(*count)++] = own->texts[i];
    }
    own->count = 0;
    (void)pthread_mutex_unlock(&all->lock);
    return 1;
}

static void free_rows(struct rows *rows)
{
    for (uint32_t i = 0; i < BATCHES_MAX; i++)
        free(rows->texts[i]);
}

/* -------------------------------------------------------------------------------------- streams */

struct run {
    struct lt_arena *arena;
    leat_context *context;
    char folder[SCRATCH_PATH_SIZE];
    const char *why; /* the first failure; NULL: none */
};

static void fail(struct run *run, const char *what, const char *why)
{
    if (run->why == NULL)
        run->why = lt_arena_format(run->arena, "%s: %s\n", what, why);
}

/* A row is a line of a file: where the document has it over several lines, or has a line feed
 * between its fields, they become blanks, which is all that JSON makes of them. */
static const char *row_text(struct run *run, struct fact row)
{
    const char *text = fact_text(row, run->arena);
    if (text == NULL)
        return "";
    char *line = lt_arena_format(run->arena, "%s", text);
    for (char *at = line; *at != '\0'; at++)
        *at = *at == '\n' || *at == '\r' ? ' ' : *at;
    return line;
}

/* As a constant of SQL. */
static const char *quoted(struct run *run, const char *text)
{
    char *out = lt_arena_alloc(run->arena, 2 * strlen(text) + 3), *at = out;
    *at++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at = '\'';
    return out;
}

/* Files of a source, each older than the next. */
static void write_files(struct run *run, const char *name, struct fact batches)
{
    const time_t first = time(NULL) - 100000;
    scratch_write("", "%s/%s/.keep", run->folder, name);
    for (uint32_t i = 0; i < fact_count(batches); i++) {
        struct fact lines = fact_at(batches, i);
        const char *content = "";
        for (uint32_t j = 0; j < fact_count(lines); j++)
            content =
                lt_arena_format(run->arena, "%s%s\n", content, row_text(run, fact_at(lines, j)));
        const char *path =
            lt_arena_format(run->arena, "%s/%s/%04u.json", run->folder, name, i);
        scratch_write(content, "%s", path);
        const struct timespec times[2] = {{.tv_sec = first + (time_t)i * 10},
                                          {.tv_sec = first + (time_t)i * 10}};
        if (utimensat(AT_FDCWD, path, times, 0) != 0)
            fail(run, path, "its time cannot be set");
    }
}

static void add_source(struct run *run, const char *name, struct fact source)
{
    const char *path = lt_arena_format(run->arena, "%s/%s", run->folder, name);
    struct fact watermark = fact_get(source, "watermark");
    write_files(run, name, fact_get(source, "batches"));
    leat_stream *stream =
        leat_read(run->context, "json",
                  leat_options_of("path", path, "maxFilesPerTrigger", "1", NULL),
                  fact_text(fact_get(source, "schema"), run->arena));
    if (fact_count(watermark) == 2)
        stream = leat_with_watermark(stream, fact_text(fact_at(watermark, 0), run->arena),
                                     fact_text(fact_at(watermark, 1), run->arena));
    if (stream == NULL || leat_create_view(stream, name) != LEAT_OK)
        fail(run, name, leat_context_error(run->context));
}

/* A table that does not change: a view of constants. */
static void add_static(struct run *run, const char *name, const char *document)
{
    bool is_object = *document == '{';
    struct fact table = is_object
                            ? fact_parse(run->arena, "schema STRING, rows ARRAY<STRING>", document)
                            : (struct fact){.is_null = true};
    const char *schema = is_object ? fact_text(fact_get(table, "schema"), run->arena) : document;
    struct fact rows = fact_get(table, "rows");
    const char *list = fact_count(rows) == 0 ? "(CAST(NULL AS STRING))" : "";
    for (uint32_t i = 0; i < fact_count(rows); i++)
        list = lt_arena_format(run->arena, "%s%s(%s)", list, i == 0 ? "" : ", ",
                               quoted(run, row_text(run, fact_at(rows, i))));
    const char *text = lt_arena_format(
        run->arena,
        "CREATE TEMPORARY VIEW %s AS SELECT r.* FROM (SELECT from_json(s, %s) AS r FROM VALUES "
        "%s AS t(s))",
        name, quoted(run, schema), list);
    if (leat_sql(run->context, text, NULL, NULL) != LEAT_OK)
        fail(run, name, leat_context_error(run->context));
}

static const char *column_list(struct run *run, struct fact columns)
{
    const char *list = "";
    for (uint32_t i = 0; i < fact_count(columns); i++)
        list = lt_arena_format(run->arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               fact_text(fact_at(columns, i), run->arena));
    return fact_count(columns) == 0 ? NULL : list;
}

static leat_stream *apply_op(struct run *run, struct fact op, leat_stream *stream)
{
    const char *kind = fact_text(fact_get(op, "op"), run->arena);
    const char *name = fact_text(fact_get(op, "name"), run->arena);
    const char *columns = column_list(run, fact_get(op, "columns"));
    if (strcmp(kind, "table") == 0)
        return leat_stream_sql(run->context,
                               lt_arena_format(run->arena, "SELECT * FROM %s", name));
    if (strcmp(kind, "dropDuplicates") == 0)
        return leat_drop_duplicates(stream, columns);
    if (strcmp(kind, "dropDuplicatesWithinWatermark") == 0)
        return leat_drop_duplicates_within_watermark(stream, columns);
    if (strcmp(kind, "sql") == 0)
        return leat_stream_sql(run->context, fact_text(fact_get(op, "sql"), run->arena));
    if (strcmp(kind, "view") != 0)
        fail(run, kind, "is no step that the test knows");
    else if (leat_create_view(stream, name) != LEAT_OK)
        return NULL;
    return stream;
}

/* Settings of Spark that are options of the query here. */
static const char *const settings[][2] = {
    {"spark.sql.shuffle.partitions", "shufflePartitions"},
    {"spark.sql.streaming.multipleWatermarkPolicy", "multipleWatermarkPolicy"},
    {"spark.sql.streaming.noDataMicroBatches.enabled", "noDataMicroBatches"},
    {"spark.sql.streaming.stateStore.providerClass", "stateStore"},
    {"spark.sql.streaming.stateStore.compression.codec", "stateStoreCodec"},
    {"spark.sql.streaming.stateStore.minDeltasForSnapshot", "minDeltasForSnapshot"},
};

/* The option that the setting is; NULL: it is one of the session. */
static const char *option_of(const char *key)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcmp(settings[i][0], key) == 0)
            return settings[i][1];
    }
    return NULL;
}

static void set_session(struct run *run, struct fact conf)
{
    for (uint32_t i = 0; i < fact_count(conf); i++) {
        const char *key = fact_text(fact_key(conf, i), run->arena);
        const char *text = lt_arena_format(run->arena, "SET %s=%s", key,
                                           fact_text(fact_value(conf, i), run->arena));
        if (option_of(key) == NULL && leat_sql(run->context, text, NULL, NULL) != LEAT_OK)
            fail(run, key, leat_context_error(run->context));
    }
}

static void set_options(struct run *run, struct fact conf, leat_options *options)
{
    for (uint32_t i = 0; i < fact_count(conf); i++) {
        const char *option = option_of(fact_text(fact_key(conf, i), run->arena));
        if (option != NULL)
            (void)leat_options_set(options, option,
                                   fact_text(fact_value(conf, i), run->arena), NULL);
    }
}

/* NULL: it was refused, and the context has the error. */
static leat_stream *build(struct run *run, struct fact of)
{
    struct fact sources = fact_get(of, "sources"), statics = fact_get(of, "static");
    struct fact ops = fact_get(of, "ops");
    const char *sql = fact_text(fact_get(of, "sql"), run->arena);
    set_session(run, fact_get(of, "conf"));
    for (uint32_t i = 0; i < fact_count(sources); i++)
        add_source(run, fact_text(fact_key(sources, i), run->arena), fact_value(sources, i));
    for (uint32_t i = 0; i < fact_count(statics); i++)
        add_static(run, fact_text(fact_key(statics, i), run->arena),
                   fact_text(fact_value(statics, i), run->arena));
    if (run->why != NULL)
        return NULL;
    leat_stream *stream = sql == NULL ? NULL : leat_stream_sql(run->context, sql);
    for (uint32_t i = 0; i < fact_count(ops); i++)
        stream = apply_op(run, fact_at(ops, i), stream);
    return stream;
}

static void open_run(struct run *run, struct lt_arena *arena)
{
    *run = (struct run){.arena = arena, .context = leat_context_create()};
    scratch_create(run->folder);
}

static void close_run(struct run *run)
{
    leat_context_destroy(run->context);
    scratch_remove(run->folder);
}

/* ------------------------------------------------------------------------------------ comparing */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *sorted(struct lt_arena *arena, const char **texts, uint32_t count)
{
    const char *all = "";
    if (count > 0)
        qsort(texts, count, sizeof *texts, compare_texts);
    for (uint32_t i = 0; i < count; i++)
        all = lt_arena_format(arena, "%s\n    %s", all, texts[i]);
    return all;
}

/* The recorded rows, as leat would write them. */
static const char *wanted_rows(struct lt_arena *arena, struct fact batch, const char *columns)
{
    struct fact output = fact_get(batch, "output");
    const uint32_t count = fact_count(output);
    const char **texts = lt_arena_alloc(arena, (count + 1) * sizeof *texts);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = fact_json(
            fact_parse(arena, columns, fact_text(fact_at(output, i), arena)), arena);
    return sorted(arena, texts, count);
}

static void expect_same(struct run *run, int64_t batch, const char *what, const char *wanted,
                        const char *got)
{
    if (strcmp(wanted, got) != 0)
        run->why = lt_arena_format(run->arena, "%sbatch %lld: %s\n  wanted %s\n  got    %s\n",
                                   run->why == NULL ? "" : run->why, (long long)batch, what, wanted,
                                   got);
}

static const char *counts_of(struct lt_arena *arena, struct fact batch, struct fact sources,
                             const char *field)
{
    const char *all =
        lt_arena_format(arena, "%lld:", (long long)fact_i64(fact_get(batch, "numInputRows")));
    for (uint32_t i = 0; i < fact_count(sources); i++) {
        struct fact source = fact_at(sources, i);
        all = lt_arena_format(
            arena, "%s %lld", all,
            (long long)fact_i64(field == NULL ? source : fact_get(source, field)));
    }
    return all;
}

/* The batch's event times, in one order. */
static const char *times_of(struct lt_arena *arena, struct fact batch)
{
    static const char *const names[] = {"avg", "max", "min", "watermark"};
    struct fact times = fact_get(batch, "eventTime");
    const char *all = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = fact_text(fact_find(times, names[i]), arena);
        all = lt_arena_format(arena, "%s %s %s", all, names[i], text == NULL ? "-" : text);
    }
    return all;
}

static void compare_progress(struct run *run, struct fact wanted, leat_query *query)
{
    int64_t id = fact_i64(fact_get(wanted, "batchId"));
    struct fact got = {.is_null = true};
    for (uint32_t age = 0; age < BATCHES_MAX && got.is_null; age++) {
        char *json = leat_query_recent_progress(query, age);
        if (json == NULL)
            break;
        struct fact progress = fact_parse(run->arena, progress_ddl, json);
        if (fact_i64(fact_get(progress, "batchId")) == id)
            got = progress;
        free(json);
    }
    struct lt_arena *arena = run->arena;
    expect_same(run, id, "input rows",
                counts_of(arena, wanted, fact_get(wanted, "inputRowsBySource"), NULL),
                counts_of(arena, got, fact_get(got, "sources"), "numInputRows"));
    expect_same(run, id, "event time", times_of(arena, wanted), times_of(arena, got));
    expect_same(run, id, "state operators", fact_json(fact_get(wanted, "stateOperators"), arena),
                fact_json(fact_get(got, "stateOperators"), arena));
}

static void compare(struct run *run, struct fact of, struct rows *rows, leat_query *query)
{
    struct fact batches = fact_get(of, "batches");
    const char *schema = fact_text(fact_get(of, "outputSchema"), run->arena);
    const struct lt_type *type;
    struct lt_error error;
    if (lt_type_parse_ddl(lt_arena_format(run->arena, "r %s", schema), run->arena, &type, &error) !=
        LT_OK) {
        fail(run, schema, error.text);
        return;
    }
    const char *columns = lt_type_ddl(run->arena, type->fields[0].type);
    for (uint32_t i = 0; i < fact_count(batches); i++) {
        struct fact wanted = fact_parse(run->arena, batch_ddl,
                                        fact_text(fact_at(batches, i), run->arena));
        uint64_t id = (uint64_t)fact_i64(fact_get(wanted, "batchId"));
        expect_same(run, (int64_t)id, "rows", wanted_rows(run->arena, wanted, columns),
                    id < BATCHES_MAX ? sorted(run->arena, rows->texts[id], rows->counts[id]) : "");
        compare_progress(run, wanted, query);
    }
    for (uint32_t i = fact_count(batches); i < BATCHES_MAX; i++)
        expect_same(run, i, "rows of a batch that Spark has not", "",
                    sorted(run->arena, rows->texts[i], rows->counts[i]));
}

/* ------------------------------------------------------------------------------------- one case */

static leat_query *make_query(struct run *run, struct fact of, const struct streaming_setup *setup)
{
    const char *checkpoint = lt_arena_format(run->arena, "%s/checkpoint", run->folder);
    leat_options *options = leat_options_of("checkpointLocation", checkpoint, "dmaLatency", "off",
                                            "pin", "false", "idle", "park", NULL);
    set_options(run, fact_get(of, "conf"), options);
    if (setup->workers != NULL)
        (void)leat_options_set(options, "shufflePartitions", setup->workers, NULL);
    if (setup->store != NULL)
        (void)leat_options_set(options, "stateStore", setup->store, NULL);
    leat_query *query = leat_query_create(run->context, options);
    const char *mode = fact_text(fact_get(of, "outputMode"), run->arena);
    if (leat_query_output_mode(query, mode) != LEAT_OK ||
        leat_query_trigger_available_now(query) != LEAT_OK)
        fail(run, "query", leat_query_error(query));
    return query;
}

static void execute(struct run *run, struct fact of, const struct streaming_setup *setup,
                    leat_stream *stream)
{
    struct rows rows = {.lock = PTHREAD_MUTEX_INITIALIZER, .arena = run->arena};
    const leat_sink sink = {.size = sizeof sink,
                            .name = "recorder",
                            .user = &rows,
                            .open = open_rows,
                            .write = write_row,
                            .prepare = end_batch,
                            .close = close_rows};
    struct lt_error error;
    leat_query *query = make_query(run, of, setup);
    const char *ddl = leat_stream_schema(stream);
    if (ddl == NULL || lt_type_parse_ddl(lt_arena_text(run->arena, ddl), run->arena, &rows.schema,
                                         &error) != LT_OK)
        fail(run, "schema", leat_context_error(run->context));
    int code = run->why != NULL ? LEAT_ERROR_INVALID : leat_query_write_sink(query, stream, &sink);
    if (code == LEAT_OK)
        code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await(query, (int64_t)PATIENCE_S * 1000000000);
    if (code != LEAT_OK)
        fail(run, "query", leat_query_error(query));
    else
        compare(run, of, &rows, query);
    leat_query_destroy(query);
    free_rows(&rows);
}

const char *streaming_case_run(const char *document, const struct streaming_setup *setup,
                               struct lt_arena *arena)
{
    struct run run;
    struct fact of = fact_parse(arena, case_ddl, document);
    if (fact_text(fact_get(of, "outputMode"), arena) == NULL)
        return "it is no recorded query\n";
    open_run(&run, arena);
    leat_stream *stream = build(&run, of);
    if (stream == NULL)
        fail(&run, "stream", leat_context_error(run.context));
    else
        execute(&run, of, setup, stream);
    close_run(&run);
    return run.why;
}

/* -------------------------------------------------------------------------------------- refused */

uint32_t streaming_refused_count(const char *document, struct lt_arena *arena)
{
    return fact_count(fact_get(fact_parse(arena, refused_ddl, document), "cases"));
}

static enum leat_write drop_row(void *state, const leat_row *row, uint32_t flags)
{
    (void)state;
    (void)row;
    (void)flags;
    return LEAT_WRITE_DONE;
}

/* "start CONDITION SQLSTATE": where and how it was refused. */
static const char *refusal_of(struct run *run, struct fact of)
{
    static const struct streaming_setup plain = {0};
    const leat_sink sink = {.size = sizeof sink, .name = "none", .write = drop_row};
    leat_stream *stream = build(run, of);
    if (stream == NULL)
        return lt_arena_format(run->arena, "analysis %s %s",
                               leat_context_error_condition(run->context),
                               leat_context_error_sqlstate(run->context));
    leat_query *query = make_query(run, of, &plain);
    int code = leat_query_write_sink(query, stream, &sink);
    if (code == LEAT_OK)
        code = leat_start(query);
    const char *refusal = code == LEAT_OK
                              ? "none"
                              : lt_arena_format(run->arena, "start %s %s",
                                                leat_query_error_condition(query),
                                                leat_query_error_sqlstate(query));
    leat_query_destroy(query);
    return refusal;
}

const char *streaming_refused_run(const char *document, uint32_t index, struct lt_arena *arena)
{
    struct run run;
    struct fact of = fact_at(fact_get(fact_parse(arena, refused_ddl, document), "cases"), index);
    struct fact error = fact_get(of, "error");
    const char *state = fact_text(fact_get(error, "sqlState"), arena);
    const char *wanted = lt_arena_format(arena, "%s %s %s", fact_text(fact_get(of, "phase"), arena),
                                         fact_text(fact_get(error, "condition"), arena),
                                         state == NULL ? "" : state);
    open_run(&run, arena);
    const char *got = refusal_of(&run, of);
    if (strcmp(wanted, got) != 0)
        run.why = lt_arena_format(arena, "%s%s\n  wanted %s\n  got    %s\n",
                                  run.why == NULL ? "" : run.why,
                                  fact_text(fact_get(of, "words"), arena), wanted, got);
    close_run(&run);
    return run.why;
}
