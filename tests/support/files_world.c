#include "tests/support/files_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>
#include <zstd.h>

#include "tests/support/collector.h"

const char files_query_id[] = "0b4b1b1e-0f9c-4b7e-8a55-6f1d2d3c4b5a";

static void make_env(struct files_world *world)
{
    lt_clock_manual_init(&world->clock, 5000, 1700000000000000);
    world->env = collector_env(&world->clock.clock, NULL);
    world->env.query_id = files_query_id;
    world->env.lane = 3;
    world->env.reactor = world->base.reactor;
}

int files_bind(struct files_world *world, const struct lt_sink_type *type, const char *schema,
                const char *const *pairs, struct lt_error *error)
{
    assert_int_equal(lt_type_parse_ddl(schema, world->arena, &world->schema, error), 0);
    world->options = collector_options(pairs);
    assert_int_equal(lt_options_set(world->options, "path", world->path, "test", error), 0);
    int code = type->bind(type, world->options, world->schema, world->arena, &world->sink, error);
    if (code == 0 && world->is_fake)
        world->sink->ops->use_reactor(world->sink, world->base.reactor);
    return code;
}

/* Up to the writer; the error's code of what failed first. */
int files_begin(struct files_world *world, struct lt_error *error)
{
    const struct lt_sink_resume at = {.next_epoch = world->next_epoch,
                                      .notes = world->note,
                                      .has_checkpoint = true,
                                      .query_id = files_query_id};
    int code = world->sink->ops->connect(world->sink, &world->env, error);
    if (code == 0)
        code = world->sink->ops->resume(world->sink, &world->env, &at, error);
    if (code == 0)
        code = world->sink->ops->open_writer(world->sink, &world->env, &world->writer, error);
    return code;
}

static void begin_world(struct files_world *world, const struct lt_sink_type *type,
                        const char *schema, const char *const *pairs)
{
    struct lt_error error;
    world->arena = lt_arena_create();
    scratch_create(world->path);
    strncat(world->path, "/out", sizeof world->path - strlen(world->path) - 1);
    make_env(world);
    if (files_bind(world, type, schema, pairs, &error) != 0 || files_begin(world, &error) != 0)
        fail_msg("%s", error.text);
    struct lt_row_pool_options options = {.column_count = world->schema->field_count,
                                          .capacity = 64};
    assert_int_equal(lt_row_pool_create(&options, &world->pool, NULL), 0);
}

void files_set_up(void **state, struct files_world *world, const struct lt_sink_type *type,
                  const char *schema, const char *const *pairs)
{
    memset(world, 0, sizeof *world);
    set_up(state, &world->base);
    begin_world(world, type, schema, pairs);
}

void files_set_up_on(struct lt_reactor *reactor, struct files_world *world,
                     const struct lt_sink_type *type, const char *schema, const char *const *pairs)
{
    memset(world, 0, sizeof *world);
    world->base.reactor = reactor;
    world->is_fake = true;
    begin_world(world, type, schema, pairs);
}

void files_end(struct files_world *world)
{
    if (world->writer != NULL)
        world->writer->ops->close(world->writer);
    if (world->sink != NULL)
        world->sink->ops->close(world->sink);
    lt_options_destroy(world->options);
    world->writer = NULL;
    world->sink = NULL;
    world->options = NULL;
}

void files_tear_down(struct files_world *world)
{
    files_end(world);
    lt_row_pool_destroy(world->pool); /* asserts that every row came home */
    free(world->note);
    lt_arena_destroy(world->arena);
    *strrchr(world->path, '/') = '\0';
    scratch_remove(world->path);
    if (world->is_fake)
        lt_reactor_destroy(world->base.reactor);
    else
        tear_down(&world->base);
}

void files_turn(struct files_world *world)
{
    if (lt_reactor_poll(world->base.reactor) == 0)
        rest(world->base.reactor, lt_clock_now_ns(lt_clock_system()) + LT_NS_PER_MS);
    (void)world->writer->ops->poll(world->writer, NULL);
}

/* A row of texts; NULL: null. A number is written as its column wants it. */
enum lt_write files_write_texts(struct files_world *world, const char *const *texts)
{
    struct lt_row *row = lt_row_claim(world->pool);
    struct lt_fault *fault = NULL;
    assert_non_null(row);
    row->ingest_ns = lt_clock_now_ns(&world->clock.clock);
    for (uint32_t i = 0; i < world->schema->field_count; i++) {
        if (texts[i] == NULL)
            lt_row_set_null(row, i);
        else if (lt_type_is_text(world->schema->fields[i].type))
            lt_row_values(row)[i] = lt_value_text(texts[i]);
        else
            lt_row_values(row)[i] = lt_value_i64(strtoll(texts[i], NULL, 10));
    }
    enum lt_write result = world->writer->ops->write(world->writer, row, &fault);
    while (result == LT_WRITE_FULL) {
        files_turn(world);
        result = world->writer->ops->write(world->writer, row, &fault);
    }
    if (result == LT_WRITE_FAILED)
        lt_row_release(row);
    lt_fault_destroy(fault);
    return result;
}

void files_write_value(struct files_world *world, const char *text)
{
    assert_int_equal(files_write_texts(world, &text), LT_WRITE_DONE);
}

int files_try_prepare(struct files_world *world)
{
    struct lt_text_buffer note;
    int status;
    lt_text_init(&note);
    world->writer->ops->prepare(world->writer, world->next_epoch);
    while ((status = world->writer->ops->prepared(world->writer, world->next_epoch, &note)) == 0)
        files_turn(world);
    if (status == 1) {
        free(world->note);
        world->note = lt_text_take(&note);
        assert_null(strchr(world->note, '\n'));
    }
    return status;
}

