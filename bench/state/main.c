/*
 * Queries with state against others, on the same topics in the same run: see bench/README.md.
 *
 *     state_bench BOOTSTRAP DIRECTORY [--query ID] [NAME=COMMAND ...]
 *
 * ID may be the beginning of several. Each NAME is another engine, started by COMMAND
 * (bench/state/rival.h). Every query goes through leat and all of them, each with its state in
 * memory and in RocksDB, in turns, round by round; a turn reads all rows once from Kafka, its
 * figure is the CPU time that one row cost, and what comes out is compared with a model's answer.
 *
 * LEAT_BENCH_SMOKE=1 tries it with a few rows.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/state/engine.h"
#include "bench/state/nexmark.h"
#include "bench/state/queries.h"
#include "bench/state/rival.h"
#include "bench/state/topic.h"
#include "bench/verdict.h"

enum {
    ROUNDS = 3,
    RIVALS_MAX = 4,
    STORES = 2,
    WARM_SHARE = 8, /* of the rows are in the topics that engines get warm on */
    WARM_UPS_MAX = 10,
    SMOKE_ROWS = 20000,
    BATCH_ROWS = 1000000,
    SMOKE_BATCH_ROWS = 6000,
    PATH_BYTES = 512,
    NAME_BYTES = 96
};
#define WARM_UP_S 6.0
#define TIMES_MIN 5.0
#define LEAT "leat"

static const char *const stores[STORES] = {"memory", "rocksdb"};

struct bench {
    const char *bootstrap, *directory, *only;
    struct rival *rivals[RIVALS_MAX];
    uint32_t rival_count;
};

/* The topics of a query, of so many rows each, and what it answers to them. */
struct data {
    char topics[TOPIC_NAME_BYTES / 2];
    uint32_t rows, all_rows; /* of the query, and in all topics */
    struct answer expected;
};

/* "join/leat, rocksdb"; valid until the next call but three. */
static const char *figure(const struct state_query *query, const char *engine, int store)
{
    static char names[4][NAME_BYTES];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "%s/%s, %s", query->name, engine, stores[store]);
    return name;
}

/* ----------------------------------------------------------------------------------------- data */

static void data_init(struct data *data, const struct bench *bench,
                      const struct state_query *query, uint32_t rows, const char *what)
{
    struct events inputs[STATE_INPUTS_MAX];
    char topic[TOPIC_NAME_BYTES];
    *data = (struct data){.rows = rows};
    snprintf(data->topics, sizeof data->topics, "%s-%s-%d", query->id, what, (int)getpid());
    for (uint32_t i = 0; i < query->input_count; i++) {
        const struct state_input *input = &query->inputs[i];
        uint32_t count = state_input_rows(input, rows);
        if (input->kind >= EVENTS_BIDS)
            nexmark_init(&inputs[i], input->kind, count);
        else
            events_init(&inputs[i], input->kind, count);
        data->all_rows += count;
        snprintf(topic, sizeof topic, "%s-%s", data->topics, input->view);
        topic_fill(bench->bootstrap, topic, &inputs[i]);
    }
    data->expected = query->model(inputs);
    for (uint32_t i = 0; i < query->input_count; i++)
        events_fini(&inputs[i]);
}

static void data_fini(const struct data *data, const struct bench *bench,
                      const struct state_query *query)
{
    char topic[TOPIC_NAME_BYTES];
    for (uint32_t i = 0; i < query->input_count; i++) {
        snprintf(topic, sizeof topic, "%s-%s", data->topics, query->inputs[i].view);
        topic_delete(bench->bootstrap, topic);
    }
}

/* ---------------------------------------------------------------------------------------- turns */

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat, (void)kind, (void)place;
    return remove(path);
}

