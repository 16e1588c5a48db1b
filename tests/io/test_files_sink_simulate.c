/*
 * The directory sink through deaths at any operation, and between any two of the checkpoint's
 * steps.
 *
 * A *story* is a number of lives of one query that writes 0, 1, 2, ... Each life is a process
 * (tests/support/lives.h), on a fake reactor drawn from a seed, and all the sink's operations go
 * through that; a life ends at an operation drawn from the seed, by a kill or by a loss of power,
 * or well.
 * The checkpoint says of each epoch what was written up to its end, its note, and that it is done;
 * it is on a disk that forgets nothing: what it says in which order is what core/epoch does.
 *
 * After each life the directory is read as Spark reads it, by its manifest: the rows must be 0 to
 * n - 1, each once, where n is what the manifest's last epoch had written up to; and no epoch may
 * be there that was not logged. After the last life, which ends well, all rows are there, and
 * nothing lies in the directory that the manifest does not name.
 *
 *   LEAT_SEEDS=20000   how many stories, 200 by default
 *   LEAT_SEED=17       that one only: replays a failure; with LEAT_SEEDS, from that one on
 *   LEAT_FORK=1        each life in a forked process, which is slower
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/files_sink.h"
#include "io/manifest.h"
#include "tests/support/collector.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/lives.h"
#include "tests/support/scratch.h"
#include "tests/support/seeds.h"

enum {
    LIVES = 6,
    EPOCHS_OF_A_LIFE = 4,
    OPERATIONS_OF_A_LIFE = 90,
    ROWS_MAX = 4096,
    PATH_SIZE = SCRATCH_PATH_SIZE + 8,
    DIED = 1, /* what a life ends with, that does not end well */
    BROKEN = 2,
};

static const char query_id[] = "0b4b1b1e-0f9c-4b7e-8a55-6f1d2d3c4b5a";

struct story {
    uint64_t seed, random;
    char path[PATH_SIZE];
    bool is_partitioned;
    char rows_per_file[40];
};

static const struct story *the_story;
static bool ends_well; /* the life */

/* xorshift64*. */
static uint64_t draw(struct story *story, uint64_t bound)
{
    story->random ^= story->random >> 12;
    story->random ^= story->random << 25;
    story->random ^= story->random >> 27;
    return story->random * UINT64_C(2685821657736338717) % bound;
}

/* ------------------------------------------------------------------------------ the checkpoint */

struct log_entry {
    bool is_logged, is_done;
    uint64_t row_count; /* written up to its end */
    char *note;
};

static struct log_entry read_entry(const struct story *story, uint64_t epoch)
{
    struct log_entry entry = {.is_logged = false};
    char *text = scratch_read("%s/log/%" PRIu64, story->path, epoch);
    char *done = scratch_read("%s/log/%" PRIu64 ".done", story->path, epoch);
    if (text != NULL) {
        entry.is_logged = true;
        entry.row_count = strtoull(text, NULL, 10);
        entry.note = lt_strdup(strchr(text, '\n') + 1);
    }
    entry.is_done = done != NULL;
    free(done);
    free(text);
    return entry;
}

/* As a whole or not at all. */
static void log_epoch(const struct story *story, uint64_t epoch, uint64_t row_count,
                      const char *note)
{
    char from[PATH_SIZE + 32], to[PATH_SIZE + 32];
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_format(&text, "%" PRIu64 "\n%s", row_count, note);
    scratch_write(lt_text_get(&text), "%s/log/new", story->path);
    snprintf(from, sizeof from, "%s/log/new", story->path);
    snprintf(to, sizeof to, "%s/log/%" PRIu64, story->path, epoch);
    lt_assert(rename(from, to) == 0);
    lt_text_fini(&text);
}

/* -------------------------------------------------------------------------------------- a life */

struct life {
    struct story *story;
    struct lt_reactor *reactor;
    uint64_t left; /* operations until death */
    enum fake_crash crash;
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_connector_env env;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    uint64_t row_count;
};

static void die_of(const struct lt_error *error)
{
    fprintf(stderr, "life: %s\n", error->text);
    lives_end(BROKEN);
}

/* Before each operation: the process may end here. */
static bool count_down(void *context, const struct lt_io *io, int64_t *result)
{
    struct life *life = context;
    (void)io;
    (void)result;
    if (life->left-- > 0)
        return false;
    fake_reactor_crash(life->reactor, life->crash);
    lives_end(DIED);
}

static void turn(struct life *life)
{
    if (lt_reactor_poll(life->reactor) == 0)
        lt_reactor_park(life->reactor, 0);
    if (life->writer != NULL && life->writer->ops->poll(life->writer, NULL) < 0)
        die_of(&life->writer->error);
}

