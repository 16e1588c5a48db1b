/*
 * SET and RESET: which settings there are, what they are now, and what queries get of them. Those
 * of expressions are the session's (ops/expr/session.h), which is made anew with each change, since
 * what was analysed keeps its own.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/leat_sql.h"
#include "core/run/query_options.h"

/* Settings of queries by Spark's names, and the options they are; the first is none, but the root
 * of what the option says. */
#define STATE_STORE "spark.sql.streaming.stateStore."
#define ROCKSDB STATE_STORE "rocksdb."
static const char checkpoint_root[] = "spark.sql.streaming.checkpointLocation";
static const char checkpoint_root_doc[] =
    "Directory that has a checkpoint for each query whose table names no checkpointLocation, in a "
    "folder of the query's name.";
static const struct {
    const char *name, *option;
} streaming_settings[] = {
    {checkpoint_root, NULL},
    {"spark.sql.shuffle.partitions", "shufflePartitions"},
    {"spark.sql.streaming.checkpoint.fileChecksum.enabled", "fileChecksum"},
    {"spark.sql.streaming.minBatchesToRetain", "minBatchesToRetain"},
    {"spark.sql.streaming.multipleWatermarkPolicy", "multipleWatermarkPolicy"},
    {"spark.sql.streaming.noDataMicroBatches.enabled", "noDataMicroBatches"},
    {STATE_STORE "compression.codec", "stateStoreCodec"},
    {STATE_STORE "minDeltasForSnapshot", "minDeltasForSnapshot"},
    {STATE_STORE "providerClass", "stateStore"},
    {ROCKSDB "allowFAllocate", "rocksdb.allowFAllocate"},
    {ROCKSDB "blockCacheSizeMB", "rocksdb.blockCacheSizeMB"},
    {ROCKSDB "blockSizeKB", "rocksdb.blockSizeKB"},
    {ROCKSDB "boundedMemoryUsage", "rocksdb.boundedMemoryUsage"},
    {ROCKSDB "changelogCheckpointing.enabled", "rocksdb.changelogCheckpointing.enabled"},
    {ROCKSDB "compactOnCommit", "rocksdb.compactOnCommit"},
    {ROCKSDB "compression", "rocksdb.compression"},
    {ROCKSDB "formatVersion", "rocksdb.formatVersion"},
    {ROCKSDB "lockAcquireTimeoutMs", "rocksdb.lockAcquireTimeoutMs"},
    {ROCKSDB "maxMemoryUsageMB", "rocksdb.maxMemoryUsageMB"},
    {ROCKSDB "maxOpenFiles", "rocksdb.maxOpenFiles"},
    {ROCKSDB "maxWriteBufferNumber", "rocksdb.maxWriteBufferNumber"},
    {ROCKSDB "resetStatsOnLoad", "rocksdb.resetStatsOnLoad"},
    {ROCKSDB "trackTotalNumberOfRows", "rocksdb.trackTotalNumberOfRows"},
    {ROCKSDB "writeBufferSizeMB", "rocksdb.writeBufferSizeMB"},
    {STATE_STORE "stateSchemaCheck", "stateSchemaCheck"},
};
enum { STREAMING_COUNT = sizeof streaming_settings / sizeof streaming_settings[0] };

static void destroy_settings(void *settings)
{
    lt_options_destroy(settings);
}

struct lt_options *lt_door_sql_create_settings(leat_context *context)
{
    struct lt_options *settings = lt_options_create();
    lt_door_own(context, destroy_settings, settings); /* to the end, whatever comes after it */
    return settings;
}

/* Settings of expressions are the session's. */
static bool is_of_expressions(const char *key)
{
    return lt_session_get(lt_session_default(), key) != NULL;
}

enum { SETTINGS_MAX = 128 };

/* A setting as the option that it is, under its own name. */
static struct lt_option_spec streaming_spec(size_t index)
{
    struct lt_option_spec spec = {.type = LT_OPTION_TEXT};
    const char *option = streaming_settings[index].option;
    size_t count;
    const struct lt_option_spec *specs = lt_query_option_specs(&count);
    for (size_t i = 0; i < count && option != NULL; i++) {
        if (strcmp(specs[i].name, option) == 0)
            spec = specs[i];
    }
    spec.name = streaming_settings[index].name;
    if (option == NULL)
        spec.doc = checkpoint_root_doc;
    return spec;
}

bool lt_door_sql_setting(size_t index, struct lt_option_spec *out)
{
    size_t count;
    const struct lt_option_spec *specs = lt_session_specs(&count);
    lt_assert(count + STREAMING_COUNT < SETTINGS_MAX);
    if (index >= count + STREAMING_COUNT)
        return false;
    *out = index < count ? specs[index] : streaming_spec(index - count);
    return true;
}

/* All settings in one order; NULL past the last. */
static const char *setting_name(size_t index)
{
    struct lt_option_spec spec;
    return lt_door_sql_setting(index, &spec) ? spec.name : NULL;
}

