/*
 * A source that receives, its reader on a real reactor, and peers of it, for tests: all on one
 * thread, which runs the reader until something is so.
 */
#ifndef LT_TESTS_STREAM_WORLD_H
#define LT_TESTS_STREAM_WORLD_H

#include "io/reactor.h"
#include "tests/support/collector.h"
#include "tests/support/scratch.h"

enum { STREAM_WORLD_TEXT = 160 };

struct stream_world {
    char folder[SCRATCH_PATH_SIZE];
    struct lt_arena *arena;
    const struct lt_clock *clock; /* the system's, unless a test puts another */
    struct lt_reactor *reactor;
    struct lt_source *source;
    struct lt_reader *reader;
    struct lt_position start;
    struct lt_connector_env env;
    struct lt_error error;
    struct lt_out out;
    /* values of the first column, in order of arrival */
    char **texts;
    uint32_t text_count, text_capacity;
    struct lt_row **rows; /* held, when `holds_rows` */
    uint32_t row_count;
    bool holds_rows;
    uint32_t failed_count, batch_ends;
    enum lt_poll_status status; /* of the last poll */
};

/* One for each rung that this machine has, as the state of a test. */
extern const char *const stream_world_rungs[];
bool stream_world_has_rung(const char *rung);

/* A part of a suite: on a world of its own, or on the rung that is named. */
struct stream_case {
    const char *name;
    void (*run)(struct stream_world *world);
    void (*run_on)(const char *rung);
};
#define STREAM_CASE(function)                                                                      \
    {                                                                                              \
        .name = #function, .run = function                                                         \
    }
#define RUNG_CASE(function)                                                                        \
    {                                                                                              \
        .name = #function, .run_on = function                                                      \
    }
/* A test for each rung of this machine, with all of the cases; the exit status. */
int stream_world_run(const struct stream_case *cases, size_t count);

/* The last line of the log, from the first call of stream_world_keep_log on. */
extern char stream_world_log[1024];
void stream_world_keep_log(void);
/* A place of the log says the same once a second, and rungs come one after the other. */
void stream_world_a_second_passes(void);

struct stream_world *stream_world_create(const char *rung);
/* On a reactor of the test's, which the world destroys. */
struct stream_world *stream_world_create_on(struct lt_reactor *reactor,
                                            const struct lt_clock *clock);
/* Closes what is open. */
void stream_world_destroy(struct stream_world *world);

/* 0; or the error's code, with its text in world->error. "PORT" in an option is a free port. */
int stream_world_bind(struct stream_world *world, const struct lt_source_type *type,
                      const char *const *options);
int stream_world_open(struct stream_world *world);
/* Both, and fails the test if they do. */
void stream_world_start(struct stream_world *world, const struct lt_source_type *type,
                        const char *const *options);
void stream_world_close_reader(struct stream_world *world);
void stream_world_close_source(struct stream_world *world);

/* Polls once, and the reactor. */
void stream_world_step(struct stream_world *world);
/* Until so many texts are there; fails the test after a while. */
void stream_world_read(struct stream_world *world, uint32_t count);
/* Steps for a while: nothing is expected. */
void stream_world_rest(struct stream_world *world);
void stream_world_forget(struct stream_world *world);
/* Goes on, for at most a minute: until the log's last line has this text, until somebody has
 * connected (returns the connection), until the other side has closed, with nothing left to read.
 */
void stream_world_await_log(struct stream_world *world, const char *text);
int stream_world_accept(struct stream_world *world, int listener);
void stream_world_await_close(struct stream_world *world, int fd);
bool stream_world_has(const struct stream_world *world, const char *text);
void stream_world_release_rows(struct stream_world *world);

/* A free port, below those that the kernel gives to outgoing connections: one of them could have
 * it before the test does. And connections to it. Descriptors are blocking, and receiving gives up
 * after a minute. */
uint16_t stream_world_port(int type);
int stream_world_connect(uint16_t port);
int stream_world_datagrams_to(uint16_t port);
int stream_world_listen(uint16_t *port);
void stream_world_send(int fd, const char *text);
/* The end of a connection is gone without a word to the other. False: this process may not do that,
 * and it is still there; said on stdout. */
bool stream_world_vanish(int fd);
/* Receives a line while the world steps. */
void stream_world_receive_line(struct stream_world *world, int fd, char *out, size_t size_bytes);

#endif
