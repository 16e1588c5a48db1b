#include "bench/state/rival.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/verdict.h"

enum { LINE_BYTES = 1024 };

struct rival {
    const char *name;
    pid_t pid;
    FILE *requests, *answers;
};

__attribute__((noreturn)) static void become(const char *command, const char *log, int input,
                                             int output)
{
    int log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || log_fd < 0 ||
        dup2(log_fd, STDERR_FILENO) < 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void spawn(struct rival *rival, const char *command, const char *log)
{
    int requests[2], answers[2];
    fflush(NULL);
    if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0 ||
        (rival->pid = fork()) < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (rival->pid == 0)
        become(command, log, requests[0], answers[1]);
    close(requests[0]);
    close(answers[1]);
    rival->requests = fdopen(requests[1], "w");
    rival->answers = fdopen(answers[0], "r");
    if (rival->requests == NULL || rival->answers == NULL)
        bench_wrong("no pipe: %s", strerror(errno));
}

struct rival *rival_start(const char *name, const char *command, const char *log)
{
    char line[LINE_BYTES];
    struct rival *rival = calloc(1, sizeof *rival);
    if (rival == NULL)
        bench_wrong("no memory");
    rival->name = name;
    spawn(rival, command, log);
    if (fgets(line, sizeof line, rival->answers) == NULL)
        snprintf(line, sizeof line, "missing\tit has ended; %s says why\n", log);
    bool is_there = strncmp(line, "ready\t", 6) == 0;
    const char *told = strchr(line, '\t');
    printf("%s: %s%s", name, is_there ? "" : "not measured: ", told != NULL ? told + 1 : line);
    if (is_there)
        return rival;
    rival_stop(rival);
    return NULL;
}

void rival_stop(struct rival *rival)
{
    if (rival == NULL)
        return;
    (void)fclose(rival->requests); /* the end of its input ends it */
    (void)fclose(rival->answers);
    while (waitpid(rival->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(rival);
}

const char *rival_name(const struct rival *rival)
{
    return rival->name;
}

static const char *or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

bool rival_run(struct rival *rival, const struct state_run *run, struct answer *answer, double *ns)
{
    char line[LINE_BYTES];
    int64_t cpu_ns;
    const struct state_query *query = run->query;
    fprintf(rival->requests, "run\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t%s\t%" PRIu32 "\t%s",
            query->id, run->store, run->bootstrap, run->checkpoint, run->rows, run->batch_rows,
            query->sql, query->column_count, query->mode);
    for (uint32_t i = 0; i < query->input_count; i++) {
        const struct state_input *input = &query->inputs[i];
        fprintf(rival->requests, "\t%s\t%s-%s\t%s\t%s\t%s\t%s\t%s", input->view, run->topics,
                input->view, input->schema, input->columns, or_dash(input->watermark),
                or_dash(input->delay), or_dash(input->distinct));
    }
    fputc('\n', rival->requests);
    if (fflush(rival->requests) != 0 || fgets(line, sizeof line, rival->answers) == NULL)
        bench_wrong("%s has ended; its log says why", rival->name);
    if (strncmp(line, "unknown\t", 8) == 0) {
        printf("%s: %s, %s, is left out: %s", query->name, rival->name, run->store, line + 8);
        return false;
    }
    if (sscanf(line, "answer\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64, &answer->count, &answer->sum,
               &cpu_ns) != 3)
        bench_wrong("%s answered %s", rival->name, line);
    *ns = (double)cpu_ns;
    return true;
}
