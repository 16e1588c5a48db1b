#include "bench/sql/rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine_process.h"
#include "bench/verdict.h"

enum { LINE_BYTES = 4096, PATH_BYTES = 512, FIELDS = 4 };

struct rival {
    int which;
    struct bench_engine_process engine;
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

static void spawn(struct rival *rival, const char *python, const char *directory)
{
    char script[PATH_BYTES], log_path[PATH_BYTES];
    snprintf(script, sizeof script, "bench/sql/rivals/%s", kinds[rival->which].script);
    snprintf(log_path, sizeof log_path, "%s/rival-%d.log", directory, rival->which);
    bench_engine_start(&rival->engine,
                       (const char *const[]){python, script, kinds[rival->which].argument, NULL},
                       log_path);
}

void rival_stop(struct rival *rival)
{
    if (rival == NULL)
        return;
    bench_engine_stop(&rival->engine);
    free(rival);
}

/* Reads a line and cuts it; returns how many fields it has. */
static int read_answer(struct rival *rival, char *fields[FIELDS])
{
    if (fgets(rival->line, sizeof rival->line, rival->engine.answers) == NULL)
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
    if (fputc('\n', rival->engine.requests) == EOF || fflush(rival->engine.requests) != 0)
        bench_wrong("%s does not listen any more; its log says why", rival_name(rival->which));
}

void rival_load(struct rival *rival, const struct bench_rows *rows, const char *path)
{
    char *fields[FIELDS];
    fprintf(rival->engine.requests, "rows\t%s\t%s\t%u", row_kind_name(rows->kind), path,
            rows->count);
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
    FILE *out = rival->engine.requests;
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