/* NULL: leat. Returns the nanoseconds of a row; 0: it does not know the query. */
static double turn(const struct bench *bench, const struct state_query *query,
                   const struct data *data, struct rival *rival, int store)
{
    static uint32_t number;
    char checkpoint[PATH_BYTES];
    double ns = 0;
    struct answer answer = {0};
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint-%u", bench->directory, number++);
    const struct state_run run = {
        .query = query,
        .store = stores[store],
        .bootstrap = bench->bootstrap,
        .topics = data->topics,
        .checkpoint = checkpoint,
        .rows = data->rows,
        .batch_rows = query->is_one_batch ? data->rows
                      : bench_is_smoke()  ? SMOKE_BATCH_ROWS
                                          : BATCH_ROWS,
    };
    if (rival == NULL)
        answer = engine_run(&run, &ns);
    else if (!rival_run(rival, &run, &answer, &ns))
        return 0;
    if (!answer_is(answer, data->expected))
        bench_wrong("%s: %s, %s, answers %lld rows of %lld in all, and the model %lld of %lld",
                    query->name, rival != NULL ? rival_name(rival) : LEAT, stores[store],
                    (long long)answer.count, (long long)answer.sum,
                    (long long)data->expected.count, (long long)data->expected.sum);
    (void)nftw(checkpoint, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return ns / data->all_rows;
}

/* Until it has run for so long and is no faster, by a tenth, than the time before. */
static void warm_up(const struct bench *bench, const struct state_query *query,
                    const struct data *data, struct rival *rival, int store)
{
    int64_t begin_ns = bench_now_ns();
    double last_ns = 0, ns = 0;
    for (int run = 0; run < WARM_UPS_MAX; run++) {
        last_ns = ns;
        ns = turn(bench, query, data, rival, store);
        bool is_early = (double)(bench_now_ns() - begin_ns) < WARM_UP_S * 1e9;
        if (bench_is_smoke() || rival == NULL || ns <= 0 || (!is_early && ns >= last_ns * 0.9))
            return;
    }
}

static void take_turn(const struct bench *bench, const struct state_query *query,
                      const struct data *data, struct rival *rival, int store)
{
    double ns = turn(bench, query, data, rival, store);
    if (ns > 0)
        bench_note(figure(query, rival != NULL ? rival_name(rival) : LEAT, store), ns);
}

/* Leat is rival -1. */
static void measure(const struct bench *bench, const struct state_query *query)
{
    struct data warm, data;
    uint32_t rows = bench_is_smoke() ? SMOKE_ROWS : query->rows;
    int engines = (int)bench->rival_count;
    data_init(&warm, bench, query, rows / WARM_SHARE, "warm");
    data_init(&data, bench, query, rows, "all");
    for (int i = -1; i < engines; i++)
        for (int store = 0; store < STORES; store++)
            warm_up(bench, query, &warm, i < 0 ? NULL : bench->rivals[i], store);
    for (int round = 0; round < (bench_is_smoke() ? 1 : ROUNDS); round++)
        for (int i = -1; i < engines; i++)
            for (int store = 0; store < STORES; store++)
                take_turn(bench, query, &data, i < 0 ? NULL : bench->rivals[i], store);
    data_fini(&warm, bench, query);
    data_fini(&data, bench, query);
    printf("%s: %lld rows come out of %u, as the model says\n", query->name,
           (long long)data.expected.count, data.all_rows);
}

/* ----------------------------------------------------------------------------------------- bars */

/* The rival whose rows cost least, of those with this store; -1: any. False: there is none. */
static bool find_best(const struct bench *bench, const struct state_query *query, int wanted,
                      char name[NAME_BYTES])
{
    double best = 0;
    for (uint32_t i = 0; i < bench->rival_count; i++)
        for (int store = 0; store < STORES; store++) {
            const char *series = figure(query, rival_name(bench->rivals[i]), store);
            double ns = bench_median(series);
            if (ns <= 0 || (wanted >= 0 && wanted != store) || (best > 0 && ns >= best))
                continue;
            best = ns;
            snprintf(name, NAME_BYTES, "%s", series);
        }
    return best > 0;
}

/* In memory, leat's default, against the best of all; in RocksDB against the best there. */
static void judge(const struct bench *bench, const struct state_query *query)
{
    char own[NAME_BYTES], best[NAME_BYTES], what[2 * NAME_BYTES];
    for (int store = 0; store < STORES; store++) {
        snprintf(own, sizeof own, "%s", figure(query, LEAT, store));
        if (!find_best(bench, query, store == 0 ? -1 : store, best))
            continue;
        snprintf(what, sizeof what, "%s, of %s", own, strrchr(best, '/') + 1);
        bench_at_least(what, bench_median_ratio(best, own), TIMES_MIN,
                       "x its rows per CPU-second");
    }
}

/* ----------------------------------------------------------------------------------------- main */

static void start_rival(struct bench *bench, char *argument)
{
    static char names[RIVALS_MAX][NAME_BYTES / 2];
    char log[PATH_BYTES];
    char *command = strchr(argument, '=');
    if (command == NULL || bench->rival_count == RIVALS_MAX)
        bench_wrong("\"%s\" is not NAME=COMMAND, or one too many", argument);
    char *name = names[bench->rival_count];
    snprintf(name, sizeof names[0], "%.*s", (int)(command - argument), argument);
    snprintf(log, sizeof log, "%s/rival-%u.log", bench->directory, bench->rival_count);
    struct rival *rival = rival_start(name, command + 1, log);
    if (rival != NULL)
        bench->rivals[bench->rival_count++] = rival;
}

static bool parse(struct bench *bench, int count, char **arguments)
{
    if (count < 3)
        return false;
    *bench = (struct bench){.bootstrap = arguments[1], .directory = arguments[2], .only = ""};
    int at = 3;
    if (count > 4 && strcmp(arguments[at], "--query") == 0) {
        bench->only = arguments[at + 1];
        at += 2;
    }
    for (; at < count; at++)
        start_rival(bench, arguments[at]);
    return true;
}

static bool is_wanted(const struct bench *bench, const struct state_query *query)
{
    return strncmp(bench->only, query->id, strlen(bench->only)) == 0;
}

int main(int count, char **arguments)
{
    struct bench bench;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!parse(&bench, count, arguments)) {
        fputs("state_bench BOOTSTRAP DIRECTORY [--query ID] [NAME=COMMAND ...]\n", stderr);
        return 2;
    }
    for (uint32_t i = 0; i < state_query_count; i++)
        if (is_wanted(&bench, &state_queries[i]))
            measure(&bench, &state_queries[i]);
    for (uint32_t i = 0; i < bench.rival_count; i++)
        rival_stop(bench.rivals[i]);
    bench_print_table("queries with state, CPU time per row", "ns");
    for (uint32_t i = 0; i < state_query_count; i++)
        if (is_wanted(&bench, &state_queries[i]))
            judge(&bench, &state_queries[i]);
    return bench_status();
}
