#include "bench/files/spark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine_process.h"
#include "bench/verdict.h"

enum { LINE_BYTES = 512, PATH_BYTES = 512 };

struct spark {
    struct bench_engine_process engine;
};

struct spark *spark_start(const char *python, const char *directory)
{
    char line[LINE_BYTES], log_path[PATH_BYTES];
    struct spark *spark = calloc(1, sizeof *spark);
    if (spark == NULL)
        bench_wrong("no memory");
    snprintf(log_path, sizeof log_path, "%s/spark.log", directory);
    bench_engine_start(&spark->engine,
                       (const char *const[]){python, "bench/files/rivals/run_spark.py", NULL},
                       log_path);
    if (fgets(line, sizeof line, spark->engine.answers) == NULL)
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
    fprintf(spark->engine.requests, "%s\t%s\t%s\n", kind, in, out);
    if (fflush(spark->engine.requests) != 0 ||
        fgets(line, sizeof line, spark->engine.answers) == NULL ||
        sscanf(line, "answer\t%" SCNd64 "\t%" SCNu64, &cpu_ns, rows) != 2)
        bench_wrong("Spark has not answered; its log says why");
    return (double)cpu_ns / 1e9;
}

void spark_stop(struct spark *spark)
{
    if (spark == NULL)
        return;
    bench_engine_stop(&spark->engine);
    free(spark);
}