static void make_sink(struct life *life)
{
    static const char *const no_options[] = {NULL};
    struct lt_error error;
    struct lt_options *options = collector_options(no_options);
    char path[PATH_SIZE + 8];
    snprintf(path, sizeof path, "%s/out", life->story->path);
    int code = lt_options_set(options, "path", path, "test", &error);
    if (code == 0 && life->story->is_partitioned)
        code = lt_options_set(options, "partitionBy", "k", "test", &error);
    if (code == 0)
        code = lt_options_set(options, "maxRecordsPerFile", life->story->rows_per_file, "test",
                              &error);
    life->schema = NULL;
    if (code == 0)
        code = lt_type_parse_ddl(life->story->is_partitioned ? "k INT, value STRING"
                                                             : "value STRING",
                                 life->arena, &life->schema, &error);
    if (code == 0)
        code = lt_text_sink_type.bind(&lt_text_sink_type, options, life->schema, life->arena,
                                      &life->sink, &error);
    if (code != 0)
        die_of(&error);
    lt_options_destroy(options);
}

static void mark_done(const struct life *life, uint64_t epoch)
{
    scratch_write("", "%s/log/%" PRIu64 ".done", life->story->path, epoch);
}

/* What core/run does at start; the first epoch of this life. */
static uint64_t recover(struct life *life)
{
    struct lt_error error;
    struct log_entry entry, last = {.is_logged = false};
    struct lt_sink *sink = life->sink;
    uint64_t epoch = 0;
    sink->ops->use_reactor(sink, life->reactor);
    int code = sink->ops->connect(sink, &life->env, &error);
    for (; code == 0 && (entry = read_entry(life->story, epoch)).is_logged; epoch++) {
        bool must_replay = false;
        if (!entry.is_done) {
            code = sink->ops->recover(sink, epoch, entry.note, &must_replay, &error);
            if (code == 0 && must_replay)
                code = lt_error_set(&error, LT_E_DATA_LOSS, "epoch %" PRIu64 " is lost", epoch);
            if (code == 0)
                mark_done(life, epoch);
        }
        free(last.note);
        last = entry;
    }
    const struct lt_sink_resume at = {.next_epoch = epoch,
                                      .notes = last.note,
                                      .has_checkpoint = true,
                                      .query_id = query_id};
    if (code == 0)
        code = sink->ops->resume(sink, &life->env, &at, &error);
    if (code == 0)
        code = sink->ops->open_writer(sink, &life->env, &life->writer, &error);
    if (code != 0)
        die_of(&error);
    life->row_count = last.row_count;
    free(last.note);
    return epoch;
}

static void write_rows(struct life *life)
{
    for (uint64_t i = draw(life->story, 6); i > 0; i--) {
        char text[32];
        struct lt_fault *fault = NULL;
        struct lt_row *row = lt_row_claim(life->pool);
        lt_assert(row != NULL);
        snprintf(text, sizeof text, "%" PRIu64, life->row_count++);
        uint32_t column = life->schema->field_count - 1;
        if (column > 0)
            lt_row_values(row)[0] = lt_value_i64((int64_t)draw(life->story, 3));
        lt_row_values(row)[column] = lt_value_text(text);
        row->ingest_ns = 0;
        lt_assert(life->writer->ops->write(life->writer, row, &fault) == LT_WRITE_DONE);
    }
}

static void run_epoch(struct life *life, uint64_t epoch, bool is_last)
{
    struct lt_error error;
    struct lt_text_buffer note;
    int status;
    lt_text_init(&note);
    write_rows(life);
    uint64_t row_count = life->row_count;
    life->writer->ops->prepare(life->writer, epoch);
    if (draw(life->story, 2) == 0 && !is_last)
        write_rows(life); /* of the next epoch */
    while ((status = life->writer->ops->prepared(life->writer, epoch, &note)) == 0)
        turn(life);
    if (status < 0)
        die_of(&life->writer->error);
    log_epoch(life->story, epoch, row_count, lt_text_get(&note));
    life->writer->ops->commit(life->writer, epoch);
    while (life->writer->ops->committed(life->writer, epoch) == 0)
        turn(life);
    while ((status = life->sink->ops->commit(life->sink, epoch, lt_text_get(&note), &error)) == 1)
        turn(life);
    if (status < 0)
        die_of(&error);
    mark_done(life, epoch);
    lt_text_fini(&note);
}

/* What it draws, nobody else has drawn. */
static void live(void)
{
    struct story story = *the_story;
    struct life life = {.story = &story, .arena = lt_arena_create(), .row_count = 0};
    life.reactor = fake_reactor_create(draw(&story, UINT32_MAX), NULL);
    life.left = ends_well ? UINT64_MAX : draw(&story, OPERATIONS_OF_A_LIFE);
    life.crash = draw(&story, 2) == 0 ? FAKE_CRASH_KILL : FAKE_CRASH_POWER;
    fake_reactor_set_hook(life.reactor, count_down, &life);
    lt_clock_manual_init(&life.clock, 5000, 1700000000000000);
    life.env = collector_env(&life.clock.clock, NULL);
    life.env.query_id = query_id;
    life.env.reactor = life.reactor;
    make_sink(&life);
    const struct lt_row_pool_options options = {.column_count = life.schema->field_count,
                                                .capacity = 64};
    lt_assert(lt_row_pool_create(&options, &life.pool, NULL) == 0);
    uint64_t first = recover(&life);
    for (uint64_t i = 0; i < EPOCHS_OF_A_LIFE; i++)
        run_epoch(&life, first + i, i == EPOCHS_OF_A_LIFE - 1);
    if (!ends_well) /* it was lucky */
        fake_reactor_crash(life.reactor, life.crash);
}

