#include "tests/support/tail_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/tail.h"

char *tail_path(const struct stream_world *world, const char *name)
{
    static char paths[4][SCRATCH_PATH_SIZE + 64];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", world->folder, name);
    return path;
}

void tail_add(const struct stream_world *world, const char *name, const char *text)
{
    int fd = open(tail_path(world, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

void tail_move(const struct stream_world *world, const char *from, const char *to)
{
    assert_int_equal(rename(tail_path(world, from), tail_path(world, to)), 0);
}

void tail_options(const struct stream_world *world, const char *name, const char *one,
                  const char *two, const char *out[5])
{
    static char path[SCRATCH_PATH_SIZE + 80];
    snprintf(path, sizeof path, "path=%s/%s", world->folder, name);
    out[0] = path;
    out[1] = "pollInterval=50ms";
    out[2] = one;
    out[3] = one != NULL ? two : NULL;
    out[4] = NULL;
}

void tail_start(struct stream_world *world, const char *name, const char *one,
                const char *two)
{
    const char *options[5];
    tail_options(world, name, one, two, options);
    stream_world_start(world, &lt_tail_source_type, options);
}

void tail_expect(struct stream_world *world, uint32_t count, const char *const *texts)
{
    stream_world_read(world, count);
    assert_int_equal(world->text_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(world->texts[i], texts[i]);
    stream_world_forget(world);
}

char *tail_note(struct stream_world *world)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    world->reader->ops->position(world->reader, &world->start);
    world->source->ops->positions_to_json(world->source, &world->start, &json);
    return lt_text_take(&json);
}

char *tail_note_for_good(struct stream_world *world)
{
    char *json = tail_note(world);
    world->source->ops->commit(world->source, 1, &world->start);
    return json;
}

int tail_begin_again(struct stream_world *world, char *json, const char *name, const char *one)
{
    const char *options[5];
    stream_world_close_source(world);
    tail_options(world, name, one, NULL, options);
    assert_int_equal(stream_world_bind(world, &lt_tail_source_type, options), 0);
    int code = world->source->ops->positions_from_json(world->source, json, &world->start,
                                                       &world->error);
    free(json);
    return code == 0 ? stream_world_open(world) : code;
}

struct lt_position tail_position_of(struct stream_world *world, char *json)
{
    struct lt_position position;
    assert_int_equal(world->source->ops->positions_from_json(world->source, json, &position, NULL),
                     0);
    free(json);
    return position;
}

const char *tail_failure(struct stream_world *world)
{
    for (int i = 0; i < 600000 && world->status != LT_POLL_FAILED; i++) {
        stream_world_step(world);
        usleep(100);
    }
    assert_int_equal(world->status, LT_POLL_FAILED);
    return world->reader->error.text;
}
