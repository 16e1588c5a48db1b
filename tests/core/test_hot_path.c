/*
 * Between start and stop the record path allocates nothing, takes no lock and makes no system call:
 * counted on the lanes' own threads, in process, fused and in stages.
 *
 * How. Functions of this program run on each lane thread as source, operator and sink. When the
 * query is warm they mark their thread: from then on malloc and its like and pthread's locks, which
 * this program interposes, are counted there, and a seccomp filter traps every system call but
 * sched_yield, which an idle spinner makes (no records, no record path). A trapped call is counted
 * and not made, and a filter cannot be taken off again, so each scenario is a process of its own
 * that ends without a word to its query.
 *
 * The last scenarios plant one allocation, one lock and one system call, and each must be found.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#ifdef LT_DEBUG

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

#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/shared.h"
#include "tests/support/doors.h"

enum {
    WARM_RECORDS = 50000,
    RECORDS = 300000,
    SOURCE = 1,
    OPERATOR = 2,
    SINK = 4, /* whose threads are marked */
};

enum plant { PLANT_NOTHING, PLANT_MALLOC, PLANT_LOCK, PLANT_SYSCALL };

static struct lt_shared_u32 is_armed; /* written by the main thread */
static struct lt_shared_u32 marked;   /* bits of who has marked its thread */
static struct lt_shared_u64 allocations, locks, system_calls, last_system_call;
static struct lt_shared_u64 produced, consumed; /* records; each has one writer */
static _Thread_local bool is_counted;
static bool has_started; /* of what is planted: once */

/* ---------------------------------------------------------------------------- interposed calls */

extern void *__libc_malloc(size_t size_bytes);
extern void *__libc_calloc(size_t count, size_t size_bytes);
extern void *__libc_realloc(void *memory, size_t size_bytes);
extern void *__libc_memalign(size_t alignment, size_t size_bytes);
extern void __libc_free(void *memory);

static void count(struct lt_shared_u64 *counter)
{
    if (is_counted)
        (void)lt_add_u64(counter, 1);
}

void *malloc(size_t size_bytes)
{
    count(&allocations);
    return __libc_malloc(size_bytes);
}

void *calloc(size_t element_count, size_t size_bytes)
{
    count(&allocations);
    return __libc_calloc(element_count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    count(&allocations);
    return __libc_realloc(memory, size_bytes);
}

void *memalign(size_t alignment, size_t size_bytes)
{
    count(&allocations);
    return __libc_memalign(alignment, size_bytes);
}

void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    return memalign(alignment, size_bytes);
}

int posix_memalign(void **out, size_t alignment, size_t size_bytes)
{
    *out = memalign(alignment, size_bytes);
    return *out == NULL ? ENOMEM : 0;
}

void free(void *memory)
{
    if (memory != NULL)
        count(&allocations);
    __libc_free(memory);
}

typedef int lock_fn(pthread_mutex_t *mutex);

static int call_next(const char *name, lock_fn **next, pthread_mutex_t *mutex)
{
    count(&locks);
    if (*next == NULL) {
        void *found = dlsym(RTLD_NEXT, name);
        memcpy(next, &found, sizeof found); /* ISO C has no cast from data to functions */
    }
    return (*next)(mutex);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static lock_fn *next;
    return call_next("pthread_mutex_lock", &next, mutex);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    static lock_fn *next;
    return call_next("pthread_mutex_trylock", &next, mutex);
}

/* ---------------------------------------------------------------------------- marking a thread */

static void on_trapped_call(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    (void)lt_add_u64(&system_calls, 1);
    lt_store_relaxed_u64(&last_system_call, (uint64_t)info->si_syscall);
}

static void trap_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sched_yield, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

/* Called by each of this program's functions on a lane's thread. */
static void mark(uint32_t who)
{
    static _Thread_local uint32_t done;
    if (lt_load_acquire_u32(&is_armed) == 0 || (done & who) != 0)
        return;
    if (done == 0)
        trap_system_calls();
    done |= who;
    is_counted = true;
    (void)lt_add_u32(&marked, who); /* each bit once: one lane, one thread per role */
}

/* --------------------------------------------------------------------------- the query's parts */

static struct lt_shared_u64 wanted; /* how many records the source may produce so far */

