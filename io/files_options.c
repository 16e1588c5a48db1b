/*
 * The settings of a directory source, of options that the table has checked. Texts of errors are
 * Spark's where it has them.
 */
#include "io/files_source_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "io/files_name.h"

struct given {
    const struct lt_options *options;
    const struct lt_option_spec *specs;
    size_t count;
};

static const char *text_of(const struct given *given, const char *name)
{
    return lt_options_text(given->options, given->specs, given->count, name);
}

static int64_t number_of(const struct given *given, const char *name)
{
    return lt_options_i64(given->options, given->specs, given->count, name);
}

static bool is_set(const struct given *given, const char *name)
{
    return lt_options_bool(given->options, given->specs, given->count, name);
}

static int read_limits(const struct given *given, struct lt_files_settings *out,
                       struct lt_error *error)
{
    out->max_files = number_of(given, "maxFilesPerTrigger");
    out->max_bytes = number_of(given, "maxBytesPerTrigger");
    out->max_cached_files = number_of(given, "maxCachedFiles");
    if (out->max_files >= 0 && out->max_bytes >= 0)
        return lt_error_set(error, LT_E_INVALID,
                            "Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both "
                            "set at the same time");
    const char *ratio = text_of(given, "discardCachedInputRatio");
    char *end;
    out->discard_ratio = strtod(ratio, &end);
    if (end == ratio || *end != '\0' || !(out->discard_ratio >= 0 && out->discard_ratio <= 1))
        return lt_error_set(error, LT_E_INVALID,
                            "Invalid value '%s' for option 'discardCachedInputRatio', must be a "
                            "positive float between 0 and 1",
                            ratio);
    return 0;
}

static void read_order(const struct given *given, struct lt_files_settings *out)
{
    bool has_limit = out->max_files >= 0 || out->max_bytes >= 0;
    out->is_latest_first = is_set(given, "latestFirst");
    out->is_name_only = is_set(given, "fileNameOnly");
    /* The newest come first and the rest waits for its turn: none may be forgotten. */
    out->max_age_ms = out->is_latest_first && has_limit
                          ? INT64_MAX
                          : number_of(given, "maxFileAge") / LT_NS_PER_MS;
}

/* Does the beginning of the archive's path match that of a pattern, as far as the shorter goes? */
static bool would_be_read(const struct lt_files_pattern *pattern,
                          const struct lt_files_pattern *archive)
{
    size_t depth = pattern->count < archive->count ? pattern->count : archive->count;
    for (size_t i = 0; i < depth; i++)
        if (!lt_glob_match(pattern->components[i], archive->components[i]))
            return false;
    return true;
}

static int check_archive(const struct lt_files_settings *settings, struct lt_arena *arena,
                         struct lt_error *error)
{
    struct lt_files_place archive;
    int code = lt_files_place_init(&archive, settings->cleaning.archive, NULL, false, arena, error);
    if (code != 0)
        return lt_error_append(error, "option \"sourceArchiveDir\"");
    if (archive.is_glob)
        return lt_error_set(error, LT_E_INVALID,
                            "option \"sourceArchiveDir\": \"%s\" is a glob; hint: name a directory",
                            archive.text);
    for (size_t i = 0; i < settings->place.pattern_count; i++)
        if (would_be_read(&settings->place.patterns[i], &archive.patterns[0]))
            return lt_error_set(
                error, LT_E_INVALID,
                "Base archive path cannot be set to the path where archived path can possibly "
                "match with source pattern. Ensure the base archive path doesn't match with source "
                "pattern in depth, where the depth is minimum of depth on both paths. (base "
                "archive path: \"%s\", source pattern: \"%s\")",
                archive.text, settings->place.text);
    return 0;
}

static int read_cleaning(const struct given *given, struct lt_arena *arena,
                         struct lt_files_settings *out, struct lt_error *error)
{
    const char *mode = text_of(given, "cleanSource"), *archive = text_of(given, "sourceArchiveDir");
    out->cleaning.mode = strcmp(mode, "archive") == 0  ? LT_FILES_CLEAN_ARCHIVE
                         : strcmp(mode, "delete") == 0 ? LT_FILES_CLEAN_DELETE
                                                       : LT_FILES_CLEAN_OFF;
    if (out->cleaning.mode != LT_FILES_CLEAN_ARCHIVE)
        return archive == NULL ? 0
                               : lt_error_set(error, LT_E_INVALID,
                                              "option \"sourceArchiveDir\" has a meaning with "
                                              "cleanSource archive only");
    if (archive == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "Archive mode must be used with 'sourceArchiveDir' option.");
    int code = lt_files_path(archive, arena, &out->cleaning.archive, error);
    return code == 0 ? check_archive(out, arena, error)
                     : lt_error_append(error, "option \"sourceArchiveDir\"");
}

static int read_place(const struct given *given, struct lt_arena *arena,
                      struct lt_files_settings *out, struct lt_error *error)
{
    const char *base = text_of(given, "basePath");
    int code =
        lt_files_place_init(&out->place, text_of(given, "path"), text_of(given, "pathGlobFilter"),
                            is_set(given, "recursiveFileLookup"), arena, error);
    if (code != 0)
        return lt_error_append(error, "option \"path\"");
    if (base == NULL)
        return 0;
    code = lt_files_path(base, arena, &out->base_path, error);
    return code == 0 ? 0 : lt_error_append(error, "option \"basePath\"");
}

int lt_files_settings_read(const struct lt_options *options, const struct lt_option_spec *specs,
                           size_t count, struct lt_arena *arena, struct lt_files_settings *out,
                           struct lt_error *error)
{
    const struct given given = {.options = options, .specs = specs, .count = count};
    *out = (struct lt_files_settings){
        .ignores_missing = is_set(&given, "ignoreMissingFiles"),
        .ignores_corrupt = is_set(&given, "ignoreCorruptFiles"),
        .may_watch = strcmp(text_of(&given, "watch"), "poll") != 0,
        .poll_interval_ns = number_of(&given, "pollInterval"),
        .compact_interval = number_of(&given, "compactInterval"),
    };
    int code = read_place(&given, arena, out, error);
    if (code == 0)
        code = read_limits(&given, out, error);
    if (code != 0)
        return code;
    read_order(&given, out);
    return read_cleaning(&given, arena, out, error);
}

size_t lt_files_partition_root(const struct lt_files_settings *settings,
                               const struct lt_files_found *found, struct lt_error *error)
{
    if (settings->base_path == NULL)
        return found->root_size;
    size_t size = strlen(settings->base_path);
    bool is_root = strcmp(settings->base_path, "/") == 0;
    if (strncmp(found->path, settings->base_path, size) == 0 &&
        (is_root || found->path[size] == '/'))
        return size;
    lt_error_set(error, LT_E_INVALID, "Wrong basePath %s for the root path: %.*s",
                 settings->base_path, (int)found->root_size, found->path);
    return 0;
}