/* ---------------------------------------------------------------------------------- the reader */

struct reading {
    bool has_come[ROWS_MAX];
    uint64_t count, file_count;
    const struct story *story;
};

static int read_file(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct reading *reading = context;
    char *text = scratch_read("%s", file->uri + strlen("file://"));
    if (text == NULL)
        return lt_error_set(error, LT_E_NOT_FOUND, "%s is not there", file->uri);
    if ((int64_t)strlen(text) != file->size_bytes)
        return lt_error_set(error, LT_E_CORRUPT, "%s has another size", file->uri);
    reading->file_count++;
    int code = 0;
    for (char *at = text; *at != '\0' && code == 0;) {
        uint64_t row = strtoull(at, &at, 10);
        if (*at != '\n' || row >= ROWS_MAX)
            code = lt_error_set(error, LT_E_CORRUPT, "%s is torn", file->uri);
        else if (reading->has_come[row])
            code = lt_error_set(error, LT_E_CORRUPT, "row %" PRIu64 " comes twice", row);
        else
            reading->has_come[row] = true;
        reading->count++;
        at += *at == '\n';
    }
    free(text);
    return code;
}

/* Files in the directory, hidden ones too. */
static uint64_t count_files(const char *path)
{
    uint64_t count = 0;
    DIR *directory = opendir(path);
    for (struct dirent *found; directory != NULL && (found = readdir(directory)) != NULL;) {
        char inner[1024];
        struct stat status;
        snprintf(inner, sizeof inner, "%s/%s", path, found->d_name);
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 ||
            strcmp(found->d_name, LT_MANIFEST_FOLDER) == 0 || stat(inner, &status) != 0)
            continue;
        count += S_ISDIR(status.st_mode) ? count_files(inner) : 1;
    }
    if (directory != NULL)
        closedir(directory);
    return count;
}

static void check(const struct story *story)
{
    struct lt_manifest manifest;
    struct lt_error error;
    struct reading *reading = lt_alloc(sizeof *reading);
    char path[PATH_SIZE + 40];
    reading->story = story;
    snprintf(path, sizeof path, "%s/out/" LT_MANIFEST_FOLDER, story->path);
    lt_manifest_init(&manifest);
    int code = lt_manifest_load(&manifest, path, &error);
    if (code == 0)
        code = lt_manifest_visit(&manifest, read_file, reading, &error);
    if (code != 0)
        fail_msg("seed %" PRIu64 ": %s", story->seed, error.text);
    if (manifest.last >= 0) {
        struct log_entry entry = read_entry(story, (uint64_t)manifest.last);
        if (!entry.is_logged)
            fail_msg("seed %" PRIu64 ": epoch %" PRId64 " was never logged", story->seed,
                     manifest.last);
        if (entry.row_count != reading->count)
            fail_msg("seed %" PRIu64 ": %" PRIu64 " rows and not %" PRIu64, story->seed,
                     reading->count, entry.row_count);
        free(entry.note);
    }
    for (uint64_t i = 0; i < reading->count; i++)
        if (!reading->has_come[i])
            fail_msg("seed %" PRIu64 ": row %" PRIu64 " is missing", story->seed, i);
    snprintf(path, sizeof path, "%s/out", story->path);
    if (ends_well && count_files(path) != reading->file_count)
        fail_msg("seed %" PRIu64 ": files lie there that nobody names", story->seed);
    lt_manifest_fini(&manifest);
    free(reading);
}

static void tell(struct seeds_run *run)
{
    struct story story = {.seed = run->seed, .random = run->seed * 2654435761U + 1};
    the_story = &story;
    snprintf(story.path, sizeof story.path, "%s", run->folder);
    story.is_partitioned = draw(&story, 2) == 0;
    snprintf(story.rows_per_file, sizeof story.rows_per_file, "%" PRIu64, draw(&story, 4));
    for (int life = 0; life < LIVES; life++) {
        ends_well = life == LIVES - 1;
        (void)draw(&story, 2); /* each life draws on from another number */
        int code = lives_run(live);
        if (code != 0 && (code != DIED || ends_well))
            fail_msg("seed %" PRIu64 ": life %d has ended with %d", run->seed, life, code);
        run->counts[0] += code == DIED;
        check(&story);
    }
}

static void no_death_loses_or_doubles_a_row(void **state)
{
    (void)state;
    struct seeds_fact deaths = {.name = "deaths", .rate = 0.9};
    seeds_run(&(struct seeds){.count = 200, .run = tell, .facts = &deaths, .fact_count = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_death_loses_or_doubles_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
