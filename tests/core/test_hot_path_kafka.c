/*
 * On the way from one Kafka topic to another leat itself allocates nothing per record, takes no
 * lock and makes no system call; what librdkafka does on leat's threads is counted and named.
 * Needs a real broker (LEAT_TEST_KAFKA); skipped on other machines than x86-64.
 *
 * How it is counted, and where it is charged, stands in hot_path_kafka.h.
 *
 * Counted are N records and then 10 N, so that what happens once or now and then cancels out. The
 * last cases plant an allocation, a lock and a system call per record, and each must be found. A
 * filter cannot be taken off again, so each case is a process of its own.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#if defined(LT_DEBUG) || !defined(__x86_64__)

static void is_measured_without_sanitizers(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_measured_without_sanitizers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/hot_path_kafka.h"
#include "tests/support/doors.h"
#include "tests/support/scratch.h"

enum {
    WARM_RECORDS = 20000,
    RECORDS_MAX = 10000, /* in the first part; the second has ten times as many */
    BYTES_MAX = 4000000, /* likewise */
    MORE = 10,
    RARE = 1000, /* one in so many records is not of the record path: timers */
    NAME_SIZE = 64,
    SAID_SIZE = 8192,
    SECONDS_MAX = 300,
    SKIPPED_STATUS = 77,
};

/* A measuring process's exit status: a bit per kind that leat itself did per record, and these. */
enum { FOUND_FEWER = 1 << KIND_COUNT, NOT_MEASURED = FOUND_FEWER << 1 };

struct counts {
    uint64_t calls[PLACE_COUNT], found[PLACE_COUNT][KIND_COUNT];
};

/* ---------------------------------------------------------------------------------- the query */

struct scenario {
    uint32_t stages;
    size_t value_bytes;
    const char *headers; /* "true": they are relayed too */
    const char *columns; /* a select list; NULL: all as they come */
    enum kind plant;     /* what an operator does per record; KIND_COUNT: there is none */
};

struct run {
    char in[NAME_SIZE], out[NAME_SIZE], checkpoint[SCRATCH_PATH_SIZE];
};

static enum leat_action do_planted(void *state, const leat_row *row, leat_out *out, uint32_t flags)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    (void)row;
    (void)out;
    (void)flags;
    switch (*(const enum kind *)state) {
    case ALLOCATION: {
        void *volatile memory = malloc(100);
        free(memory);
        break;
    }
    case LOCK:
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        break;
    case SYSTEM_CALL:
        (void)syscall(__NR_getppid);
        break;
    default:
        abort();
    }
    return LEAT_EMIT;
}

static leat_query *build(const struct scenario *scenario, const struct run *run)
{
    const char *broker = getenv("LEAT_TEST_KAFKA");
    leat_operator op = {.size = sizeof op,
                        .name = "plant",
                        .user = (void *)(uintptr_t)&scenario->plant,
                        .process = do_planted};
    leat_context *context = leat_context_create();
    leat_stream *stream = leat_read(context, "kafka",
                                    leat_options_of("kafka.bootstrap.servers", broker, "subscribe",
                                                    run->in, "startingOffsets", "earliest",
                                                    "includeHeaders", scenario->headers, NULL),
                                    NULL);
    if (scenario->columns != NULL)
        stream = leat_select(leat_filter(stream, "length(value) > 3"), scenario->columns);
    if (scenario->plant != KIND_COUNT)
        stream = leat_apply(stream, &op);
    /* Spinning: a parked thread makes system calls to sleep. Few rows, so that all of them have
     * been used when counting begins. */
    char stages[16];
    snprintf(stages, sizeof stages, "%u", scenario->stages);
    leat_query *query = leat_query_create(
        context,
        leat_options_of("stages", stages, "idle", "spin", "pin", "false", "cpus",
                        doors_cpus(), "dmaLatency", "off",
                        "laneRows", "4096", "checkpointLocation", run->checkpoint, NULL));
    int code = leat_query_write(
        query, stream, "kafka",
        leat_options_of("kafka.bootstrap.servers", broker, "topic", run->out, NULL));
    /* No epoch falls into the measurement: it is not of the record path. */
    if (code != LEAT_OK || leat_query_trigger_continuous(query, INT64_C(3600000000000)) != LEAT_OK)
        lt_client_die("%s", leat_context_error(context));
    return query;
}

/* --------------------------------------------------------------------------------- measuring */

