#include "bench/sql/rival.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/verdict.h"

enum { LINE_BYTES = 4096, PATH_BYTES = 512, FIELDS = 4 };

struct rival {
    int which;
    pid_t pid;
    FILE *requests, *answers;
    char line[LINE_BYTES]; /* the last answer, cut at its tabs */
};

static const struct {
    const char *name, *script, *argument;
} kinds[RIVALS] = {
    [RIVAL_SPARK] = {"PySpark local[1], a batch", "run_spark.py"},
    [RIVAL_SPARK_STREAM] = {"PySpark local[1], a stream", "run_spark.py", "stream"},
    [RIVAL_DUCKDB] = {"DuckDB, one thread", "run_duckdb.py"},
    [RIVAL_JQ] = {"jq", "run_jq.py"},
};

const char *rival_name(int which)
{
    return kinds[which].name;
}

bool rival_sums(int which)
{
    return which != RIVAL_JQ;
}

bool rival_warms_up(int which)
{
    return which == RIVAL_SPARK || which == RIVAL_SPARK_STREAM;
}

bool rival_knows(int which, const struct query *query)
{
    return which != RIVAL_JQ || query->jq != NULL;
}

/* ---------------------------------------------------------------------------------- the process */

/* on: the child. Said where an answer is read. */
__attribute__((noreturn)) static void give_up(const char *what, const char *name)
{
    dprintf(STDOUT_FILENO, "missing\t%s \"%s\": %s\n", what, name, strerror(errno));
    _exit(127);
}

__attribute__((noreturn)) static void become(int which, const char *python, const char *directory,
                                             int input, int output)
{
    char script[PATH_BYTES], log_path[PATH_BYTES];
    snprintf(script, sizeof script, "bench/sql/rivals/%s", kinds[which].script);
    snprintf(log_path, sizeof log_path, "%s/rival-%d.log", directory, which);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(126);
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0)
        give_up("no log", log_path);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execlp(python, python, script, kinds[which].argument, (char *)NULL);
    give_up("no", python);
}

static void spawn(struct rival *rival, const char *python, const char *directory)
{
    int requests[2], answers[2];
    if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        bench_wrong("no pipe: %s", strerror(errno));
    rival->pid = fork();
    if (rival->pid < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (rival->pid == 0)
        become(rival->which, python, directory, requests[0], answers[1]);
    close(requests[0]);
    close(answers[1]);
    rival->requests = fdopen(requests[1], "w");
    rival->answers = fdopen(answers[0], "r");
    if (rival->requests == NULL || rival->answers == NULL)
        bench_wrong("no pipe: %s", strerror(errno));
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

/* Reads a line and cuts it; returns how many fields it has. */
static int read_answer(struct rival *rival, char *fields[FIELDS])
{
    if (fgets(rival->line, sizeof rival->line, rival->answers) == NULL)
        bench_wrong("%s has ended; its log says why", rival_name(rival->which));
    int count = 0;
    char *rest = rival->line;
    rest[strcspn(rest, "\n")] = '\0';
    while (rest != NULL && count < FIELDS)
        fields[count++] = strsep(&rest, "\t");
    return count;
}

static void expect(struct rival *rival, const char *word, int count, char *fields[FIELDS])
{
    if (read_answer(rival, fields) != count || strcmp(fields[0], word) != 0)
        bench_wrong("%s answered \"%s\" instead of \"%s\"", rival_name(rival->which), fields[0],
                    word);
}

struct rival *rival_start(int which, const char *python, const char *directory)
{
    struct rival *rival = calloc(1, sizeof *rival);
    if (rival == NULL)
        bench_wrong("no memory");
    rival->which = which;
    spawn(rival, python, directory);
    char *fields[FIELDS];
    int count = read_answer(rival, fields);
    bool is_there = count == 2 && strcmp(fields[0], "ready") == 0;
    printf("%s: %s%s\n", rival_name(which),
           is_there ? "" : "not measured: ", count == 2 ? fields[1] : fields[0]);
    if (is_there)
        return rival;
    rival_stop(rival);
    return NULL;
}

/* ------------------------------------------------------------------------------------- requests */

static void send_line(struct rival *rival)
{
    if (fputc('\n', rival->requests) == EOF || fflush(rival->requests) != 0)
        bench_wrong("%s does not listen any more; its log says why", rival_name(rival->which));
}

void rival_load(struct rival *rival, const struct bench_rows *rows, const char *path)
{
    char *fields[FIELDS];
    fprintf(rival->requests, "rows\t%s\t%s\t%u", row_kind_name(rows->kind), path, rows->count);
    send_line(rival);
    expect(rival, "loaded", 1, fields);
}

static const struct query_text *text_for(int which, const struct query *query)
{
    const struct query_text *own = which == RIVAL_DUCKDB ? &query->duckdb : &query->spark;
    return own->select != NULL ? own : &query->leat;
}

static void send_query(struct rival *rival, const struct query *query)
{
    FILE *out = rival->requests;
    const char *rows = row_kind_name(query->rows);
    fprintf(out, "run\t%s\t", query->columns);
    if (rival->which == RIVAL_JQ) {
        fprintf(out, "%s:%s", rows, query->jq);
        send_line(rival);
        return;
    }
    const struct query_text *text = text_for(rival->which, query);
    fprintf(out, "SELECT %s FROM ", text->select);
    if (text->prepare != NULL)
        fprintf(out, "(SELECT %s FROM %s) AS p", text->prepare, rows);
    else
        fputs(rows, out);
    if (text->where != NULL)
        fprintf(out, " WHERE %s", text->where);
    send_line(rival);
}

struct answer rival_run(struct rival *rival, const struct query *query, double *ns)
{
    char *fields[FIELDS];
    send_query(rival, query);
    expect(rival, "answer", FIELDS, fields);
    *ns = strtod(fields[3], NULL);
    return (struct answer){.count = strtoll(fields[1], NULL, 10),
                           .sum = strtoll(fields[2], NULL, 10)};
}
