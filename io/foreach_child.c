#include "io/foreach_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"

enum {
    DRAIN_MS = 20,        /* between two looks at a process that is to end */
    DRAIN_READS_MAX = 64, /* more than a full pipe takes; who writes faster is not waited for */
};

extern char **environ;

/* ---------------------------------------------------------------------------------------- lines */

static void take_line(struct lt_child_pipe *pipe, char *line)
{
    struct lt_child *child = pipe->child;
    if (pipe == &child->output) {
        child->on_line(child->context, line);
        return;
    }
    if (line[0] == '\0')
        return;
    snprintf(child->last_error, sizeof child->last_error, "%.500s", line);
    lt_log_warn("sink foreach: process %d: %s", (int)child->pid, line);
}

/* Gives the lines that are complete; what is longer than the memory for it counts as one. */
static void take_bytes(struct lt_child_pipe *pipe, size_t size_bytes, bool is_end)
{
    pipe->size_bytes += size_bytes;
    char *at = pipe->bytes, *end = pipe->bytes + pipe->size_bytes;
    for (char *stop = memchr(at, '\n', (size_t)(end - at)); stop != NULL;
         stop = memchr(at, '\n', (size_t)(end - at))) {
        *stop = '\0';
        take_line(pipe, at);
        at = stop + 1;
    }
    bool is_full = at == pipe->bytes && pipe->size_bytes == sizeof pipe->bytes - 1;
    if (at < end && (is_end || is_full)) {
        *end = '\0';
        take_line(pipe, at);
        at = end;
    }
    pipe->size_bytes = (size_t)(end - at);
    memmove(pipe->bytes, at, pipe->size_bytes);
}

static void read_on(struct lt_child_pipe *pipe)
{
    pipe->read.buffer = pipe->bytes + pipe->size_bytes;
    pipe->read.size_bytes = (uint32_t)(sizeof pipe->bytes - 1 - pipe->size_bytes);
    pipe->is_reading = true;
    lt_reactor_submit(pipe->child->reactor, &pipe->read);
}

static void read_done(struct lt_io *io)
{
    struct lt_child_pipe *pipe = io->context;
    pipe->is_reading = false;
    pipe->child->has_news = true;
    if (io->result == -ECANCELED)
        return;
    if (io->result != -EINTR && io->result != -EAGAIN) {
        pipe->has_ended = io->result <= 0;
        take_bytes(pipe, io->result > 0 ? (size_t)io->result : 0, pipe->has_ended);
    }
    if (!pipe->has_ended && !pipe->child->is_stopping)
        read_on(pipe);
}

/* ---------------------------------------------------------------------------------------- start */

static void pipe_init(struct lt_child *child, struct lt_child_pipe *pipe, int fd)
{
    *pipe = (struct lt_child_pipe){.child = child, .fd = fd};
    pipe->read = (struct lt_io){
        .kind = LT_IO_READ, .fd = fd, .offset = -1, .done = read_done, .context = pipe};
}

static void close_all(int (*pipes)[2])
{
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++)
            if (pipes[i][k] >= 0)
                close(pipes[i][k]);
    }
}

static char **join_environment(const char *const *more)
{
    size_t count = 0, own = 0;
    while (more[count] != NULL)
        count++;
    while (environ[own] != NULL)
        own++;
    char **all = lt_alloc_array(count + own + 1, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = (char *)(uintptr_t)more[i];
    for (size_t i = 0; i < own; i++)
        all[count + i] = environ[i];
    return all;
}

/* What is to be started, for the helper thread. */
struct start {
    struct lt_child *child;
    const char *command;
    char **environment;
    int pipes[3][2]; /* its standard input, output and error */
};

/* On the reactor's helper thread: the process may run where that one may, and not only on the CPU
 * that the lane may be pinned to. */
static int64_t spawn(void *context)
{
    struct start *start = context;
    int (*pipes)[2] = start->pipes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    char *const arguments[] = {"sh", "-c", (char *)(uintptr_t)start->command, NULL};
    sigemptyset(&none);
    sigemptyset(&usual);
    const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&usual, signals[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    int number = posix_spawn(&start->child->pid, "/bin/sh", &actions, &attributes, arguments,
                             start->environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -number;
}

static void spawn_done(struct lt_io *io)
{
    (void)io; /* it is waited for */
}

/* 0 or an errno. Waits: a query that starts may. */
static int spawn_and_wait(struct start *start)
{
    struct lt_reactor *reactor = start->child->reactor;
    struct lt_io call = {
        .kind = LT_IO_CALL, .call = spawn, .call_context = start, .done = spawn_done};
    lt_reactor_submit(reactor, &call);
    while (call.is_pending) {
        lt_waker_prepare_to_park(&reactor->waker);
        if (lt_reactor_poll(reactor) == 0)
            lt_reactor_park(reactor, LT_NEVER_NS);
        lt_waker_unpark(&reactor->waker);
    }
    return (int)-call.result;
}

int lt_child_start(struct lt_child *child, const char *command, const char *const *environment,
                   struct lt_error *error)
{
    struct start start = {.child = child,
                          .command = command,
                          .pipes = {{-1, -1}, {-1, -1}, {-1, -1}}};
    int (*pipes)[2] = start.pipes;
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) == 0)
            continue;
        int number = errno;
        close_all(pipes);
        return lt_error_set_errno(error, number, "cannot make pipes for '%s'", command);
    }
    start.environment = join_environment(environment);
    int number = spawn_and_wait(&start);
    free(start.environment);
    if (number != 0) {
        close_all(pipes);
        return lt_error_set_errno(error, number, "cannot start /bin/sh for '%s'", command);
    }
    child->input_fd = pipes[0][1];
    pipe_init(child, &child->output, pipes[1][0]);
    pipe_init(child, &child->errors, pipes[2][0]);
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    read_on(&child->output);
    read_on(&child->errors);
    return 0;
}

