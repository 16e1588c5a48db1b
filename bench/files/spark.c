#include "bench/files/spark.h"

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

enum { LINE_BYTES = 512, PATH_BYTES = 512 };

struct spark {
    pid_t pid;
    FILE *requests, *answers;
};

__attribute__((noreturn)) static void become(const char *python, const char *directory, int input,
                                             int output)
{
    char log_path[PATH_BYTES];
    snprintf(log_path, sizeof log_path, "%s/spark.log", directory);
    int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || log < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execlp(python, python, "bench/files/rivals/run_spark.py", (char *)NULL);
    dprintf(STDOUT_FILENO, "missing\tno \"%s\": %s\n", python, strerror(errno));
    _exit(127);
}

struct spark *spark_start(const char *python, const char *directory)
{
    char line[LINE_BYTES];
    int requests[2], answers[2];
    struct spark *spark = calloc(1, sizeof *spark);
    fflush(NULL);
    if (spark == NULL || pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0 ||
        (spark->pid = fork()) < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (spark->pid == 0)
        become(python, directory, requests[0], answers[1]);
    close(requests[0]);
    close(answers[1]);
    spark->requests = fdopen(requests[1], "w");
    spark->answers = fdopen(answers[0], "r");
    if (spark->requests == NULL || spark->answers == NULL)
        bench_wrong("no pipe: %s", strerror(errno));
    if (fgets(line, sizeof line, spark->answers) == NULL)
        snprintf(line, sizeof line, "missing\tit has ended; its log says why\n");
    printf("PySpark local[1]: %s", strchr(line, '\t') != NULL ? strchr(line, '\t') + 1 : line);
    if (strncmp(line, "ready\t", 6) == 0)
        return spark;
    spark_stop(spark);
    return NULL;
}

double spark_run(struct spark *spark, const char *kind, const char *in, const char *out,
                 uint64_t *rows)
{
    char line[LINE_BYTES];
    int64_t cpu_ns;
    fprintf(spark->requests, "%s\t%s\t%s\n", kind, in, out);
    if (fflush(spark->requests) != 0 || fgets(line, sizeof line, spark->answers) == NULL ||
        sscanf(line, "answer\t%" SCNd64 "\t%" SCNu64, &cpu_ns, rows) != 2)
        bench_wrong("Spark has not answered; its log says why");
    return (double)cpu_ns / 1e9;
}

void spark_stop(struct spark *spark)
{
    if (spark == NULL)
        return;
    (void)fclose(spark->requests); /* the end of its input ends it */
    (void)fclose(spark->answers);
    while (waitpid(spark->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(spark);
}
