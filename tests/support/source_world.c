#include "tests/support/source_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text/json_write.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { WAIT_S = 60 };

void source_put(struct source_world *world, const char *name, const char *content, int second)
{
    char hidden[256], path[256];
    scratch_write(content, "%s/.new", world->in);
    snprintf(hidden, sizeof hidden, "%s/.new", world->in);
    snprintf(path, sizeof path, "%s/%s", world->in, name);
    const struct timespec times[2] = {{.tv_sec = 1700000000 + second},
                                      {.tv_sec = 1700000000 + second}};
    assert_int_equal(utimensat(AT_FDCWD, hidden, times, 0), 0);
    for (char *slash = strchr(path + strlen(world->in) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)!mkdir(path, 0700);
        *slash = '/';
    }
    assert_int_equal(rename(hidden, path), 0);
}

bool source_is_there(const struct source_world *world, const char *name)
{
    char path[256];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", world->in, name);
    return stat(path, &status) == 0;
}

static int list_log(void *context, struct lt_text_buffer *names, struct lt_error *error)
{
    const struct source_world *world = context;
    (void)error;
    for (size_t i = 0; i < world->log_count; i++)
        lt_text_format(names, "%s\n", world->log[i].name);
    return 0;
}

static int read_log(void *context, const char *name, struct lt_text_buffer *out,
                    struct lt_error *error)
{
    const struct source_world *world = context;
    (void)error;
    for (size_t i = 0; i < world->log_count; i++) {
        if (strcmp(world->log[i].name, name) != 0)
            continue;
        lt_text_append(out, world->log[i].text);
        return 0;
    }
    return LT_E_NOT_FOUND;
}

static int remove_log(void *context, const char *name, struct lt_error *error)
{
    struct source_world *world = context;
    (void)error;
    for (size_t i = 0; i < world->log_count; i++) {
        if (strcmp(world->log[i].name, name) != 0)
            continue;
        free(world->log[i].text);
        world->log[i] = world->log[--world->log_count];
    }
    return 0;
}

