/*
 * From a socket through a filter to a socket (see load.h for what is sent and what counts). Beside
 * leat, in the same run and by turns, a relay on io_uring written by hand (by_hand.h), each once
 * parked and once spinning; in the slot of the rivals Flink and Hazelcast Jet, whose sockets dial
 * at both ends.
 *
 *     sockets_bench LEAT LOG tcp|udp|rivals [NAME=COMMAND...]
 *
 * What the relays say goes to the file LOG. The same without /dev/cpu_dma_latency held is printed,
 * and not judged. LEAT_BENCH_SMOKE=1 tries it with a few frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine.h"
#include "bench/sockets/ends.h"
#include "bench/sockets/load.h"
#include "bench/verdict.h"

enum {
    ROUNDS = 7,
    ROUNDS_NOT_HELD = 3,
    ROUNDS_OF_RIVALS = 5,
    ENDS_MAX = 8,
    WARM_COUNT_OF_RIVALS = 4,
    TEXT_BYTES = 128,
};
#define BY_HAND_TIMES_P50 1.10
#define BY_HAND_TIMES_P99 1.25
#define RIVAL_TIMES 10.0
static const char not_held[] = ", wake-ups not held";

static int frames(void)
{
    return bench_is_smoke() ? LOAD_SMOKE_FRAMES : LOAD_FRAMES;
}

static void measure(const struct end *end, enum slot slot)
{
    struct load *load = load_open(slot);
    pid_t pid = end_start(end, slot, load);
    load_connect(load, pid);
    load_run(load, LOAD_SMOKE_FRAMES); /* until it has come to rest after its start */
    for (int i = 0; i < (bench_is_smoke() ? 0 : end->warm_count); i++)
        load_run(load, frames());
    load_run(load, frames());
    end_stop(end, pid);
    load_note(load, end->name);
    load_close(load);
}

static void measure_all(const struct end *ends, size_t count, enum slot slot, int rounds)
{
    for (int i = 0; i < (bench_is_smoke() ? 1 : rounds); i++)
        for (size_t k = 0; k < count; k++)
            measure(&ends[k], slot);
}

/* The same without /dev/cpu_dma_latency. */
static void measure_not_held(const struct end *ends, size_t count, enum slot slot, int rounds)
{
    static char names[ENDS_MAX][TEXT_BYTES];
    struct end free_ends[ENDS_MAX];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s%s", ends[i].name, not_held);
        free_ends[i] = ends[i];
        free_ends[i].name = names[i];
        free_ends[i].leaves_wakeups = true;
    }
    (void)bench_hold_wakeups(false);
    measure_all(free_ends, count, slot, rounds);
}

static double ratio(const char *name, const char *base, const char *which)
{
    char a[TEXT_BYTES], b[TEXT_BYTES];
    snprintf(a, sizeof a, "%s %s", name, which);
    snprintf(b, sizeof b, "%s %s", base, which);
    return bench_median_ratio(a, b);
}

static void tell(const char *name, const char *base)
{
    static const char *const which[] = {"p50", "p99"};
    char what[2 * TEXT_BYTES];
    for (size_t i = 0; i < 2; i++) {
        snprintf(what, sizeof what, "%s, %s, of %s", which[i], name, base);
        bench_tell(what, ratio(name, base, which[i]), "x");
    }
}

/* ---------------------------------------------------------------------------- against the floor */

static void judge(const char *wait, const char *leat, const char *by_hand)
{
    char what[TEXT_BYTES];
    snprintf(what, sizeof what, "p50, %s", wait);
    bench_at_most(what, ratio(leat, by_hand, "p50"), BY_HAND_TIMES_P50, "x by hand");
    snprintf(what, sizeof what, "p99, %s", wait);
    bench_at_most(what, ratio(leat, by_hand, "p99"), BY_HAND_TIMES_P99, "x by hand");
}

static void tell_not_held(const char *wait)
{
    char leat[TEXT_BYTES], by_hand[TEXT_BYTES];
    snprintf(leat, sizeof leat, "leat, %s%s", wait, not_held);
    snprintf(by_hand, sizeof by_hand, "by hand, %s%s", wait, not_held);
    tell(leat, by_hand);
}