static enum leat_poll source_poll(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    static const char text[] = "a text that is not too short";
    (void)state;
    mark(SOURCE);
    if (*position < 0)
        *position = 0;
    uint64_t end = lt_load_acquire_u64(&wanted);
    for (uint32_t i = 0; i < limit && (uint64_t)*position < end; i++) {
        leat_row *row = leat_claim(out);
        if (row == NULL)
            return LEAT_POLL_MORE;
        leat_row_set_i64(row, 0, *position);
        if (leat_row_set_bytes(row, 1, text, sizeof text - 1) != LEAT_OK)
            abort();
        leat_commit(out, row);
        (*position)++;
    }
    lt_store_release_u64(&produced, (uint64_t)*position);
    return (uint64_t)*position < end ? LEAT_POLL_MORE : LEAT_POLL_IDLE;
}

static void do_planted(enum plant plant)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    if (has_started || !is_counted)
        return;
    has_started = true;
    switch (plant) {
    case PLANT_NOTHING:
        break;
    case PLANT_MALLOC: {
        void *volatile memory = malloc(100);
        free(memory);
        break;
    }
    case PLANT_LOCK:
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        break;
    case PLANT_SYSCALL:
        (void)syscall(__NR_getppid); /* trapped, so its answer is none */
        break;
    }
}

static enum leat_action operator_process(void *state, const leat_row *row, leat_out *out,
                                         uint32_t flags)
{
    (void)flags;
    mark(OPERATOR);
    do_planted(*(const enum plant *)state);
    leat_row *next = leat_claim(out);
    if (next == NULL)
        return LEAT_RETRY;
    size_t size_bytes;
    const void *text = leat_row_bytes(row, 1, &size_bytes);
    leat_row_set_i64(next, 0, leat_row_i64(row, 0));
    if (leat_row_borrow_bytes(next, 1, text, size_bytes) != LEAT_OK)
        abort();
    leat_commit(out, next);
    return LEAT_DROP;
}

static enum leat_write sink_write(void *state, const leat_row *row, uint32_t flags)
{
    (void)state;
    (void)row;
    (void)flags;
    mark(SINK);
    lt_store_release_u64(&consumed, lt_load_relaxed_u64(&consumed) + 1);
    return LEAT_WRITE_DONE;
}

struct scenario {
    const char *stages;
    enum plant plant;
    bool uses_memory; /* input and output instead of the program's own source and sink */
};

struct parts {
    leat_context *context;
    leat_query *query;
    leat_input *input;
    leat_output *output;
};

static leat_query *build(struct parts *parts, const struct scenario *scenario)
{
    static const leat_source source = {.size = sizeof source,
                                       .name = "numbers",
                                       .schema = DOORS_SCHEMA,
                                       .partition_count = 1,
                                       .poll = source_poll};
    static const leat_sink sink = {.size = sizeof sink, .name = "count", .write = sink_write};
    leat_operator op = {.size = sizeof op,
                        .name = "copy",
                        .output_schema = DOORS_SCHEMA,
                        .user = (void *)(uintptr_t)&scenario->plant,
                        .process = operator_process};
    leat_context *context = parts->context = leat_context_create();
    leat_stream *in;
    if (scenario->uses_memory) {
        parts->input = leat_input_create(context, DOORS_SCHEMA, 1024);
        parts->output = leat_output_create(context, 1024);
        in = leat_read_input(parts->input);
    } else {
        in = leat_read_source(context, &source);
    }
    in = leat_select(leat_filter(in, "n % 2 = 0 and length(t) > 3"), "n * 3 as n, upper(t) as t");
    /* Spinning, on as many CPUs as there are: a parked thread makes system calls to sleep. */
    leat_options *options = leat_options_of("stages", scenario->stages, "idle", "spin", "pin",
                                            "false", "dmaLatency", "off", "cpus", doors_cpus(),
                                            NULL);
    leat_query *query = leat_query_create(context, options);
    int code = scenario->uses_memory
                   ? leat_query_write_output(query, leat_apply(in, &op), parts->output)
                   : leat_query_write_sink(query, leat_apply(in, &op), &sink);
    /* No epoch falls into the measurement: it is not of the record path. */
    if (code != LEAT_OK || leat_query_trigger_continuous(query, INT64_C(3600000000000)) != LEAT_OK)
        abort();
    return query;
}

