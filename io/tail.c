/*
 * Options, schema and positions of the source tail.
 */
#include "io/tail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "io/feed.h"
#include "io/tail_scan.h"

enum { LOOK_BACK_BYTES = 64 * 1024 };

static const struct lt_option_spec option_table[] = {
    {.name = "failOnDataLoss",
     .type = LT_OPTION_BOOL,
     .default_text = "true",
     .doc = "Stops the query when a file is gone that was not read to its end; false warns and "
            "goes on."},
    {.name = "path",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "The file, or a pattern with *, ? and [...] in any of its parts; files that come later "
            "are read, too."},
    {.name = "pollInterval",
     .type = LT_OPTION_DURATION,
     .default_text = "1s",
     .min = 10 * (int64_t)LT_NS_PER_MS,
     .max = 3600 * (int64_t)LT_NS_PER_S,
     .doc = "How often the directories are listed, for growth that the kernel does not tell of."},
    {.name = "rotatedTimeout",
     .type = LT_OPTION_DURATION,
     .default_text = "5m",
     .doc = "How long a file that was renamed out of the pattern is followed after its last byte; "
            "then what stands behind its last line break is a record."},
    {.name = "startingPosition",
     .type = LT_OPTION_CHOICE,
     .choices = "earliest|latest",
     .default_text = "earliest",
     .doc = "Where a new query begins in files that are there: at their beginning, or behind their "
            "last line; files that come later are read whole."},
    LT_FORMAT_NAME_ROWS LT_FRAME_READ_ROWS LT_FORMAT_READ_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static struct lt_tail_source *tail_of(struct lt_source *source)
{
    return (struct lt_tail_source *)(void *)source; /* the base is its first member */
}

/* -------------------------------------------------------------------------------- where it ends */

/* Where in these bytes, which begin at `offset` of the file, the last line break ends; 0: there is
 * none. */
static size_t break_end(const struct lt_framing *framing, const char *bytes, size_t size_bytes,
                        int64_t offset)
{
    const char *separator;
    size_t count = lt_frame_line_break(framing, &separator);
    size_t unit = framing->unit_bytes > 1 ? framing->unit_bytes : 1;
    for (size_t end = size_bytes; end >= count; end--)
        if (memcmp(bytes + end - count, separator, count) == 0 &&
            ((uint64_t)offset + end) % unit == 0)
            return end;
    return 0;
}

/* The byte behind the last line break; for frames without breaks the size. */
static int64_t last_break(const struct lt_tail_source *tail, const struct lt_tail_found *found)
{
    const struct lt_framing *framing = &tail->format->framing;
    if (framing->kind != LT_FRAME_LINE)
        return found->size_bytes;
    char *block = lt_alloc(LOOK_BACK_BYTES);
    int64_t end = found->size_bytes, last = 0;
    while (end > 0 && last == 0) {
        int64_t begin = end > LOOK_BACK_BYTES ? end - LOOK_BACK_BYTES : 0;
        ssize_t size = pread(found->fd, block, (size_t)(end - begin), begin);
        size_t in_block = size > 0 ? break_end(framing, block, (size_t)size, begin) : 0;
        last = in_block > 0 ? begin + (int64_t)in_block : 0;
        end = begin == 0 ? 0 : begin + LT_FRAME_SEPARATOR_MAX; /* one may lie across */
    }
    free(block);
    return last;
}

static void want_marks(const struct lt_tail_place *place, struct lt_tail_scan *scan)
{
    scan->wanted = lt_alloc_array(place->count + 1, sizeof scan->wanted[0]);
    for (; scan->wanted_count < place->count; scan->wanted_count++)
        scan->wanted[scan->wanted_count].inode = place->marks[scan->wanted_count].inode;
}

/* All files of the pattern as they are now, as a place; and those of `known` that were renamed. */
static int make_place(struct lt_tail_source *tail, const struct lt_tail_place *known,
                      struct lt_tail_place **out, struct lt_error *error)
{
    struct lt_tail_scan scan = {.pattern = tail->pattern, .inotify_fd = -1};
    want_marks(known, &scan);
    scan.relatives_since_ns = lt_tail_since_ns(known->time_us);
    int64_t time_us = lt_clock_wall_us(tail->clock);
    int code = lt_tail_scan_run(&scan);
    if (code != 0 && error != NULL)
        *error = scan.error;
    if (code == 0) {
        *out = lt_tail_place_create(scan.found_count);
        (*out)->time_us = time_us;
        for (uint32_t i = 0; i < scan.found_count; i++) {
            struct lt_tail_found *found = &scan.found[i];
            struct lt_tail_mark *mark = &(*out)->marks[i];
            mark->path = found->path;
            mark->inode = found->inode;
            mark->offset = last_break(tail, found);
            mark->head_bytes = found->head_bytes;
            mark->head_hash = lt_tail_head_hash(found->head, found->head_bytes);
            found->path = NULL;
        }
    }
    lt_tail_scan_clear(&scan);
    return code;
}

static void place_at(struct lt_tail_source *tail, struct lt_tail_place *place,
                     struct lt_position *position)
{
    position->extra = 0;
    for (uint32_t i = 0; i < place->count; i++)
        position->extra += place->marks[i].offset;
    position->offset = lt_tail_places_add(&tail->places, place);
}

/* Where a run begins. */
static void begin_at(struct lt_tail_source *tail, struct lt_tail_place *place,
                     struct lt_position *position)
{
    place_at(tail, place, position);
    tail->begun = position->offset;
}

static int tail_initial(struct lt_source *base, struct lt_position *positions,
                        struct lt_text_buffer *keep, struct lt_error *error)
{
    struct lt_tail_source *tail = tail_of(base);
    const struct lt_tail_place none = {.count = 0};
    struct lt_tail_place *place = NULL;
    int code = 0;
    if (tail->kept != NULL)
        code = lt_tail_place_from_json(tail->kept, &place, error);
    else if (tail->starts_at_end)
        code = make_place(tail, &none, &place, error);
    else
        place = lt_tail_place_create(0);
    if (code != 0)
        return code;
    if (place->time_us == 0)
        place->time_us = lt_clock_wall_us(tail->clock);
    lt_tail_place_to_json(place, keep); /* else a second start would begin later */
    begin_at(tail, place, positions);
    return 0;
}

/* A name that nobody has, and that nobody had when the query was last alive. Who asks for what is
 * there now, and mistypes the name, must not be told that all of it was read. */
static int refuse_missing(const struct lt_tail_source *tail, struct lt_error *error)
{
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "source tail: '%s' is not there, and up to its end now there is nothing "
                        "to read; hint: check the name; a pattern may match nothing yet, and "
                        "without --until-end (trigger AvailableNow) the file is waited for",
                        tail->pattern);
}