/* Produces that many records and waits until all produced so far are through. */
static void pass_records(const struct scenario *scenario, const char *topic, uint64_t record_count)
{
    static char value[65536];
    static uint64_t total;
    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *rk = lt_client_producer(getenv("LEAT_TEST_KAFKA"), NULL, &deliveries);
    for (uint64_t i = 0; i < record_count; i++) {
        rd_kafka_resp_err_t err;
        do {
            err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                    RD_KAFKA_V_VALUE(value, scenario->value_bytes),
                                    RD_KAFKA_V_KEY("key", 3), RD_KAFKA_V_HEADER("name", "text", 4),
                                    RD_KAFKA_V_END);
            rd_kafka_poll(rk, err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
        } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            lt_client_die("cannot produce: %s", rd_kafka_err2str(err));
    }
    lt_client_finish(rk, &deliveries);
    total += record_count;
    while (lt_load_acquire_u64(&reports) < total)
        doors_nap();
}

static void take_counts(struct counts *counts)
{
    for (int i = 0; i < PLACE_COUNT; i++) {
        counts->calls[i] = lt_load_relaxed_u64(&calls[i]);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            counts->found[i][kind] = lt_load_relaxed_u64(&found[i][kind]);
    }
}

/* c - b less b - a: of nine times as many records as the first part had. */
static double excess(uint64_t a, uint64_t b, uint64_t c)
{
    return (double)(int64_t)(c - b - (b - a));
}

static void say(const struct counts at[3], double record_count)
{
    for (int i = 0; i < PLACE_COUNT; i++) {
        double each[KIND_COUNT];
        for (int kind = 0; kind < KIND_COUNT; kind++)
            each[kind] = excess(at[0].found[i][kind], at[1].found[i][kind], at[2].found[i][kind]) /
                         record_count;
        double call_count = excess(at[0].calls[i], at[1].calls[i], at[2].calls[i]) / record_count;
        if (i == AT_LEAT || call_count > 0)
            fprintf(stderr,
                    "  %-32s %7.4f calls, %7.4f allocations, %7.4f frees, %7.4f locks, "
                    "%7.4f system calls\n",
                    place_names[i], call_count, each[ALLOCATION], each[FREE], each[LOCK],
                    each[SYSTEM_CALL]);
    }
}

/* What leat itself did: bits of the kinds found per record, FOUND_FEWER for what is not
 * per record and yet not rare, such as per batch. */
static int judge(const struct counts at[3], double record_count)
{
    int result = 0;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        uint64_t a = at[0].found[AT_LEAT][kind], b = at[1].found[AT_LEAT][kind],
                 c = at[2].found[AT_LEAT][kind];
        if (excess(a, b, c) > record_count / 2)
            result |= 1 << kind;
        else if (excess(a, b, c) > record_count / RARE)
            result |= FOUND_FEWER;
        if (c != a)
            fprintf(stderr, "  leat itself, kind %d: %llu, then %llu; the first from %#llx\n", kind,
                    (unsigned long long)(b - a), (unsigned long long)(c - b),
                    (unsigned long long)lt_load_relaxed_u64(&first_caller));
    }
    return result;
}

static int measure(const struct scenario *scenario, const struct run *run)
{
    struct counts at[3];
    uint32_t cpus = strchr(doors_cpus(), ',') != NULL ? 2 : 1, stages = scenario->stages;
    uint64_t count_of_part = BYTES_MAX / scenario->value_bytes;
    if (count_of_part > RECORDS_MAX)
        count_of_part = RECORDS_MAX;
    if (!install_handlers())
        return NOT_MEASURED;
    leat_query *query = build(scenario, run);
    if (leat_start(query) != LEAT_OK)
        lt_client_die("%s", leat_query_error(query));
    pass_records(scenario, run->in, WARM_RECORDS);
    if (!mark_threads(stages < cpus ? stages : cpus))
        return NOT_MEASURED;
    take_counts(&at[0]);
    pass_records(scenario, run->in, count_of_part);
    take_counts(&at[1]);
    pass_records(scenario, run->in, MORE * count_of_part);
    take_counts(&at[2]);
    double record_count = (double)((MORE - 1) * count_of_part);
    fprintf(stderr, "%zu bytes, stages %u, headers %s, columns %s; per record, of %.0f:\n",
            scenario->value_bytes, scenario->stages, scenario->headers,
            scenario->columns == NULL ? "*" : scenario->columns, record_count);
    say(at, record_count);
    return judge(at, record_count);
}

/* ------------------------------------------------------------------------------------- cases */