/* -------------------------------------------------------------------------------------- the end */

bool lt_child_poll(struct lt_child *child)
{
    bool had_news = child->has_news;
    child->has_news = false;
    return had_news;
}

static bool reap(struct lt_child *child, int flags)
{
    if (child->has_ended)
        return true;
    pid_t result = waitpid(child->pid, &child->status, flags);
    /* Who has set SIGCHLD to be ignored has no status to tell. */
    child->has_ended = result == child->pid || (result < 0 && errno == ECHILD);
    return child->has_ended;
}

bool lt_child_has_ended(struct lt_child *child)
{
    if (!child->output.has_ended && !child->errors.has_ended)
        return false;
    return reap(child, WNOHANG) && child->errors.has_ended;
}

void lt_child_describe(const struct lt_child *child, char *out, size_t out_size)
{
    if (WIFSIGNALED(child->status))
        snprintf(out, out_size, "was killed by signal %d (%s)", WTERMSIG(child->status),
                 strsignal(WTERMSIG(child->status)));
    else
        snprintf(out, out_size, "ended with status %d", WEXITSTATUS(child->status));
}

/* What it still says is read, so that a full pipe does not keep it from ending; of a process that
 * never stops saying it, a part. */
static void drain(struct lt_child_pipe *pipe)
{
    struct pollfd one = {.fd = pipe->fd, .events = POLLIN};
    for (int i = 0; i < DRAIN_READS_MAX && !pipe->has_ended && poll(&one, 1, 0) > 0; i++) {
        size_t room = sizeof pipe->bytes - 1 - pipe->size_bytes;
        ssize_t size = read(pipe->fd, pipe->bytes + pipe->size_bytes, room);
        pipe->has_ended = size == 0 || (size < 0 && errno != EINTR);
        take_bytes(pipe, size > 0 ? (size_t)size : 0, pipe->has_ended);
    }
}

/* True when it has ended within that time. */
static bool wait_for_end(struct lt_child *child, int64_t patience_ns)
{
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + patience_ns;
    while (!reap(child, WNOHANG)) {
        if (lt_clock_now_ns(lt_clock_system()) >= end_ns)
            return false;
        struct pollfd both[2] = {{.fd = child->output.fd, .events = POLLIN},
                                 {.fd = child->errors.fd, .events = POLLIN}};
        if (child->output.has_ended)
            both[0].fd = -1;
        if (child->errors.has_ended)
            both[1].fd = -1;
        (void)poll(both, 2, DRAIN_MS);
        drain(&child->output);
        drain(&child->errors);
    }
    drain(&child->errors);
    return true;
}

void lt_child_stop(struct lt_child *child, int64_t grace_ns)
{
    child->is_stopping = true; /* a read that has ended before it is cancelled is the last one */
    lt_reactor_cancel_and_wait(child->reactor, &child->output.read);
    lt_reactor_cancel_and_wait(child->reactor, &child->errors.read);
    if (child->input_fd >= 0)
        close(child->input_fd);
    child->input_fd = -1;
    if (!wait_for_end(child, grace_ns)) {
        lt_log_warn("sink foreach: process %d does not end: terminated", (int)child->pid);
        (void)kill(-child->pid, SIGTERM);
        if (!wait_for_end(child, LT_NS_PER_S)) {
            (void)kill(-child->pid, SIGKILL);
            (void)reap(child, 0);
        }
    }
    close(child->output.fd);
    close(child->errors.fd);
}