/* Files that were renamed since the position to start from belong to the end as well. */
static int tail_latest(struct lt_source *base, struct lt_position *positions,
                       struct lt_error *error)
{
    struct lt_tail_source *tail = tail_of(base);
    if (tail->in_batches) {
        positions[0] = lt_ahead_position(&tail->ahead);
        return 0;
    }
    struct lt_tail_place *known = lt_tail_places_copy(&tail->places, tail->begun), *place = NULL;
    int code = make_place(tail, known, &place, error);
    if (code == 0 && known->count + place->count == 0 && !lt_tail_is_pattern(tail->pattern))
        code = refuse_missing(tail, error);
    lt_tail_place_destroy(known);
    if (code != 0) {
        lt_tail_place_destroy(place);
        return code;
    }
    place_at(tail, place, positions);
    return 0;
}

/* ---------------------------------------------------------------------------------------- JSON */

static void tail_to_json(struct lt_source *base, const struct lt_position *positions,
                         struct lt_text_buffer *out)
{
    struct lt_tail_place *place =
        lt_tail_places_copy(&tail_of(base)->places, positions[0].offset);
    lt_tail_place_to_json(place, out);
    lt_tail_place_destroy(place);
}

static int tail_from_json(struct lt_source *base, const char *json, struct lt_position *positions,
                          struct lt_error *error)
{
    struct lt_tail_place *place;
    int code = lt_tail_place_from_json(json, &place, error);
    if (code != 0)
        return code;
    begin_at(tail_of(base), place, positions);
    return 0;
}

/* ---------------------------------------------------------------------------------------- life */

static int tail_connect(struct lt_source *base, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    (void)error;
    struct lt_tail_source *tail = tail_of(base);
    tail->clock = env->clock;
    tail->in_batches = env->in_batches;
    lt_ahead_reset(&tail->ahead);
    free(tail->kept);
    tail->kept = env->kept_size_bytes > 0 ? lt_strdup(env->kept) : NULL;
    return 0;
}

static void tail_partition_name(struct lt_source *base, uint32_t partition, char *out,
                                size_t out_size)
{
    (void)partition;
    snprintf(out, out_size, "'%s'", tail_of(base)->pattern);
}

static void tail_original(struct lt_source *base, struct lt_row *root, struct lt_row *into,
                          struct lt_original *out)
{
    (void)base;
    lt_feed_original(root, into, out);
}

