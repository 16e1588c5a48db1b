/*
 * Queries with state against others, on the same topics in the same run: see bench/README.md.
 *
 *     state_bench BOOTSTRAP DIRECTORY [--query ID] [--rounds N] [--limit SECONDS] [--percent N]
 *                 [NAME=COMMAND ...]
 *
 * ID may be the beginning of several. Each NAME is another engine, started by COMMAND
 * (bench/state/rival.h). Every query goes through leat and all of them, each with its state in
 * memory and in RocksDB, in turns, round by round; a turn reads all rows once from Kafka, its
 * figure is the CPU time that one row cost, and what comes out is compared with a model's answer.
 *
 * A query begins no round that would not end within its limit, but always one; another engine that
 * takes longer than that for a turn, or ends in it, is left out of the query. Percent are of the
 * rows that each query has by default.
 *
 * LEAT_BENCH_SMOKE=1 tries it with a few rows.
 */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
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
    ROUNDS_MAX = 100,
    LIMIT_S = 60,
    LIMIT_S_MAX = 86400,
    PERCENT_MAX = 10000,
    RIVALS_MAX = 4,
    STORES = 2,
    WARM_SHARE = 8, /* of the rows are in the topics that engines get warm on */
    WARM_UPS_MAX = 10,
    SMOKE_ROWS = 20000,
    BATCH_ROWS = 500000,
    SMOKE_BATCH_ROWS = 6000,
    PATH_BYTES = 512,
    NAME_BYTES = 96
};
#define WARM_UP_S 3.0
#define TIMES_MIN 5.0
#define LEAT "leat"

static const char *const stores[STORES] = {"memory", "rocksdb"};

struct bench {
    const char *bootstrap, *directory, *only;
    struct rival *rivals[RIVALS_MAX];
    uint32_t rival_count;
    uint32_t rounds, limit_s, percent;
};

/* The topics of a query, of so many rows each, and what it answers to them. */
struct data {
    char topics[TOPIC_NAME_BYTES / 2];
    uint32_t rows, all_rows; /* of the query, and in all topics */
    struct answer expected;
};