static int make_topics(const struct scenario *scenario, const struct run *run)
{
    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *rk = lt_client_producer(getenv("LEAT_TEST_KAFKA"), NULL, &deliveries);
    (void)scenario;
    bool are_new = lt_client_create_topic(rk, run->in, 1);
    are_new = lt_client_create_topic(rk, run->out, 1) && are_new;
    lt_client_finish(rk, &deliveries);
    return are_new ? 0 : NOT_MEASURED;
}

static int delete_topics(const struct scenario *scenario, const struct run *run)
{
    struct lt_client_deliveries deliveries = {0};
    rd_kafka_t *rk = lt_client_producer(getenv("LEAT_TEST_KAFKA"), NULL, &deliveries);
    (void)scenario;
    lt_client_delete_topic(rk, run->in);
    lt_client_delete_topic(rk, run->out);
    lt_client_finish(rk, &deliveries);
    return 0;
}

/* Runs a step in a process of its own, which ends without a word to what it started; its wait
 * status. What it says is added to `said`. */
static int run_apart(int step(const struct scenario *, const struct run *),
                     const struct scenario *scenario, const struct run *run, char *said)
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        alarm(SECONDS_MAX);
        _exit(step(scenario, run));
    }
    close(ends[1]);
    size_t size_bytes = strlen(said);
    ssize_t got;
    while (size_bytes < SAID_SIZE - 1 &&
           (got = read(ends[0], said + size_bytes, SAID_SIZE - 1 - size_bytes)) > 0)
        size_bytes += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Measures a scenario; `expected` are the bits of what leat itself does per record. */
static void expect(const struct scenario *scenario, int expected)
{
    static int serial;
    char said[SAID_SIZE] = "";
    struct run run;
    snprintf(run.in, sizeof run.in, "hot-%d-%d-in", (int)getpid(), ++serial);
    snprintf(run.out, sizeof run.out, "hot-%d-%d-out", (int)getpid(), serial);
    scratch_create(run.checkpoint);
    int made = run_apart(make_topics, scenario, &run, said);
    int status = made == 0 ? run_apart(measure, scenario, &run, said) : made;
    int deleted = run_apart(delete_topics, scenario, &run, said);
    scratch_remove(run.checkpoint);
    fprintf(stderr, "%s", said);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_msg("status %x, expected exit %d", (unsigned)status, expected);
    assert_int_equal(deleted, 0);
}

static void a_relay_of_small_records_does_nothing_of_its_own(void **state)
{
    (void)state;
    expect(&(struct scenario){1, 128, "true", NULL, KIND_COUNT}, 0);
}

static void a_relay_of_borrowed_values_does_nothing_of_its_own(void **state)
{
    (void)state;
    expect(&(struct scenario){1, 2048, "true", NULL, KIND_COUNT}, 0);
}

static void a_filter_and_a_select_do_nothing_of_their_own(void **state)
{
    (void)state;
    expect(&(struct scenario){1, 128, "false", "key, upper(cast(value as string)) as value",
                              KIND_COUNT},
           0);
}

static void two_stages_do_nothing_of_their_own(void **state)
{
    (void)state;
    expect(&(struct scenario){2, 128, "true", NULL, KIND_COUNT}, 0);
}

static void three_stages_do_nothing_of_their_own(void **state)
{
    (void)state;
    expect(&(struct scenario){3, 2048, "true", "key, value, headers", KIND_COUNT}, 0);
}

static void a_planted_allocation_per_record_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){1, 128, "true", NULL, ALLOCATION}, 1 << ALLOCATION | 1 << FREE);
}

static void a_planted_lock_per_record_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){2, 128, "true", NULL, LOCK}, 1 << LOCK);
}

static void a_planted_system_call_per_record_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){3, 128, "true", NULL, SYSTEM_CALL}, 1 << SYSTEM_CALL);
}

int main(void)
{
    if (getenv("LEAT_TEST_KAFKA") == NULL) {
        fprintf(stderr, "LEAT_TEST_KAFKA is not set; hint: tests/kafka/with-kafka\n");
        return SKIPPED_STATUS;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_of_small_records_does_nothing_of_its_own),
        cmocka_unit_test(a_relay_of_borrowed_values_does_nothing_of_its_own),
        cmocka_unit_test(a_filter_and_a_select_do_nothing_of_their_own),
        cmocka_unit_test(two_stages_do_nothing_of_their_own),
        cmocka_unit_test(three_stages_do_nothing_of_their_own),
        cmocka_unit_test(a_planted_allocation_per_record_is_found),
        cmocka_unit_test(a_planted_lock_per_record_is_found),
        cmocka_unit_test(a_planted_system_call_per_record_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
