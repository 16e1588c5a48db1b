#include "bench/state/rival.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine_process.h"
#include "bench/verdict.h"

enum { LINE_BYTES = 1024 };

struct rival {
    const char *name;
    struct bench_engine_process engine;
};

struct rival *rival_start(const char *name, const char *command, const char *log)
{
    char line[LINE_BYTES];
    struct rival *rival = calloc(1, sizeof *rival);
    if (rival == NULL)
        bench_wrong("no memory");
    rival->name = name;
    bench_engine_start(&rival->engine, (const char *const[]){"sh", "-c", command, NULL}, log);
    if (fgets(line, sizeof line, rival->engine.answers) == NULL)
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
    bench_engine_stop(&rival->engine);
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
    fprintf(rival->engine.requests,
            "run\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t%s\t%" PRIu32 "\t%s",
            query->id, run->store, run->bootstrap, run->checkpoint, run->rows, run->batch_rows,
            query->sql, query->column_count, query->mode);
    for (uint32_t i = 0; i < query->input_count; i++) {
        const struct state_input *input = &query->inputs[i];
        fprintf(rival->engine.requests, "\t%s\t%s-%s\t%s\t%s\t%s\t%s\t%s", input->view, run->topics,
                input->view, input->schema, input->columns, or_dash(input->watermark),
                or_dash(input->delay), or_dash(input->distinct));
    }
    fputc('\n', rival->engine.requests);
    if (fflush(rival->engine.requests) != 0 ||
        fgets(line, sizeof line, rival->engine.answers) == NULL)
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
