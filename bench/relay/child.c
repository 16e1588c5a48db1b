#include "bench/relay/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/relay/machine.h"

enum { LINE_BYTES = 256, STEP_NS = 200000 };

/* on: the pump. Lines that begin with "ready", in any case; Java's come with nothing before them
 * either. */
static void look_for_ready(struct lt_bench_child *child, char *line, size_t *used,
                           const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != '\n') {
            if (*used < LINE_BYTES)
                line[(*used)++] = bytes[i];
            continue;
        }
        if (*used >= 5 && strncasecmp(line, "ready", 5) == 0 && atomic_load(&child->ready_ns) == 0)
            atomic_store(&child->ready_ns, lt_bench_now_ns());
        *used = 0;
    }
}

static void *pump_output(void *argument)
{
    struct lt_bench_child *child = argument;
    char bytes[4096], line[LINE_BYTES];
    size_t used = 0;
    for (;;) {
        ssize_t count = read(child->output_fd, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        look_for_ready(child, line, &used, bytes, (size_t)count);
        if (write(child->log_fd, bytes, (size_t)count) != count)
            lt_bench_die("cannot write a log: %s", strerror(errno));
    }
    atomic_store(&child->ended, true);
    return NULL;
}

__attribute__((noreturn)) static void become(const char *command, int cpu, int output_fd)
{
    char line[4096];
    snprintf(line, sizeof line, "exec %s", command);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0)
        _exit(126);
    if (!lt_bench_pin(0, cpu)) {
        fprintf(stderr, "relay_bench: cannot pin to CPU %d\n", cpu);
        _exit(126);
    }
    prctl(PR_SET_TIMERSLACK, 50000); /* the default, not what this process has */
    execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}

bool lt_bench_child_start(struct lt_bench_child *child, const char *command, int cpu,
                          const char *log_path, int64_t timeout_ns)
{
    int ends[2];
    memset(child, 0, sizeof *child);
    child->log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (child->log_fd < 0)
        lt_bench_die("cannot open log \"%s\": %s", log_path, strerror(errno));
    if (pipe2(ends, O_CLOEXEC) != 0)
        lt_bench_die("cannot create a pipe: %s", strerror(errno));
    child->spawned_ns = lt_bench_now_ns();
    child->pid = fork();
    if (child->pid < 0)
        lt_bench_die("cannot fork: %s", strerror(errno));
    if (child->pid == 0)
        become(command, cpu, ends[1]);
    close(ends[1]);
    child->output_fd = ends[0];
    if (pthread_create(&child->pump, NULL, pump_output, child) != 0)
        lt_bench_die("cannot start a thread");
    int64_t deadline_ns = child->spawned_ns + timeout_ns;
    while (atomic_load(&child->ready_ns) == 0) {
        if (atomic_load(&child->ended) || lt_bench_now_ns() > deadline_ns) {
            lt_bench_child_stop(child, 1000000000);
            return false;
        }
        lt_bench_sleep_until(lt_bench_now_ns() + STEP_NS);
    }
    return true;
}

int64_t lt_bench_child_startup_ns(const struct lt_bench_child *child)
{
    return atomic_load(&child->ready_ns) - child->spawned_ns;
}

int64_t lt_bench_child_cpu_ns(const struct lt_bench_child *child)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(child->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

int64_t lt_bench_child_resident_kib(const struct lt_bench_child *child)
{
    char path[64], line[256];
    int64_t resident_kib = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child->pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "Rss:", 4) == 0)
            resident_kib = strtoll(line + 4, NULL, 10);
    fclose(file);
    return resident_kib;
}

bool lt_bench_child_stop(struct lt_bench_child *child, int64_t timeout_ns)
{
    int status = 0;
    bool killed = false;
    kill(child->pid, SIGTERM);
    int64_t deadline_ns = lt_bench_now_ns() + timeout_ns;
    for (;;) {
        pid_t ended = waitpid(child->pid, &status, WNOHANG);
        if (ended == child->pid)
            break;
        if (ended < 0)
            lt_bench_die("cannot wait for process %d: %s", (int)child->pid, strerror(errno));
        if (!killed && lt_bench_now_ns() > deadline_ns) {
            kill(child->pid, SIGKILL);
            killed = true;
        }
        lt_bench_sleep_until(lt_bench_now_ns() + STEP_NS);
    }
    if (pthread_join(child->pump, NULL) != 0)
        lt_bench_die("cannot join a thread");
    close(child->output_fd);
    close(child->log_fd);
    /* A program that leaves SIGTERM to its default, or a JVM (143), has ended as it was asked to.
     */
    bool asked = (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) ||
                 (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 143));
    return !killed && asked;
}