void files_prepare(struct files_world *world)
{
    if (files_try_prepare(world) != 1)
        fail_msg("%s", world->writer->error.text);
}

int files_try_commit(struct files_world *world, struct lt_error *error)
{
    int status;
    world->writer->ops->commit(world->writer, world->next_epoch);
    while ((status = world->writer->ops->committed(world->writer, world->next_epoch)) == 0)
        files_turn(world);
    if (status < 0) {
        *error = world->writer->error;
        return status;
    }
    world->sink->ops->use_reactor(world->sink, world->base.reactor);
    while ((status = world->sink->ops->commit(world->sink, world->next_epoch, world->note,
                                              error)) == 1)
        files_turn(world);
    if (!world->is_fake)
        world->sink->ops->use_reactor(world->sink, NULL);
    world->next_epoch += status == 0;
    return status;
}

void files_commit(struct files_world *world)
{
    struct lt_error error;
    if (files_try_commit(world, &error) != 0)
        fail_msg("%s", error.text);
}

void files_finish_epoch(struct files_world *world)
{
    files_prepare(world);
    files_commit(world);
}

/* -------------------------------------------------------------------------------- the directory */

/* A directory's entries, sorted, one a line: in every name the UUID is a star, and its content
 * follows, what is compressed unpacked. Hidden names are not there unless asked for. */
struct listing {
    char *lines[64];
    size_t count;
    bool with_hidden, with_manifest;
};

static int compare_lines(const void *a, const void *b)
{
    const char *const *first = a, *const *second = b;
    return strcmp(*first, *second);
}

static bool ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static char *unpack(const char *path)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    if (ends_in(path, ".gz")) {
        char piece[4096];
        int size;
        gzFile file = gzopen(path, "rb");
        while ((size = gzread(file, piece, sizeof piece)) > 0)
            lt_text_append_n(&text, piece, (size_t)size);
        assert_int_equal(size, 0);
        gzclose(file);
    } else if (ends_in(path, ".zst")) {
        static char packed[1 << 20], plain[1 << 20];
        FILE *file = fopen(path, "rb");
        size_t size = fread(packed, 1, sizeof packed, file);
        fclose(file);
        size = ZSTD_decompress(plain, sizeof plain, packed, size);
        assert_false(ZSTD_isError(size));
        lt_text_append_n(&text, plain, size);
    } else {
        char *content = scratch_read("%s", path);
        lt_text_append(&text, content);
        free(content);
    }
    return lt_text_take(&text);
}

static void add_file(struct listing *listing, const char *path, const char *relative)
{
    struct lt_text_buffer line;
    char *content = unpack(path);
    const char *uuid = strstr(relative, "part-00003-");
    lt_text_init(&line);
    if (uuid != NULL)
        lt_text_format(&line, "%.*s*%s", (int)(uuid + 11 - relative), relative, uuid + 11 + 36);
    else
        lt_text_append(&line, relative);
    lt_text_format(&line, ": %s", content);
    free(content);
    assert_true(listing->count < 64);
    listing->lines[listing->count++] = lt_text_take(&line);
}

static void list(struct listing *listing, const char *root, const char *relative)
{
    char path[1024], inner[512];
    snprintf(path, sizeof path, "%s%s", root, relative);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *found; (found = readdir(directory)) != NULL;) {
        struct stat status;
        bool is_manifest = strcmp(found->d_name, LT_MANIFEST_FOLDER) == 0;
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 ||
            (found->d_name[0] == '.' && !listing->with_hidden) ||
            (is_manifest && !listing->with_manifest))
            continue;
        snprintf(inner, sizeof inner, "%s/%s", relative, found->d_name);
        snprintf(path, sizeof path, "%s%s", root, inner);
        assert_int_equal(stat(path, &status), 0);
        if (S_ISDIR(status.st_mode))
            list(listing, root, inner);
        else
            add_file(listing, path, inner);
    }
    closedir(directory);
}

void files_expect(const struct files_world *world, bool with_hidden, const char *wanted)
{
    struct listing listing = {.with_hidden = with_hidden};
    struct lt_text_buffer text;
    lt_text_init(&text);
    list(&listing, world->path, "");
    qsort(listing.lines, listing.count, sizeof listing.lines[0], compare_lines);
    for (size_t i = 0; i < listing.count; i++) {
        lt_text_append(&text, listing.lines[i]);
        free(listing.lines[i]);
    }
    assert_string_equal(lt_text_get(&text), wanted);
    lt_text_fini(&text);
}

static int add_up(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct files_sum *sum = context;
    (void)error;
    struct stat status;
    assert_int_equal(stat(file->uri + strlen("file://"), &status), 0);
    assert_int_equal(status.st_size, file->size_bytes);
    assert_int_equal(file->modified_ms, 1700000000000);
    if (sum->count++ == 0)
        snprintf(sum->first, sizeof sum->first, "%s", file->uri);
    sum->size_bytes += file->size_bytes;
    return 0;
}

struct files_sum files_manifest_of(const struct files_world *world, int64_t wanted_last)
{
    struct lt_manifest manifest;
    struct files_sum sum = {.count = 0};
    char path[512];
    struct lt_error error;
    snprintf(path, sizeof path, "%s/" LT_MANIFEST_FOLDER, world->path);
    lt_manifest_init(&manifest);
    if (lt_manifest_load(&manifest, path, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(manifest.last, wanted_last);
    assert_int_equal(lt_manifest_visit(&manifest, add_up, &sum, &error), 0);
    lt_manifest_fini(&manifest);
    return sum;
}
