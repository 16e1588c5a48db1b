#include "bench/engine_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/verdict.h"

/* on: the child. Said where an answer is read. */
__attribute__((noreturn)) static void give_up(const char *what, const char *name)
{
    dprintf(STDOUT_FILENO, "missing\t%s \"%s\": %s\n", what, name, strerror(errno));
    _exit(127);
}

__attribute__((noreturn)) static void become(const char *const *arguments, const char *log_path,
                                             int input, int output)
{
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(126);
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        give_up("no log", log_path);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* A group of its own: an engine may be a process that starts another. */
    (void)setpgid(0, 0);
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    give_up("no", arguments[0]);
}

void bench_engine_start(struct bench_engine_process *engine, const char *const *arguments,
                        const char *log_path)
{
    int requests[2], answers[2];
    fflush(NULL);
    if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        bench_wrong("no pipe: %s", strerror(errno));
    engine->pid = fork();
    if (engine->pid < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (engine->pid == 0)
        become(arguments, log_path, requests[0], answers[1]);
    close(requests[0]);
    close(answers[1]);
    engine->requests = fdopen(requests[1], "w");
    engine->answers = fdopen(answers[0], "r");
    if (engine->requests == NULL || engine->answers == NULL)
        bench_wrong("no pipe: %s", strerror(errno));
}

bool bench_engine_await(struct bench_engine_process *engine, int limit_s, char *line,
                        size_t line_bytes)
{
    /* One line for each request: nothing of an earlier one waits in the stream's own buffer. */
    struct pollfd answer = {.fd = fileno(engine->answers), .events = POLLIN};
    return poll(&answer, 1, limit_s * 1000) == 1 &&
           fgets(line, (int)line_bytes, engine->answers) != NULL;
}

void bench_engine_stop(struct bench_engine_process *engine)
{
    (void)fclose(engine->requests);
    (void)fclose(engine->answers);
    while (waitpid(engine->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void bench_engine_kill(struct bench_engine_process *engine)
{
    (void)kill(-engine->pid, SIGKILL);
    bench_engine_stop(engine);
}