static void tail_commit(struct lt_source *base, uint64_t epoch, const struct lt_position *positions)
{
    (void)epoch;
    lt_tail_places_commit(&tail_of(base)->places, positions[0].offset);
}

static void drop_place(struct lt_source *base, const struct lt_position *position)
{
    lt_tail_places_remove(&tail_of(base)->places, position->offset);
}

static int tail_open_reader(struct lt_source *base, const struct lt_connector_env *env,
                            const uint32_t *partitions, uint32_t partition_count,
                            const struct lt_position *start, const struct lt_position *end,
                            struct lt_reader **out, struct lt_error *error)
{
    const struct lt_ahead_options options = {.source = base,
                                             .ahead = &tail_of(base)->ahead,
                                             .open = lt_tail_open_reader,
                                             .drop = drop_place,
                                             .has_moved = lt_tail_has_let_go};
    (void)partitions;
    lt_assert(partition_count == 1);
    return lt_ahead_open_reader(&options, env, start, end, out, error);
}

static void tail_close(struct lt_source *base)
{
    struct lt_tail_source *tail = tail_of(base);
    lt_ahead_fini(&tail->ahead);
    lt_tail_places_fini(&tail->places);
    free(tail->pattern);
    free(tail->kept);
    free(tail);
}

/* The pattern from the root on; what the engine's working directory is may change. */
static char *absolute(const char *path)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    if (path[0] != '/') {
        char *here = getcwd(NULL, 0);
        lt_text_format(&text, "%s/", here != NULL ? here : "");
        free(here);
    }
    lt_text_append(&text, path);
    return lt_text_take(&text);
}

static int check_framing(const struct lt_format *format, struct lt_error *error)
{
    if (format->framing.kind != LT_FRAME_WHOLE && format->framing.kind != LT_FRAME_DATAGRAM &&
        format->framing.kind != LT_FRAME_CSV)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "source tail: a file that grows has no end, and records of frame %s end "
                        "with the file; hint: frame line",
                        format->framing.kind == LT_FRAME_CSV
                            ? "csv (multiLine)"
                            : lt_frame_kind_name(format->framing.kind));
}

static int tail_bind(const struct lt_source_type *type, const struct lt_options *options,
                     const struct lt_type *user_schema, struct lt_arena *arena,
                     struct lt_source **out, struct lt_error *error)
{
    static const struct lt_source_ops ops = {
        .connect = tail_connect,
        .initial = tail_initial,
        .latest = tail_latest,
        .positions_to_json = tail_to_json,
        .positions_from_json = tail_from_json,
        .partition_name = tail_partition_name,
        .original = tail_original,
        .open_reader = tail_open_reader,
        .commit = tail_commit,
        .close = tail_close,
    };
    const struct lt_format *format;
    *out = NULL;
    int code = lt_format_bind_lines("source tail", option_table, OPTION_COUNT, options,
                                    user_schema, arena, &format, error);
    if (code == 0)
        code = check_framing(format, error);
    if (code != 0)
        return code;
    struct lt_tail_source *tail = lt_alloc(sizeof *tail);
    tail->base.ops = &ops;
    tail->base.type = type;
    tail->base.schema = format->schema;
    tail->base.partition_count = 1;
    tail->format = format;
    tail->pattern = absolute(lt_options_text(options, option_table, OPTION_COUNT, "path"));
    tail->starts_at_end =
        lt_options_text(options, option_table, OPTION_COUNT, "startingPosition")[0] == 'l';
    tail->fails_on_data_loss =
        lt_options_bool(options, option_table, OPTION_COUNT, "failOnDataLoss");
    tail->rotated_timeout_ns =
        lt_options_i64(options, option_table, OPTION_COUNT, "rotatedTimeout");
    tail->poll_interval_ns = lt_options_i64(options, option_table, OPTION_COUNT, "pollInterval");
    lt_tail_places_init(&tail->places);
    lt_ahead_init(&tail->ahead);
    snprintf(tail->base.description, sizeof tail->base.description, "TailSource[%.200s]",
             tail->pattern);
    *out = &tail->base;
    return 0;
}

const struct lt_source_type lt_tail_source_type = {
    .name = "tail",
    .doc = "Files that grow, by name or pattern, through rotation and truncation.",
    .traits = LT_SOURCE_REPLAYABLE | LT_SOURCE_BOUNDED | LT_SOURCE_CONTINUOUS |
              LT_SOURCE_IN_BATCHES | LT_SOURCE_ENDLESS | LT_SOURCE_IN_EPOCHS,
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = tail_bind,
};
