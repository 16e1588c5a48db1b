/*
 * The sink of a batch world that is the engine's own: a directory of JSON files with a manifest,
 * and how a reader who knows the manifest sees it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files_sink.h"
#include "io/manifest.h"
#include "tests/support/batch_fakes.h"
#include "tests/support/scratch.h"

static const struct lt_sink_ops *own_ops; /* the sink's */

static int directory_resume(struct lt_sink *sink, const struct lt_connector_env *env,
                            const struct lt_sink_resume *at, struct lt_error *error)
{
    batch_point(batch_the_world);
    int code = own_ops->resume(sink, env, at, error);
    if (code == 0)
        batch_resume(batch_the_world, at->next_epoch);
    return code;
}

/* The sink itself, which the world looks on at where it goes on. */
static int directory_bind(const struct lt_sink_type *type, const struct lt_options *options,
                          const struct lt_type *schema, struct lt_arena *arena,
                          struct lt_sink **out, struct lt_error *error)
{
    static struct lt_sink_ops ops;
    (void)type;
    int code = lt_json_sink_type.bind(&lt_json_sink_type, options, schema, arena, out, error);
    if (code != 0)
        return code;
    own_ops = (*out)->ops;
    ops = *own_ops;
    ops.resume = directory_resume;
    (*out)->ops = &ops;
    return 0;
}

const struct lt_sink_type batch_directory_type = {
    .name = "directory", .needs_checkpoint = true, .bind = directory_bind};

/* ----------------------------------------------------------------------------------- the reader */

int64_t batch_time_us(const char *text)
{
    int day, hour, minute, second, ms;
    if (sscanf(text, "1970-01-%dT%d:%d:%d.%dZ", &day, &hour, &minute, &second, &ms) != 5)
        return INT64_MIN;
    int64_t minutes = (((int64_t)day - 1) * 24 + hour) * 60 + minute;
    return ((minutes * 60 + second) * 1000 + ms) * 1000;
}

/* The numbers and times of a line of JSON, in their order: the columns', and their fields'. */
static void parse_line(const char *line, size_t size_bytes, struct batch_row *out)
{
    uint32_t used = 0;
    const char *at = line, *end = line + size_bytes;
    memset(out, 0, sizeof *out);
    while ((at = memchr(at, ':', (size_t)(end - at))) != NULL && used < BATCH_CELLS) {
        at++;
        if (*at == '{')
            continue;
        bool is_time = *at == '"';
        out->cells[used++] = is_time ? batch_time_us(at + 1) : strtoll(at, NULL, 10);
        if (is_time)
            at = strchr(at + 1, '"') + 1;
    }
}

struct reading {
    struct batch_world *world;
    struct batch_row *rows;
    uint32_t count;
};

static int read_file(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct reading *reading = context;
    char *text = scratch_read("%s", file->uri + strlen("file://"));
    if (text == NULL || (int64_t)strlen(text) != file->size_bytes)
        return lt_error_set(error, LT_E_CORRUPT, "%s is not there, or has another size",
                            file->uri);
    for (const char *at = text; *at != '\0' && reading->count < BATCH_ROWS;) {
        size_t size_bytes = strcspn(at, "\n");
        parse_line(at, size_bytes, &reading->rows[reading->count++]);
        at += size_bytes + 1;
    }
    free(text);
    return 0;
}

static void compare(struct batch_world *world, struct reading *reading)
{
    batch_rows_sort(world->expected, world->expected_count);
    batch_rows_sort(reading->rows, reading->count);
    if (reading->count != world->expected_count)
        batch_fault(world, "the directory has %u rows, and should have %u", reading->count,
                    world->expected_count);
    else if (memcmp(reading->rows, world->expected, reading->count * sizeof *reading->rows) != 0)
        batch_fault(world, "the directory has other rows than it should have");
}

void batch_check_directory(struct batch_world *world)
{
    struct reading reading = {.world = world, .rows = world->staged};
    char path[sizeof world->path + sizeof "/out/" LT_MANIFEST_FOLDER];
    struct lt_manifest manifest;
    struct lt_error error;
    if (world->sink != BATCH_DIRECTORY)
        return;
    snprintf(path, sizeof path, "%s/out/" LT_MANIFEST_FOLDER, world->path);
    lt_manifest_init(&manifest);
    int code = lt_manifest_load(&manifest, path, &error);
    if (code == 0)
        code = lt_manifest_visit(&manifest, read_file, &reading, &error);
    if (code != 0)
        batch_fault(world, "%s", error.text);
    else
        compare(world, &reading);
    lt_manifest_fini(&manifest);
}