static void bench_floor(const char *leat, const char *log, enum slot slot)
{
    const struct end ends[] = {
        {.name = "by hand, parked", .idle = "park", .log = log},
        {.name = "leat, parked", .leat = leat, .idle = "park", .log = log},
        {.name = "by hand, spinning", .idle = "spin", .log = log},
        {.name = "leat, spinning", .leat = leat, .idle = "spin", .log = log},
        {.name = "leat by epoll, parked", .leat = leat, .idle = "park", .io = "epoll", .log = log},
        {.name = "leat by epoll, spinning",
         .leat = leat,
         .idle = "spin",
         .io = "epoll",
         .log = log},
    };
    size_t count = sizeof ends / sizeof ends[0];
    measure_all(ends, count, slot, ROUNDS);
    measure_not_held(ends, count, slot, ROUNDS_NOT_HELD);
    bench_print_table("through a filter, 128 B frames, 10,000 a second, half of them kept", "us");
    judge("spinning", "leat, spinning", "by hand, spinning");
    judge("parked", "leat, parked", "by hand, parked");
    tell("leat, parked", "leat, spinning");
    tell("leat, spinning", "leat by epoll, spinning");
    tell("leat, parked", "leat by epoll, parked");
    tell_not_held("spinning");
    tell_not_held("parked");
}

/* --------------------------------------------------------------------------- against the rivals */

static void judge_rival(const char *rival)
{
    static const char *const which[] = {"p50", "p99"};
    char what[TEXT_BYTES];
    for (size_t i = 0; i < 2; i++) {
        snprintf(what, sizeof what, "%s of %s, of leat's, spinning", which[i], rival);
        bench_at_least(what, ratio(rival, "leat, spinning", which[i]), RIVAL_TIMES, "x");
    }
    tell(rival, "leat, parked");
    tell(rival, "by hand, spinning");
}

/* Each of `rivals` is NAME=COMMAND. */
static void bench_rivals(const char *leat, const char *log, char **rivals, int count)
{
    struct end ends[ENDS_MAX] = {
        {.name = "by hand, spinning", .idle = "spin", .log = log},
        {.name = "leat, spinning", .leat = leat, .idle = "spin", .log = log},
        {.name = "leat, parked", .leat = leat, .idle = "park", .log = log},
    };
    size_t end_count = 3;
    for (int i = 0; i < count; i++) {
        char *equals = strchr(rivals[i], '=');
        if (end_count == ENDS_MAX)
            bench_wrong("more than %d programs", ENDS_MAX);
        if (equals == NULL)
            bench_wrong("\"%s\" is not NAME=COMMAND", rivals[i]);
        *equals = '\0';
        ends[end_count++] = (struct end){.name = rivals[i],
                                         .command = equals + 1,
                                         .log = log,
                                         .warm_count = WARM_COUNT_OF_RIVALS};
    }
    measure_all(ends, end_count, SLOT_TCP_DIALS, ROUNDS_OF_RIVALS);
    measure_not_held(ends, end_count, SLOT_TCP_DIALS, 1);
    bench_print_table("through a filter, 128 B frames, 10,000 a second, half of them kept", "us");
    for (size_t i = 3; i < end_count; i++)
        judge_rival(ends[i].name);
}

int main(int count, char **arguments)
{
    const char *kind = count > 3 ? arguments[3] : "";
    bool is_rivals = strcmp(kind, "rivals") == 0;
    if (!(count == 4 && (strcmp(kind, "tcp") == 0 || strcmp(kind, "udp") == 0)) &&
        !(count > 4 && is_rivals)) {
        fprintf(stderr, "sockets_bench LEAT LOG tcp|udp|rivals [NAME=COMMAND...]\n");
        return 2;
    }
    bench_pin(BENCH_LOAD_CPU);
    printf("cpu_dma_latency is %sheld\n", bench_hold_wakeups(true) ? "" : "not ");
    if (is_rivals)
        bench_rivals(arguments[1], arguments[2], arguments + 4, count - 4);
    else
        bench_floor(arguments[1], arguments[2],
                    strcmp(kind, "tcp") == 0 ? SLOT_TCP_LISTENS : SLOT_UDP);
    return bench_status();
}