/* A query that is being measured. */
struct trial {
    const struct bench *bench;
    const struct state_query *query;
    struct data warm, data;
    bool is_out[RIVALS_MAX][STORES]; /* engines that do not know it, or have failed */
    int64_t begin_ns;
    uint32_t rounds; /* that were run */
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
        topic_fill(bench->bootstrap, topic, &inputs[i], input->is_keyed_by_other);
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

/* NULL: leat. Returns the nanoseconds of a row; 0: there is no answer. */
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
        .rows = data->all_rows,
        .limit_s = (int)bench->limit_s,
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

static double elapsed_s(int64_t since_ns)
{
    return (double)(bench_now_ns() - since_ns) / 1e9;
}

/* Until it has run for so long and is no faster, by a tenth, than the time before. */
static double warm_up(const struct trial *trial, struct rival *rival, int store)
{
    int64_t begin_ns = bench_now_ns();
    double last_ns = 0, ns = 0;
    for (int run = 0; run < WARM_UPS_MAX; run++) {
        last_ns = ns;
        ns = turn(trial->bench, trial->query, &trial->warm, rival, store);
        bool is_early = elapsed_s(begin_ns) < WARM_UP_S;
        if (bench_is_smoke() || rival == NULL || ns <= 0 || (!is_early && ns >= last_ns * 0.9))
            break;
    }
    return ns;
}

static double take_turn(const struct trial *trial, struct rival *rival, int store)
{
    double ns = turn(trial->bench, trial->query, &trial->data, rival, store);
    if (ns > 0)
        bench_note(figure(trial->query, rival != NULL ? rival_name(rival) : LEAT, store), ns);
    return ns;
}

/* Once through leat and all others, with both stores. */
static void go_round(struct trial *trial,
                     double (*run)(const struct trial *trial, struct rival *rival, int store))
{
    for (int store = 0; store < STORES; store++)
        (void)run(trial, NULL, store);
    for (uint32_t i = 0; i < trial->bench->rival_count; i++)
        for (int store = 0; store < STORES; store++)
            if (!trial->is_out[i][store])
                trial->is_out[i][store] = run(trial, trial->bench->rivals[i], store) <= 0;
}

static void run_rounds(struct trial *trial)
{
    uint32_t rounds = bench_is_smoke() ? 1 : trial->bench->rounds;
    double round_s = 0;
    while (trial->rounds < rounds &&
           (trial->rounds == 0 ||
            elapsed_s(trial->begin_ns) + round_s <= trial->bench->limit_s)) {
        int64_t round_begin_ns = bench_now_ns();
        go_round(trial, take_turn);
        round_s = elapsed_s(round_begin_ns);
        trial->rounds++;
    }
    if (trial->rounds < rounds)
        printf("%s: %u of %u rounds, the next would have ended after the limit of %u s\n",
               trial->query->name, trial->rounds, rounds, trial->bench->limit_s);
}

static void measure(const struct bench *bench, const struct state_query *query)
{
    struct trial trial = {.bench = bench, .query = query, .begin_ns = bench_now_ns()};
    memset(trial.is_out, query->custom != NULL, sizeof trial.is_out);
    uint32_t rows =
        bench_is_smoke() ? SMOKE_ROWS : (uint32_t)((uint64_t)query->rows * bench->percent / 100);
    data_init(&trial.warm, bench, query, rows / WARM_SHARE, "warm");
    data_init(&trial.data, bench, query, rows, "all");
    go_round(&trial, warm_up);
    run_rounds(&trial);
    data_fini(&trial.warm, bench, query);
    data_fini(&trial.data, bench, query);
    printf("%s: %lld rows come out of %u, as the model says; %.0f s\n", query->name,
           (long long)trial.data.expected.count, trial.data.all_rows, elapsed_s(trial.begin_ns));
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

static double rows_per_cpu_s(const char *series)
{
    double ns = bench_median(series);
    return ns > 0 ? 1e9 / ns : 0;
}

/* A line for each engine and store: its figure, and how many times it leat's is, with the same. */
static void tell(const struct bench *bench, const struct state_query *query)
{
    for (int store = 0; store < STORES; store++) {
        char own[NAME_BYTES];
        snprintf(own, sizeof own, "%s", figure(query, LEAT, store));
        printf("%s: %.0f rows per CPU-second\n", own, rows_per_cpu_s(own));
        for (uint32_t i = 0; i < bench->rival_count; i++) {
            const char *series = figure(query, rival_name(bench->rivals[i]), store);
            if (bench_median(series) > 0)
                printf("%s: %.0f rows per CPU-second, of which leat has %.2f x\n", series,
                       rows_per_cpu_s(series), bench_median_ratio(series, own));
        }
    }
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
    static char names[RIVALS_MAX][NAME_BYTES / 2], logs[RIVALS_MAX][PATH_BYTES];
    uint32_t at = bench->rival_count;
    char *command = strchr(argument, '=');
    if (command == NULL || at == RIVALS_MAX)
        bench_wrong("\"%s\" is not NAME=COMMAND, or one too many", argument);
    snprintf(names[at], sizeof names[0], "%.*s", (int)(command - argument), argument);
    snprintf(logs[at], sizeof logs[0], "%s/rival-%u.log", bench->directory, at);
    struct rival *rival = rival_start(names[at], command + 1, logs[at]);
    if (rival != NULL)
        bench->rivals[bench->rival_count++] = rival;
}

static uint32_t number(const char *name, const char *text, unsigned long most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < 1 || value > most)
        bench_wrong("%s is a number from 1 to %lu, and not \"%s\"", name, most, text);
    return (uint32_t)value;
}

static bool parse_option(struct bench *bench, const char *name, const char *value)
{
    if (strcmp(name, "--query") == 0)
        bench->only = value;
    else if (strcmp(name, "--rounds") == 0)
        bench->rounds = number(name, value, ROUNDS_MAX);
    else if (strcmp(name, "--limit") == 0)
        bench->limit_s = number(name, value, LIMIT_S_MAX);
    else if (strcmp(name, "--percent") == 0)
        bench->percent = number(name, value, PERCENT_MAX);
    else
        return false;
    return true;
}

static bool is_wanted(const struct bench *bench, const struct state_query *query)
{
    return strncmp(bench->only, query->id, strlen(bench->only)) == 0;
}

/* Engines are started last: what is wrong with an option is said at once. */
static bool parse(struct bench *bench, int count, char **arguments)
{
    int at = 3;
    uint32_t wanted = 0;
    if (count < at)
        return false;
    *bench = (struct bench){.bootstrap = arguments[1],
                            .directory = arguments[2],
                            .only = "",
                            .rounds = ROUNDS,
                            .limit_s = LIMIT_S,
                            .percent = 100};
    for (; at < count && strncmp(arguments[at], "--", 2) == 0; at += 2)
        if (at + 1 == count || !parse_option(bench, arguments[at], arguments[at + 1]))
            return false;
    for (uint32_t i = 0; i < state_query_count; i++)
        wanted += is_wanted(bench, &state_queries[i]);
    if (wanted == 0)
        bench_wrong("no query begins with \"%s\"", bench->only);
    for (; at < count; at++)
        start_rival(bench, arguments[at]);
    return true;
}

int main(int count, char **arguments)
{
    struct bench bench;
    setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGPIPE, SIG_IGN); /* an engine may have ended when it is asked */
    if (!parse(&bench, count, arguments)) {
        fputs("state_bench BOOTSTRAP DIRECTORY [--query ID] [--rounds N] [--limit SECONDS] "
              "[--percent N] [NAME=COMMAND ...]\n",
              stderr);
        return 2;
    }
    for (uint32_t i = 0; i < state_query_count; i++)
        if (is_wanted(&bench, &state_queries[i])) {
            measure(&bench, &state_queries[i]);
            tell(&bench, &state_queries[i]);
        }
    for (uint32_t i = 0; i < bench.rival_count; i++)
        rival_stop(bench.rivals[i]);
    bench_print_table("queries with state, CPU time per row", "ns");
    for (uint32_t i = 0; i < state_query_count; i++)
        if (is_wanted(&bench, &state_queries[i]))
            judge(&bench, &state_queries[i]);
    return bench_status();
}