void source_add_log(struct source_world *world, const char *name, const char *text)
{
    (void)remove_log(world, name, NULL);
    assert_true(world->log_count < SOURCE_LOG_MAX);
    struct source_log_file *file = &world->log[world->log_count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->text = lt_strdup(text);
}

const char *source_log_text(struct source_world *world, const char *name)
{
    for (size_t i = 0; i < world->log_count; i++)
        if (strcmp(world->log[i].name, name) == 0)
            return world->log[i].text;
    fail_msg("no log %s", name);
    return NULL;
}

static void delete_named(struct source_world *world, const char *names)
{
    char name[LT_SOURCE_LOG_NAME_SIZE];
    while (*names != '\0') {
        size_t size = strcspn(names, "\n");
        snprintf(name, sizeof name, "%.*s", (int)size, names);
        (void)remove_log(world, name, NULL);
        names += size + 1;
    }
}

int source_try_bind(struct source_world *world, const struct lt_source_type *type,
                    const char *const *pairs, const char *schema)
{
    const struct lt_type *user_schema = NULL;
    struct lt_options *options = collector_options(pairs);
    if (lt_options_get(options, "path") == NULL)
        assert_int_equal(lt_options_set(options, "path", world->in, "test", NULL), 0);
    if (schema != NULL)
        assert_int_equal(lt_type_parse_ddl(schema, world->arena, &user_schema, NULL), 0);
    int code = type->bind(type, options, user_schema, world->arena, &world->source, &world->error);
    lt_options_destroy(options);
    if (code != 0)
        return code;
    uint32_t used = world->uses_hidden ? world->source->schema->field_count
                                       : lt_type_visible_count(world->source->schema);
    world->used_columns = ((uint64_t)1 << used) - 1;
    world->source->used_columns = &world->used_columns;
    return 0;
}

/* Up to where: there is no end; all there is; nothing yet, as a reader of batches begins. */
enum reading { READ_ON, READ_ALL, READ_BATCHES };

/* As a run begins: with what the checkpoint has. */
static int try_start(struct source_world *world, const char *const *pairs, enum reading reading)
{
    struct lt_position start = {0}, end = {0};
    const uint32_t partition = 0;
    struct lt_text_buffer keep;
    const struct lt_source_log_reader log = {.context = world,
                                             .positions = world->offsets,
                                             .list = list_log,
                                             .read = read_log,
                                             .remove = remove_log};
    int code = source_try_bind(world, world->type, pairs, world->schema);
    if (code != 0)
        return code;
    const struct lt_source_ops *ops = world->source->ops;
    lt_text_init(&keep);
    code = ops->connect(world->source, &world->env, &world->error);
    if (code == 0)
        code = ops->resume(world->source, &world->env, &log, &world->error);
    if (code == 0)
        code = world->offsets == NULL
                   ? ops->initial(world->source, &start, &keep, &world->error)
                   : ops->positions_from_json(world->source, world->offsets, &start, &world->error);
    assert_int_equal(keep.size_bytes, 0);
    end = start;
    if (code == 0 && reading == READ_ALL)
        code = ops->latest(world->source, &end, &world->error);
    if (code == 0)
        code = ops->open_reader(world->source, &world->env, &partition, 1, &start,
                                reading == READ_ON ? NULL : &end, &world->reader, &world->error);
    return code;
}

void source_start(struct source_world *world, const char *const *pairs, bool is_ending)
{
    if (try_start(world, pairs, is_ending ? READ_ALL : READ_ON) != 0)
        fail_msg("%s", world->error.text);
}

void source_start_batches(struct source_world *world, const char *const *pairs)
{
    if (try_start(world, pairs, READ_BATCHES) != 0)
        fail_msg("%s", world->error.text);
}

void source_stop(struct source_world *world)
{
    if (world->reader != NULL)
        world->reader->ops->close(world->reader);
    if (world->source != NULL)
        world->source->ops->close(world->source);
    world->reader = NULL;
    world->source = NULL;
}

static void note_rows(struct source_world *world)
{
    for (uint32_t i = 0; i < world->collector.count; i++) {
        const struct lt_row *row = world->collector.rows[i];
        for (uint32_t j = 0; j < row->column_count; j++) {
            const struct lt_type *type = world->source->schema->fields[j].type;
            const union lt_value *value = &lt_row_values(row)[j];
            if (j > 0)
                lt_text_append_char(&world->seen, '|');
            if (lt_row_is_null(row, j))
                lt_text_append(&world->seen, "null");
            else if (type->kind == LT_TYPE_STRUCT)
                lt_json_write_value(&world->seen, type, value, NULL);
            else if (lt_type_is_bytes(type))
                lt_text_append_n(&world->seen, value->bytes.data, value->bytes.size_bytes);
            else
                lt_text_format(&world->seen, "%ld", (long)value->i64);
        }
        lt_text_append_char(&world->seen, ' ');
    }
    collector_clear(&world->collector);
}

enum lt_poll_status source_poll(struct source_world *world, uint32_t limit)
{
    uint32_t count;
    enum lt_poll_status status =
        world->reader->ops->poll(world->reader, &world->collector.out, limit, &count);
    assert_int_equal(count, world->collector.count);
    note_rows(world);
    return status;
}

void source_rest(struct source_world *world)
{
    if (world->reader->ops->is_idle(world->reader))
        rest(world->reactor.reactor, lt_clock_now_ns(world->env.clock) + 2 * LT_NS_PER_MS);
    else
        (void)lt_reactor_poll(world->reactor.reactor);
}

void source_expect_by(struct source_world *world, const char *rows, uint32_t limit)
{
    int64_t deadline_ns = lt_clock_now_ns(world->env.clock) + WAIT_S * (int64_t)LT_NS_PER_S;
    while (world->seen.size_bytes < strlen(rows) &&
           lt_clock_now_ns(world->env.clock) < deadline_ns) {
        if (source_poll(world, limit) == LT_POLL_FAILED)
            fail_msg("%s", world->reader->error.text);
        if (world->seen.size_bytes < strlen(rows))
            source_rest(world);
    }
    assert_string_equal(lt_text_get(&world->seen), rows);
    lt_text_clear(&world->seen);
}

void source_expect(struct source_world *world, const char *rows)
{
    source_expect_by(world, rows, 256);
}

void source_expect_nothing(struct source_world *world)
{
    for (int i = 0; i < 20; i++) {
        assert_int_equal(source_poll(world, 256), LT_POLL_IDLE);
        source_rest(world);
    }
    assert_string_equal(lt_text_get(&world->seen), "");
}

void source_expect_failure(struct source_world *world, int code, const char *says)
{
    int64_t deadline_ns = lt_clock_now_ns(world->env.clock) + WAIT_S * (int64_t)LT_NS_PER_S;
    while (source_poll(world, 256) != LT_POLL_FAILED) {
        assert_true(lt_clock_now_ns(world->env.clock) < deadline_ns);
        source_rest(world);
    }
    assert_int_equal(world->reader->error.code, code);
    if (strstr(world->reader->error.text, says) == NULL)
        fail_msg("%s: %s", says, world->reader->error.text);
    lt_text_clear(&world->seen);
}

void source_expect_end(struct source_world *world)
{
    while (source_poll(world, 256) != LT_POLL_ENDED) /* the test's time runs out otherwise */
        source_rest(world);
    assert_string_equal(lt_text_get(&world->seen), "");
}

static void settle(struct source_world *world, const struct lt_position *position,
                   struct lt_text_buffer *deleted)
{
    struct lt_source_log log = {.name = ""};
    lt_text_init(&log.content);
    lt_text_init(&log.deleted);
    assert_int_equal(
        world->source->ops->settle(world->source, world->epoch, position, &log, &world->error), 1);
    if (log.name[0] != '\0')
        source_add_log(world, log.name, lt_text_get(&log.content));
    lt_text_append(deleted, lt_text_get(&log.deleted));
    lt_text_fini(&log.content);
    lt_text_fini(&log.deleted);
}

void source_end_epoch(struct source_world *world, const char *offsets, bool is_committed)
{
    struct lt_position position;
    struct lt_text_buffer json, deleted;
    lt_text_init(&json);
    lt_text_init(&deleted);
    world->reader->ops->position(world->reader, &position);
    settle(world, &position, &deleted);
    if (is_committed) {
        world->source->ops->positions_to_json(world->source, &position, &json);
        if (offsets != NULL)
            assert_string_equal(lt_text_get(&json), offsets);
        free(world->offsets);
        world->offsets = lt_strdup(lt_text_get(&json));
        world->source->ops->commit(world->source, world->epoch++, &position);
        delete_named(world, lt_text_get(&deleted));
    }
    lt_text_fini(&json);
    lt_text_fini(&deleted);
}

void source_extend(struct source_world *world, const struct lt_position *wanted)
{
    struct lt_position end;
    struct lt_text_buffer deleted;
    lt_text_init(&deleted);
    assert_int_equal(world->source->ops->latest(world->source, &end, &world->error), 0);
    if (wanted != NULL)
        end = *wanted;
    settle(world, &end, &deleted);
    delete_named(world, lt_text_get(&deleted));
    assert_int_equal(world->reader->ops->extend(world->reader, &end, &world->error), 0);
    lt_text_fini(&deleted);
}

static void begin(struct source_world *world)
{
    world->arena = lt_arena_create();
    world->type = &lt_files_text_source_type;
    snprintf(world->in, sizeof world->in, "%s/in", world->reactor.directory);
    assert_int_equal(mkdir(world->in, 0700), 0);
    world->env = collector_env(lt_clock_system(), &world->reactor.reactor->waker);
    world->env.reactor = world->reactor.reactor;
    collector_init(&world->collector);
    lt_text_init(&world->seen);
}

void source_begin(void **state, struct source_world *world)
{
    *world = (struct source_world){.epoch = 0};
    set_up(state, &world->reactor);
    begin(world);
}

void source_begin_fake(struct source_world *world, uint64_t seed)
{
    struct fixture *fixture = &world->reactor;
    *world = (struct source_world){.epoch = 0};
    fixture->reactor = fake_reactor_create(seed, NULL);
    scratch_create(fixture->directory);
    fixture->directory_fd = open(fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->directory_fd >= 0);
    begin(world);
}

void source_end(struct source_world *world)
{
    source_stop(world);
    while (world->log_count > 0)
        free(world->log[--world->log_count].text);
    free(world->offsets);
    lt_text_fini(&world->seen);
    lt_arena_destroy(world->arena);
    tear_down(&world->reactor);
}
