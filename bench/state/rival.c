#include "bench/state/rival.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine_process.h"
#include "bench/machine.h"
#include "bench/verdict.h"

enum { LINE_BYTES = 1024, PATH_BYTES = 512, START_LIMIT_S = 120 };

struct rival {
    const char *name, *command, *log;
    uint32_t starts;
    bool is_there;
    struct bench_engine_process engine;
};

static void start(struct rival *rival)
{
    char line[LINE_BYTES], log[PATH_BYTES];
    if (rival->starts++ == 0)
        snprintf(log, sizeof log, "%s", rival->log);
    else
        snprintf(log, sizeof log, "%s.%u", rival->log, rival->starts);
    bench_engine_start(&rival->engine, (const char *const[]){"sh", "-c", rival->command, NULL},
                       log);
    if (!bench_engine_await(&rival->engine, START_LIMIT_S, line, sizeof line))
        snprintf(line, sizeof line, "missing\tit has ended or does not start; %s says why\n", log);
    rival->is_there = strncmp(line, "ready\t", 6) == 0;
    if (!rival->is_there)
        bench_engine_kill(&rival->engine);
    const char *told = strchr(line, '\t');
    if (rival->starts == 1 || !rival->is_there)
        printf("%s: %s%s", rival->name, rival->is_there ? "" : "not measured: ",
               told != NULL ? told + 1 : line);
}

struct rival *rival_start(const char *name, const char *command, const char *log)
{
    struct rival *rival = calloc(1, sizeof *rival);
    if (rival == NULL)
        bench_wrong("no memory");
    *rival = (struct rival){.name = name, .command = command, .log = log};
    start(rival);
    if (rival->is_there)
        return rival;
    free(rival);
    return NULL;
}

void rival_stop(struct rival *rival)
{
    if (rival != NULL && rival->is_there)
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

static void ask(struct rival *rival, const struct state_run *run)
{
    const struct state_query *query = run->query;
    FILE *requests = rival->engine.requests;
    fprintf(requests, "run\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t%s\t%" PRIu32 "\t%s",
            query->id, run->store, run->bootstrap, run->checkpoint, run->rows, run->batch_rows,
            query->sql, query->column_count, query->mode);
    for (uint32_t i = 0; i < query->input_count; i++) {
        const struct state_input *input = &query->inputs[i];
        fprintf(requests, "\t%s\t%s-%s\t%s\t%s\t%s\t%s\t%s", input->view, run->topics, input->view,
                input->schema, input->columns, or_dash(input->watermark), or_dash(input->delay),
                or_dash(input->distinct));
    }
    fputc('\n', requests);
    (void)fflush(requests); /* of one that has ended no answer will come */
}

/* There is no answer. Whatever it is doing is ended. */
static void fail(struct rival *rival, const struct state_run *run, double waited_s)
{
    printf("%s: %s, %s, is left out: it %s after %.0f s, the limit is %d s\n", run->query->name,
           rival->name, run->store, feof(rival->engine.answers) ? "has ended" : "was stopped",
           waited_s, run->limit_s);
    bench_engine_kill(&rival->engine);
    start(rival);
}

bool rival_run(struct rival *rival, const struct state_run *run, struct answer *answer, double *ns)
{
    char line[LINE_BYTES];
    int64_t cpu_ns;
    if (!rival->is_there)
        return false;
    int64_t begin_ns = bench_now_ns();
    ask(rival, run);
    if (!bench_engine_await(&rival->engine, run->limit_s, line, sizeof line)) {
        fail(rival, run, (double)(bench_now_ns() - begin_ns) / 1e9);
        return false;
    }
    if (strncmp(line, "unknown\t", 8) == 0) {
        printf("%s: %s, %s, is left out: %s", run->query->name, rival->name, run->store, line + 8);
        return false;
    }
    if (sscanf(line, "answer\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64, &answer->count, &answer->sum,
               &cpu_ns) != 3)
        bench_wrong("%s answered %s", rival->name, line);
    *ns = (double)cpu_ns;
    return true;
}
