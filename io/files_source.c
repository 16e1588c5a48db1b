/*
 * Options, schema and life of a directory source.
 */
#include "io/files_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "io/feed.h"
#include "io/files_columns.h"
#include "io/files_source_internal.h"
#include "io/format_options.h"

static const struct lt_option_spec option_table[] = {
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The directory whose files are read, one file, or a glob of either; it must be there "
            "unless it is a glob."},
    {.name = "basePath",
     .type = LT_OPTION_TEXT,
     .doc = "The directory behind which partitions (k=v) begin; what path names unless it is "
            "set."},
    {.name = "cleanSource",
     .type = LT_OPTION_CHOICE,
     .default_text = "off",
     .choices = "off|archive|delete",
     .doc = "What becomes of a file once its epoch is committed: archive moves it below "
            "sourceArchiveDir; best effort."},
    {.name = "compactInterval",
     .type = LT_OPTION_I64,
     .default_text = "10",
     .min = 1,
     .max = 1000000,
     .doc = "Every how many entries the log of files is written whole."},
    {.name = "discardCachedInputRatio",
     .type = LT_OPTION_TEXT,
     .default_text = "0.2",
     .doc = "With a limit per epoch: lists again when fewer files are left than this part of the "
            "limit."},
    {.name = "fileNameOnly",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Files of the same name are one file, whatever their directory."},
    {.name = "ignoreCorruptFiles",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Leaves out what cannot be read of a file, and says so in the log."},
    {.name = "ignoreMissingFiles",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Leaves out a file that vanished before it was read, and says so in the log."},
    {.name = "latestFirst",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Reads the newest files first."},
    {.name = "maxBytesPerTrigger",
     .type = LT_OPTION_I64,
     .min = 1,
     .max = INT64_MAX,
     .doc = "Bytes of the files that are begun in one epoch; one file is always begun."},
    {.name = "maxCachedFiles",
     .type = LT_OPTION_I64,
     .default_text = "10000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "With a limit per epoch: how many files that were listed wait for later epochs; more "
            "are listed again."},
    {.name = "maxFileAge",
     .type = LT_OPTION_DURATION_MS,
     .default_text = "7d",
     .doc = "Files that are older than the newest one by more than this are left out, but for the "
            "first listing."},
    {.name = "maxFilesPerTrigger",
     .type = LT_OPTION_I64,
     .min = 1,
     .max = INT64_MAX,
     .doc = "Files that are begun in one epoch; all unless it is set."},
    {.name = "modifiedAfter",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REFUSED,
     .doc = "option 'modifiedafter' is not allowed in file stream sources"},
    {.name = "modifiedBefore",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REFUSED,
     .doc = "option 'modifiedbefore' is not allowed in file stream sources"},
    {.name = "pathGlobFilter",
     .type = LT_OPTION_TEXT,
     .doc = "A glob that the names of files must match."},
    {.name = "pollInterval",
     .type = LT_OPTION_DURATION,
     .default_text = "100ms",
     .min = LT_NS_PER_MS,
     .max = (int64_t)86400 * LT_NS_PER_S,
     .doc = "How often directories are listed where they cannot be watched; in batches also while "
            "a file is open, unless that takes long."},
    {.name = "recursiveFileLookup",
     .type = LT_OPTION_BOOL,
     .default_text = "false",
     .doc = "Reads the files of all directories below, and finds no partitions."},
    {.name = "sourceArchiveDir",
     .type = LT_OPTION_TEXT,
     .doc = "Where cleanSource archive puts files, below their whole path; on the same file "
            "system, and not where path would find them."},
    {.name = "watch",
     .type = LT_OPTION_CHOICE,
     .default_text = "auto",
     .choices = "auto|poll",
     .doc = "auto watches directories by inotify where it works; poll lists them every "
            "pollInterval."},
    LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static void files_close(struct lt_source *base)
{
    struct lt_files_source *source = lt_files_source_of(base);
    lt_files_state_fini(source);
    lt_zones_destroy(source->zones);
    int result = pthread_mutex_destroy(&source->lock);
    lt_assert(result == 0);
    free(source);
}

static void files_original(struct lt_source *base, struct lt_row *root, struct lt_row *into,
                           struct lt_original *out)
{
    (void)base;
    lt_feed_original(root, into, out);
}

/* --------------------------------------------------------------------------------------- schema */

struct partition_search {
    struct lt_files_source *source;
    struct lt_files_inference *inference;
};

static int search_file(void *context, const struct lt_files_found *found, struct lt_error *error)
{
    struct partition_search *search = context;
    size_t root = lt_files_partition_root(&search->source->settings, found, error);
    return root == 0 ? LT_E_INVALID
                     : lt_files_inference_add(search->inference, found->path, root, error);
}

/* Walks all there is for the partition columns, as Spark does: which directories have files. */
static int find_partitions(struct lt_files_source *source, const struct lt_type *user_schema,
                           struct lt_arena *arena, struct lt_error *error)
{
    struct lt_files_place *place = &source->settings.place;
    struct partition_search search = {
        .source = source, .inference = lt_files_inference_create(&source->times, arena)};
    const struct lt_files_visitor visitor = {
        .file = search_file, .context = &search, .wants_names_only = true};
    place->is_deep = true;
    int code = lt_files_walk(place, &visitor, error);
    if (code == 0 && !place->is_recursive)
        code = lt_files_inference_end(search.inference, user_schema, &source->partitions, error);
    place->is_deep = place->is_recursive || source->partitions.count > 0;
    lt_files_inference_destroy(search.inference);
    return code;
}

static bool is_partition(const struct lt_files_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->partitions.count; i++)
        if (lt_ascii_compare(source->partitions.columns[i].name, name) == 0)
            return true;
    return false;
}

/* The user's columns that stand in the files; NULL if there are none, or no schema. */
static const struct lt_type *columns_in_files(const struct lt_files_source *source,
                                              const struct lt_type *user_schema,
                                              struct lt_arena *arena)
{
    uint32_t count = 0;
    if (user_schema == NULL)
        return NULL;
    struct lt_field *fields = lt_alloc_array(user_schema->field_count + 1u, sizeof fields[0]);
    for (uint32_t i = 0; i < user_schema->field_count; i++)
        if (!is_partition(source, user_schema->fields[i].name))
            fields[count++] = user_schema->fields[i];
    const struct lt_type *columns = count == 0 ? NULL : lt_type_struct(arena, fields, count);
    free(fields);
    return columns;
}

/* The format's columns and then the partitions'; all may be NULL, as in Spark. Hidden behind them,
 * what is known of the file, unless there is a column of that name. */
static void join_schema(struct lt_files_source *source, struct lt_arena *arena)
{
    const struct lt_type *columns = source->format->schema;
    uint32_t count = columns->field_count + source->partitions.count;
    struct lt_field *fields = lt_alloc_array(count + 1u, sizeof fields[0]);
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = i < columns->field_count ? columns->fields[i]
                                             : source->partitions.columns[i - columns->field_count];
        fields[i].nullable = true;
    }
    fields[count] = (struct lt_field){.name = "_metadata", .type = lt_files_metadata_type(arena)};
    source->base.schema = lt_type_struct(arena, fields, count);
    if (lt_type_field_index(source->base.schema, "_metadata") == -1)
        source->base.schema = lt_type_hide(arena, lt_type_struct(arena, fields, count + 1u), count);
    free(fields);
}

static int need_schema(const struct lt_source_type *type, const struct lt_type *user_schema,
                       struct lt_error *error)
{
    bool is_typed = strcmp(type->name, "json") == 0 || strcmp(type->name, "csv") == 0;
    if (user_schema != NULL || !is_typed)
        return 0;
    return lt_error_set(error, LT_E_ANALYSIS,
                        "Schema must be specified when creating a streaming source DataFrame. If "
                        "some files already exist in the directory, then depending on the file "
                        "format you may be able to create a static DataFrame on that directory "
                        "with 'spark.read.load(directory)' and infer schema from it.; hint: give "
                        "--schema, or columns in CREATE TABLE");
}

static int set_zone(struct lt_files_source *source, const struct lt_options *options,
                    struct lt_error *error)
{
    const char *zone = lt_options_text(options, option_table, OPTION_COUNT, "timeZone");
    source->zones = lt_zones_create();
    if (source->zones == NULL)
        return lt_error_set(error, LT_E_NO_MEMORY, "time zones");
    source->times = (struct lt_datetime_context){
        .zone = lt_zone_utc(), .zones = source->zones, .clock = lt_clock_system()};
    return zone == NULL ? 0 : lt_zones_open(source->zones, zone, &source->times.zone, error);
}

static int bind_schema(struct lt_files_source *source, const struct lt_options *options,
                       const struct lt_type *user_schema, struct lt_arena *arena,
                       struct lt_error *error)
{
    const char *name = source->base.type->name;
    char owner[32];
    snprintf(owner, sizeof owner, "source %s", name);
    int code = set_zone(source, options, error);
    if (code == 0)
        code = find_partitions(source, user_schema, arena, error);
    if (code != 0)
        return lt_error_append(error, "%s", owner); /* the format's errors name it themselves */
    const struct lt_format_setup setup = {
        .name = name,
        .options = options,
        .user_schema = columns_in_files(source, user_schema, arena),
        .owner = owner,
        .default_frame = LT_FRAME_LINE,
    };
    code = lt_format_bind(&setup, arena, &source->format, error);
    if (code == 0)
        join_schema(source, arena);
    return code;
}

static int files_bind(const struct lt_source_type *type, const struct lt_options *options,
                      const struct lt_type *user_schema, struct lt_arena *arena,
                      struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = lt_files_source_connect,
        .resume = lt_files_source_resume,
        .initial = lt_files_initial,
        .latest = lt_files_latest,
        .admit = lt_files_admit,
        .positions_to_json = lt_files_positions_to_json,
        .positions_from_json = lt_files_positions_from_json,
        .original = files_original,
        .settle = lt_files_settle,
        .open_reader = lt_files_open_reader,
        .commit = lt_files_commit,
        .close = files_close,
    };
    char owner[32];
    *out = NULL;
    snprintf(owner, sizeof owner, "source %s", type->name);
    int code = lt_options_check(options, option_table, OPTION_COUNT, owner, error);
    if (code == 0)
        code = need_schema(type, user_schema, error);
    if (code != 0)
        return code;
    struct lt_files_source *source = lt_alloc(sizeof *source);
    source->base = (struct lt_source){.ops = &ops, .type = type, .partition_count = 1};
    int result = pthread_mutex_init(&source->lock, NULL);
    lt_assert(result == 0);
    code = lt_files_settings_read(options, option_table, OPTION_COUNT, arena, &source->settings,
                                  error);
    if (code != 0)
        lt_error_append(error, "%s", owner);
    else
        code = bind_schema(source, options, user_schema, arena, error);
    if (code != 0) {
        files_close(&source->base);
        return code;
    }
    source->base.look_interval_ns = source->settings.poll_interval_ns;
    snprintf(source->base.description, sizeof source->base.description, "FileStreamSource[file:%s]",
             source->settings.place.text);
    *out = &source->base;
    return 0;
}

#define FILES_TYPE(type_name, type_doc)                                                            \
    {                                                                                              \
        .name = type_name, .doc = type_doc,                                                        \
        .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED | LT_SOURCE_IN_BATCHES |                \
                  LT_SOURCE_TELLS_NO_END,                                                          \
        .options = option_table, .option_count = OPTION_COUNT, .bind = files_bind,                 \
    }

const struct lt_source_type lt_files_csv_source_type =
    FILES_TYPE("csv", "The records of CSV files that appear in a directory.");
const struct lt_source_type lt_files_json_source_type =
    FILES_TYPE("json", "The JSON objects, one a line, of files that appear in a directory.");
const struct lt_source_type lt_files_raw_source_type =
    FILES_TYPE("raw", "The lines, as bytes, of files that appear in a directory.");
const struct lt_source_type lt_files_text_source_type =
    FILES_TYPE("text", "The lines of text files that appear in a directory.");