/* Half of the records pass the filter. */
static void pass_records(struct parts *parts, uint64_t first, uint64_t record_count)
{
    lt_store_release_u64(&wanted, first + record_count);
    uint64_t pushed = first, out = parts->input == NULL ? 0 : first / 2;
    while (parts->input != NULL && out < (first + record_count) / 2) {
        leat_row *row = pushed < first + record_count ? leat_input_claim(parts->input) : NULL;
        if (row != NULL) {
            leat_row_set_i64(row, 0, (int64_t)pushed++);
            if (leat_row_set_bytes(row, 1, "pushed", 6) != LEAT_OK)
                abort();
            (void)leat_input_commit(parts->input, row); /* its offset is `pushed` - 1 */
        }
        out += leat_output_poll(parts->output, NULL, NULL, 64);
    }
    while (parts->input == NULL && lt_load_acquire_u64(&consumed) < (first + record_count) / 2)
        doors_nap();
}

static void say(const char *what, const struct lt_shared_u64 *number)
{
    fprintf(stderr, "%s: %llu\n", what, (unsigned long long)lt_load_relaxed_u64(number));
}

/* The child: exit status 0 if nothing was counted, 1 if something was, 2 if it could not measure.
 */
static int measure(const struct scenario *scenario)
{
    struct parts parts = {0};
    struct sigaction action = {.sa_sigaction = on_trapped_call, .sa_flags = SA_SIGINFO};
    uint32_t everybody = scenario->uses_memory ? OPERATOR : SOURCE | OPERATOR | SINK;
    if (sigaction(SIGSYS, &action, NULL) != 0)
        return 2;
    leat_query *query = build(&parts, scenario);
    if (leat_start(query) != LEAT_OK) {
        fprintf(stderr, "%s\n", leat_query_error(query));
        return 2;
    }
    pass_records(&parts, 0, WARM_RECORDS);
    lt_store_release_u32(&is_armed, 1);
    is_counted = scenario->uses_memory; /* pushing and polling are of the record path too */
    pass_records(&parts, WARM_RECORDS, RECORDS);
    is_counted = false;
    if (lt_load_acquire_u32(&marked) != everybody)
        return 2;
    say("allocations", &allocations);
    say("locks", &locks);
    say("system calls", &system_calls);
    say("the last of them", &last_system_call);
    return lt_load_relaxed_u64(&allocations) + lt_load_relaxed_u64(&locks) +
               lt_load_relaxed_u64(&system_calls) !=
           0;
}

/* Runs a scenario in a process of its own; its exit status. What it says is shown if it is not as
 * `expected`. */
static void expect(const struct scenario *scenario, int expected)
{
    char said[1024] = "";
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        alarm(300);
        _exit(measure(scenario));
    }
    close(ends[1]);
    size_t size_bytes = 0;
    ssize_t got;
    while (size_bytes < sizeof said - 1 &&
           (got = read(ends[0], said + size_bytes, sizeof said - 1 - size_bytes)) > 0)
        size_bytes += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_msg("status %x, expected exit %d\n%s", (unsigned)status, expected, said);
}

static void a_fused_lane_allocates_locks_and_calls_nothing(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "1"}, 0);
}

static void two_stages_allocate_lock_and_call_nothing(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "2"}, 0);
}

static void three_stages_allocate_lock_and_call_nothing(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "3"}, 0);
}

static void pushing_and_reading_out_allocate_and_lock_nothing(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "1", .uses_memory = true}, 0);
}

static void a_planted_allocation_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "1", .plant = PLANT_MALLOC}, 1);
}

static void a_planted_lock_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "2", .plant = PLANT_LOCK}, 1);
}

static void a_planted_system_call_is_found(void **state)
{
    (void)state;
    expect(&(struct scenario){.stages = "3", .plant = PLANT_SYSCALL}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fused_lane_allocates_locks_and_calls_nothing),
        cmocka_unit_test(two_stages_allocate_lock_and_call_nothing),
        cmocka_unit_test(three_stages_allocate_lock_and_call_nothing),
        cmocka_unit_test(pushing_and_reading_out_allocate_and_lock_nothing),
        cmocka_unit_test(a_planted_allocation_is_found),
        cmocka_unit_test(a_planted_lock_is_found),
        cmocka_unit_test(a_planted_system_call_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
