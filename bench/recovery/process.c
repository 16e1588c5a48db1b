#include "bench/recovery/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/verdict.h"

enum { LINE_BYTES = 256, PATH_BYTES = 512, KILOBYTE = 1024 };

/* --------------------------------------------------------------------------------------- limit */

static bool write_text(const char *directory, const char *name, const char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return is_written;
}

/* Where control groups of version 2 are mounted; false: nowhere. */
static bool find_groups(char *out, size_t size)
{
    char line[PATH_BYTES], type[32], place[256];
    FILE *mounts = fopen("/proc/self/mounts", "r");
    bool is_found = false;
    while (mounts != NULL && !is_found && fgets(line, sizeof line, mounts) != NULL)
        is_found = sscanf(line, "%*s %255s %31s", place, type) == 2 && strcmp(type, "cgroup2") == 0;
    if (mounts != NULL)
        fclose(mounts);
    if (is_found)
        snprintf(out, size, "%s", place);
    return is_found;
}

void recovery_limit_make(struct recovery_limit *limit, int64_t bytes)
{
    char groups[256], text[32];
    *limit = (struct recovery_limit){0};
    if (!find_groups(groups, sizeof groups))
        return;
    snprintf(limit->group, sizeof limit->group, "%.200s/leat-bench-%d", groups, (int)getpid());
    snprintf(text, sizeof text, "%" PRId64, bytes);
    if (mkdir(limit->group, 0755) == 0 && write_text(limit->group, "memory.max", text)) {
        (void)write_text(limit->group, "memory.swap.max", "0"); /* where there is swap */
        return;
    }
    recovery_limit_remove(limit);
    limit->group[0] = '\0';
}

void recovery_limit_remove(const struct recovery_limit *limit)
{
    if (limit->group[0] != '\0')
        (void)rmdir(limit->group);
}

/* on: the new process, before it is the query. */
static bool submit_to(const struct recovery_limit *limit)
{
    return limit == NULL || limit->group[0] == '\0' ||
           write_text(limit->group, "cgroup.procs", "0");
}

/* ------------------------------------------------------------------------------------- process */

/* Reads a line that begins with `word`; what follows it. */
static void expect(struct recovery_process *process, const char *word, char rest[LINE_BYTES])
{
    char line[LINE_BYTES];
    if (fgets(line, sizeof line, process->from) == NULL)
        bench_wrong("the query has ended where it was to say \"%s\"", word);
    if (strncmp(line, word, strlen(word)) != 0)
        bench_wrong("the query says \"%s\", not \"%s\"", line, word);
    snprintf(rest, LINE_BYTES, "%s", line + strlen(word));
}

static void become_query(const struct recovery_spec *spec, const struct recovery_limit *limit,
                         int in, int out)
{
    static char texts[RECOVERY_ARGUMENTS][RECOVERY_ARGUMENT_BYTES];
    char *arguments[RECOVERY_ARGUMENTS + 1] = {0};
    recovery_spec_write(spec, texts);
    for (int i = 0; i < RECOVERY_ARGUMENTS; i++)
        arguments[i] = texts[i];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a bench that is stopped leaves nobody behind */
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 && submit_to(limit))
        execv("/proc/self/exe", arguments);
    perror("recovery_bench");
    _exit(EXIT_FAILURE);
}

void recovery_process_start(struct recovery_process *process, const struct recovery_spec *spec,
                            const struct recovery_limit *limit)
{
    int to[2], from[2];
    char rest[LINE_BYTES];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        bench_wrong("no pipe: %s", strerror(errno));
    fflush(NULL); /* what is buffered is printed once */
    int64_t begun_ns = bench_now_ns();
    process->pid = fork();
    if (process->pid < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (process->pid == 0)
        become_query(spec, limit, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    process->to = to[1];
    process->from = fdopen(from[0], "r");
    if (process->from == NULL)
        bench_wrong("no stream: %s", strerror(errno));
    expect(process, "open", rest);
    process->opened_ns = bench_now_ns() - begun_ns;
}

int64_t recovery_process_await_ready(struct recovery_process *process)
{
    char rest[LINE_BYTES];
    expect(process, "ready ", rest);
    return strtoll(rest, NULL, 10);
}

void recovery_process_tell(struct recovery_process *process, int64_t end)
{
    if (dprintf(process->to, "go %" PRId64 "\n", end) < 0)
        bench_wrong("the query cannot be told anything: %s", strerror(errno));
}

void recovery_process_await_done(struct recovery_process *process, int64_t *epoch,
                                 int64_t *entries)
{
    char rest[LINE_BYTES];
    expect(process, "done ", rest);
    if (sscanf(rest, "%" SCNd64 " %" SCNd64, epoch, entries) != 2)
        bench_wrong("the query says \"done %s\"", rest);
}

/* Its status when it has ended. */
static int await_end(struct recovery_process *process)
{
    int status = 0;
    close(process->to);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR) {
        /* wait on */
    }
    fclose(process->from);
    return status;
}

void recovery_process_kill(struct recovery_process *process)
{
    (void)kill(process->pid, SIGKILL);
    int status = await_end(process);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        bench_wrong("the query has ended before it was killed");
}

void recovery_process_end(struct recovery_process *process)
{
    int status = await_end(process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_wrong("the query has not ended well: status %d", status);
}

/* ---------------------------------------------------------------------------------- the kernel */

/* The number behind `name` in a file of /proc/PID. */
static int64_t read_count(const struct recovery_process *process, const char *file,
                          const char *name)
{
    char path[64], line[LINE_BYTES];
    int64_t value = -1;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, file);
    FILE *stream = fopen(path, "r");
    while (stream != NULL && value < 0 && fgets(line, sizeof line, stream) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoll(line + strlen(name), NULL, 10);
    if (stream != NULL)
        fclose(stream);
    if (value < 0)
        bench_wrong("'%s' does not say %s", path, name);
    return value;
}

int64_t recovery_process_written_bytes(const struct recovery_process *process)
{
    return read_count(process, "io", "write_bytes:");
}

int64_t recovery_process_peak_bytes(const struct recovery_process *process)
{
    return read_count(process, "status", "VmHWM:") * KILOBYTE;
}