static int unknown_setting(const struct lt_door_statement *statement)
{
    const char *names[SETTINGS_MAX];
    size_t count = 0;
    for (; setting_name(count) != NULL; count++)
        names[count] = setting_name(count);
    const char *near = lt_nearest(statement->tree->key, names, count);
    (void)lt_error_set(statement->error, LT_E_NOT_FOUND, "no setting is called \"%s\"%s%s%s",
                       statement->tree->key, near != NULL ? "; hint: did you mean \"" : "",
                       near != NULL ? near : "; hint: SET -v lists them",
                       near != NULL ? "\"?" : "");
    return lt_error_condition(statement->error, "SQL_CONF_NOT_FOUND", "42K0I");
}

static int set_expression(struct lt_door_sql *sql, const char *key, const char *value,
                          struct lt_error *error)
{
    struct lt_session *session = lt_arena_alloc(sql->context->arena, sizeof *session);
    *session = *lt_session_or_default(sql->context->session);
    int code = lt_session_set(session, key, value, error);
    if (code == LT_OK)
        sql->context->session = session;
    return code;
}

/* The value of a setting, or its default; NULL: it has none. */
static const char *value_of(const struct lt_door_sql *sql, const char *key)
{
    const char *value = lt_options_get(sql->settings, key);
    struct lt_option_spec spec = {.name = ""};
    for (size_t i = 0; value == NULL && lt_door_sql_setting(i, &spec); i++) {
        if (lt_ascii_compare(spec.name, key) == 0)
            value = spec.default_text;
    }
    return value;
}

static int show_settings(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"key", "value"};
    const char *cells[2 * SETTINGS_MAX + 2];
    const char *key = statement->tree->key;
    const struct lt_door_sql *sql = statement->sql;
    uint32_t count = 0;
    if (key != NULL) {
        const char *value = value_of(sql, key);
        cells[count++] = key;
        cells[count++] = value != NULL ? value : "<undefined>";
    }
    for (size_t i = 0; key == NULL && setting_name(i) != NULL; i++) {
        const char *name = setting_name(i);
        const char *value = value_of(sql, name);
        if (lt_options_get(sql->settings, name) == NULL && !statement->tree->is_extended)
            continue;
        cells[count++] = name;
        cells[count++] = value != NULL ? value : "<undefined>";
    }
    statement->result->kind = LEAT_SQL_ROWS;
    statement->result->text = lt_door_sql_print(columns, 2, cells, count / 2);
    return LT_OK;
}

int lt_door_sql_set(const struct lt_door_statement *statement)
{
    struct lt_door_sql *sql = statement->sql;
    const char *key = statement->tree->key, *value = statement->tree->value;
    if (value == NULL)
        return show_settings(statement);
    bool is_known = is_of_expressions(key);
    for (size_t i = 0; i < STREAMING_COUNT && !is_known; i++)
        is_known = lt_ascii_compare(streaming_settings[i].name, key) == 0;
    if (!is_known)
        return unknown_setting(statement);
    int code = is_of_expressions(key) ? set_expression(sql, key, value, statement->error) : LT_OK;
    return code == LT_OK ? lt_options_set(sql->settings, key, value, "SET", statement->error)
                         : code;
}

int lt_door_sql_reset(const struct lt_door_statement *statement)
{
    struct lt_door_sql *sql = statement->sql;
    struct lt_options *kept = lt_door_sql_create_settings(sql->context);
    const char *only = statement->tree->key;
    int code = LT_OK;
    if (only == NULL)
        sql->context->session = NULL;
    if (only != NULL && is_of_expressions(only))
        code =
            set_expression(sql, only, lt_session_get(lt_session_default(), only), statement->error);
    for (size_t i = 0; i < lt_options_count(sql->settings) && only != NULL && code == LT_OK; i++) {
        const char *key, *value, *origin;
        lt_options_at(sql->settings, i, &key, &value, &origin);
        if (lt_ascii_compare(key, only) != 0)
            code = lt_options_set(kept, key, value, origin, statement->error);
    }
    sql->settings = kept;
    return code;
}

/* ----------------------------------------------------------------------------- what queries ask */

const char *lt_door_sql_checkpoint_root(const struct lt_door_sql *sql)
{
    return lt_options_get(sql->settings, checkpoint_root);
}

int lt_door_sql_put_settings(const struct lt_door_sql *sql, struct lt_options *options,
                             struct lt_error *error)
{
    int code = LT_OK;
    for (size_t i = 0; i < STREAMING_COUNT && code == LT_OK; i++) {
        const char *option = streaming_settings[i].option;
        const char *value = lt_options_get(sql->settings, streaming_settings[i].name);
        if (option != NULL && value != NULL && !lt_options_has(options, option))
            code = lt_options_set(options, option, value, "SET", error);
    }
    return code;
}
