#include "tests/support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/scratch.h"

static void find_program(const char *name, char out[4096])
{
    char self[4096];
    ssize_t size_bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(size_bytes > 0);
    self[size_bytes] = '\0';
    char *tests = strstr(self, "/tests/");
    for (char *next = tests; next != NULL; next = strstr(next + 1, "/tests/"))
        tests = next;
    assert_non_null(tests);
    *tests = '\0';
    assert_true((size_t)snprintf(out, 4096, "%s/%s", self, name) < 4096);
}

/* A file without a name that holds the input, so that no writer is needed beside the program. */
static int open_input(const char *input)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    if (input != NULL)
        assert_true(fputs(input, file) >= 0);
    assert_int_equal(fflush(file), 0);
    int fd = dup(fileno(file));
    assert_true(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0);
    fclose(file);
    return fd;
}

static void become(const char *path, const char *const *arguments, const char *const *environment,
                   const int fds[3])
{
    static char path_variable[] = "PATH=/usr/bin:/bin";
    char *own_arguments[PROGRAM_ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)path};
    char *own_environment[PROGRAM_ARGUMENTS_MAX + 2] = {path_variable};
    for (int i = 0; arguments != NULL && arguments[i] != NULL && i < PROGRAM_ARGUMENTS_MAX; i++)
        own_arguments[i + 1] = (char *)(uintptr_t)arguments[i];
    for (int i = 0; environment != NULL && environment[i] != NULL && i < PROGRAM_ARGUMENTS_MAX; i++)
        own_environment[i + 1] = (char *)(uintptr_t)environment[i];
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) != i)
            _exit(126);
    execve(path, own_arguments, own_environment);
    _exit(127);
}

void program_start(struct program *program, const char *name, const char *const *arguments,
                   const char *const *environment, const char *input)
{
    char path[4096];
    int out[2], err[2];
    find_program(name, path);
    int in = open_input(input);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    memset(program, 0, sizeof *program);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0)
        become(path, arguments, environment, (const int[3]){in, out[1], err[1]});
    close(in);
    close(out[1]);
    close(err[1]);
    program->out_fd = out[0];
    program->err_fd = err[0];
}

void program_start_on_terminal(struct program *program, const char *name,
                               const char *const *arguments)
{
    char path[4096];
    int ours, its;
    find_program(name, path);
    int in = open_input(NULL);
    assert_int_equal(openpty(&ours, &its, NULL, NULL, NULL), 0);
    assert_int_equal(fcntl(ours, F_SETFD, FD_CLOEXEC), 0);
    assert_int_equal(fcntl(its, F_SETFD, FD_CLOEXEC), 0);
    memset(program, 0, sizeof *program);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0)
        become(path, arguments, NULL, (const int[3]){in, its, its});
    close(in);
    close(its);
    program->out_fd = -1;
    program->err_fd = ours;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what is there; closes at the end. What does not fit is dropped. */
static void take(int *fd, char *text)
{
    char rest[4096];
    size_t used = strlen(text), room = PROGRAM_OUTPUT_SIZE - 1 - used;
    ssize_t size_bytes = room > 0 ? read(*fd, text + used, room) : read(*fd, rest, sizeof rest);
    if (size_bytes > 0) {
        if (room > 0)
            text[used + (size_t)size_bytes] = '\0';
        return;
    }
    close(*fd);
    *fd = -1;
}

/* One look at both outputs. False when both have ended or the time is over. */
static int look(struct program *program, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - now_ms();
    struct pollfd fds[2] = {{program->out_fd, POLLIN, 0}, {program->err_fd, POLLIN, 0}};
    if (left_ms <= 0 || (program->out_fd < 0 && program->err_fd < 0))
        return 0;
    int ready = poll(fds, 2, (int)left_ms);
    assert_true(ready >= 0 || errno == EINTR);
    if (ready > 0 && fds[0].revents != 0)
        take(&program->out_fd, program->out);
    if (ready > 0 && fds[1].revents != 0)
        take(&program->err_fd, program->err);
    return 1;
}

void program_wait(struct program *program, int seconds)
{
    int64_t deadline_ms = now_ms() + seconds * 1000;
    int status = 0;
    while (look(program, deadline_ms))
        ;
    int is_late = program->out_fd >= 0 || program->err_fd >= 0;
    if (is_late)
        kill(program->pid, SIGKILL);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    if (is_late)
        fail_msg("still running after %d s; stderr so far:\n%s", seconds, program->err);
}

void program_wait_for_error(struct program *program, const char *text, int seconds)
{
    int64_t deadline_ms = now_ms() + seconds * 1000;
    while (strstr(program->err, text) == NULL)
        if (!look(program, deadline_ms))
            fail_msg("no \"%s\" on stderr:\n%s", text, program->err);
}

void program_wait_until(struct program *program, bool is_enough(const struct program *),
                        const char *what, int seconds)
{
    int64_t deadline_ms = now_ms() + seconds * 1000;
    while (!is_enough(program))
        if (!look(program, deadline_ms))
            fail_msg("no %s on stdout:\n%s\nor stderr:\n%s", what, program->out, program->err);
}

/* The signals that a process has handlers for, as bits from 1 on. */
static unsigned long long handled(pid_t pid)
{
    static const char field[] = "SigCgt:";
    char path[64], line[256];
    unsigned long long mask = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, sizeof field - 1) == 0)
            mask = strtoull(line + sizeof field - 1, NULL, 16);
    fclose(file);
    return mask;
}

void program_wait_for_handler(const struct program *program, int signal)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t deadline_ms = now_ms() + 60 * 1000;
    while ((handled(program->pid) >> (signal - 1) & 1) == 0) {
        assert_true(now_ms() < deadline_ms);
        nanosleep(&pause, NULL);
    }
}

void program_run(struct program *program, const char *name, const char *const *arguments,
                 const char *const *environment, const char *input)
{
    program_start(program, name, arguments, environment, input);
    program_wait(program, 60);
}

void program_expect_usage(struct program *program, const char *name, const char *const *arguments,
                          const char *text)
{
    program_run(program, name, arguments, NULL, NULL);
    assert_string_equal(program->err, text);
    assert_string_equal(program->out, "");
    assert_int_equal(program->status, 2);
}

/* FILE is shorter than any path of a temporary file, so the text shrinks in place. */
static void call_it_file(char *text, const char *path)
{
    static const char name[] = "FILE";
    const size_t name_size = sizeof name - 1, path_size = strlen(path);
    for (char *at = strstr(text, path); at != NULL; at = strstr(at + name_size, path)) {
        memcpy(at, name, name_size);
        memmove(at + name_size, at + path_size, strlen(at + path_size) + 1);
    }
}

void program_run_config(struct program *program, const char *name, const char *text,
                        const char *const *arguments, const char *const *environment)
{
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + sizeof "/config"];
    const char *all[PROGRAM_ARGUMENTS_MAX + 1] = {NULL};
    int count = 0;
    for (; arguments[count] != NULL; count++) {
        assert_true(count + 3 < PROGRAM_ARGUMENTS_MAX);
        all[count] = arguments[count];
    }
    all[count] = "--config";
    all[count + 1] = path;
    scratch_create(folder);
    (void)snprintf(path, sizeof path, "%s/config", folder);
    scratch_write(text, "%s", path);
    program_run(program, name, all, environment, NULL);
    scratch_remove(folder);
    call_it_file(program->out, path);
    call_it_file(program->err, path);
}

void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}
