/*
 * `make demo`: a whole pipeline without a Kafka. A mock broker in this process, orders sent into
 * one topic, the library's relay with a filter, and a reader of the other topic that holds what
 * came out against what was sent. It ends by itself and says whether anything was lost or doubled;
 * its exit status says so too.
 *
 * One thread does all of the demo's own work in ticks of a timer; the relay runs on the library's.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/demo/audit.h"
#include "tools/demo/broker.h"
#include "tools/demo/orders.h"
#include "tools/quantity.h"

static const char in_topic[] = "orders", out_topic[] = "big-buys";

enum {
    TICK_MS = 10,
    TICKS_PER_SECOND = 1000 / TICK_MS,
    REST_TICKS = 500, /* nothing came for so long: what is missing is lost */
    AFTER_TICKS = 50, /* after the last order, so that a double has time to come too */
    DEFAULT_SECONDS = 10,
    DEFAULT_RATE = 2000, /* orders per second */
};

struct demo {
    int64_t seconds, rate;
    struct lt_demo_broker *broker;
    struct lt_demo_audit audit;
    leat_context *context;
    leat_query *query;
    leat_admin_window *window;
    char folder[64]; /* the checkpoint */
    int timer_fd;
    bool is_terminal, has_table;
    uint64_t sent_before, seen_before; /* a second ago */
};

/* ----------------------------------------------------------------------------------- the relay */

static int build_relay(struct demo *demo)
{
    const char *address = lt_demo_broker_address(demo->broker);
    demo->context = leat_context_create();
    /* The mock broker sits out the whole wait of a fetch: make it short. */
    leat_stream *orders =
        leat_read(demo->context, "kafka",
                  leat_options_of("kafka.bootstrap.servers", address, "subscribe", in_topic,
                                  "startingOffsets", "earliest", "includeHeaders", "true",
                                  "kafka.fetch.wait.max.ms", "5", NULL),
                  NULL);
    leat_stream *kept = leat_filter(orders, LT_DEMO_FILTER);
    demo->query =
        leat_query_create(demo->context, leat_options_of("checkpointLocation", demo->folder,
                                                         "queryName", "demo", NULL));
    return leat_query_write(
        demo->query, kept, "kafka",
        leat_options_of("kafka.bootstrap.servers", address, "topic", out_topic, NULL));
}

static int start_relay(struct demo *demo)
{
    const char *base = getenv("TMPDIR");
    snprintf(demo->folder, sizeof demo->folder, "%.40s/leat-demo-XXXXXX",
             base != NULL ? base : "/tmp");
    if (mkdtemp(demo->folder) == NULL) {
        demo->folder[0] = '\0';
        lt_tool_say("cannot make a folder for the checkpoint: %s", strerror(errno));
        return LT_TOOL_FAILED;
    }
    if (build_relay(demo) != LEAT_OK || leat_start(demo->query) != LEAT_OK ||
        leat_await_ready(demo->query, INT64_C(10000000000)) != LEAT_OK) {
        lt_tool_say("%s", leat_query_error(demo->query));
        return LT_TOOL_FAILED;
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void close_demo(struct demo *demo)
{
    leat_admin_window_destroy(demo->window);
    leat_query_destroy(demo->query);
    leat_context_destroy(demo->context);
    lt_demo_broker_stop(demo->broker);
    lt_demo_audit_fini(&demo->audit);
    if (demo->timer_fd >= 0)
        close(demo->timer_fd);
    if (demo->folder[0] != '\0' && nftw(demo->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        lt_tool_say("cannot remove \"%s\": %s", demo->folder, strerror(errno));
}

/* ----------------------------------------------------------------------------------- the table */

static void print_latency(struct demo *demo)
{
    int64_t count = 0, p50, p99, p999, max;
    char a[LT_TOOL_QUANTITY_SIZE], b[LT_TOOL_QUANTITY_SIZE], c[LT_TOOL_QUANTITY_SIZE],
        d[LT_TOOL_QUANTITY_SIZE];
    if (!leat_admin_latency_since(demo->query, &demo->window, &count, &p50, &p99, &p999, &max) ||
        count == 0)
        return;
    printf("  p50 %s  p99 %s  p99.9 %s  max %s (mock broker: not a benchmark)",
           lt_tool_quantity_duration(p50, a), lt_tool_quantity_duration(p99, b),
           lt_tool_quantity_duration(p999, c), lt_tool_quantity_duration(max, d));
}

static void print_rates(struct demo *demo, uint64_t second)
{
    const struct lt_demo_audit *audit = &demo->audit;
    printf("%3" PRIu64 " s  in %" PRIu64 "/s  out %" PRIu64 "/s", second,
           audit->sent - demo->sent_before, audit->seen - demo->seen_before);
    print_latency(demo);
    printf("%s\n", demo->is_terminal ? "\033[K" : "");
    demo->sent_before = audit->sent;
    demo->seen_before = audit->seen;
}

static void print_second(struct demo *demo, uint64_t second)
{
    const struct lt_demo_audit *audit = &demo->audit;
    if (demo->has_table)
        printf("\033[%dA", LT_DEMO_SYMBOL_COUNT + 2);
    print_rates(demo, second);
    if (demo->is_terminal) {
        printf("     %-8s %10s %10s %10s\033[K\n", "symbol", "orders", "kept", "last");
        for (size_t i = 0; i < LT_DEMO_SYMBOL_COUNT; i++)
            printf("     %-8s %10" PRIu64 " %10" PRIu64 " %7u.%02u\033[K\n", lt_demo_symbols[i],
                   audit->symbols[i].sent, audit->symbols[i].kept,
                   audit->symbols[i].last_cents / 100, audit->symbols[i].last_cents % 100);
        demo->has_table = true;
    }
    fflush(stdout);
}

/* ----------------------------------------------------------------------------------- the ticks */

/* Sends what is due by now; a full queue makes it due again in the next tick. */
static void send_due(struct demo *demo, uint64_t tick)
{
    uint64_t due = tick * (uint64_t)demo->rate / TICKS_PER_SECOND;
    char text[LT_DEMO_ORDER_SIZE];
    while (demo->audit.sent < due) {
        struct lt_demo_order order = lt_demo_order_make(demo->audit.sent);
        size_t size_bytes = lt_demo_order_text(&order, text);
        if (!lt_demo_broker_send(demo->broker, lt_demo_symbols[order.symbol], text, size_bytes))
            return;
        lt_demo_audit_sent(&demo->audit, &order);
    }
}

/* How many ticks have passed since the last call; waits for the next one. */
static uint64_t wait_ticks(const struct demo *demo)
{
    uint64_t ticks = 0;
    struct pollfd timer = {.fd = demo->timer_fd, .events = POLLIN};
    if (poll(&timer, 1, -1) < 0 || read(demo->timer_fd, &ticks, sizeof ticks) != sizeof ticks)
        return 0;
    return ticks;
}

/* Sends for the time that was asked for, then waits until all came out or nothing comes any more.
 */
static void run_ticks(struct demo *demo)
{
    uint64_t end = (uint64_t)demo->seconds * TICKS_PER_SECOND, rest = 0, after = 0;
    for (uint64_t tick = 0;
         rest < REST_TICKS && after < AFTER_TICKS && leat_is_active(demo->query);) {
        uint64_t ticks = wait_ticks(demo), before = demo->audit.seen,
                 second = tick / TICKS_PER_SECOND;
        tick += ticks;
        send_due(demo, tick < end ? tick : end);
        uint64_t acknowledged = lt_demo_broker_acknowledged(demo->broker);
        lt_demo_broker_read(demo->broker, lt_demo_audit_read, &demo->audit);
        if (tick / TICKS_PER_SECOND != second && tick <= end)
            print_second(demo, tick / TICKS_PER_SECOND);
        if (tick < end || acknowledged < demo->audit.sent)
            continue;
        rest = demo->audit.seen != before ? 0 : rest + ticks;
        after = demo->audit.seen == demo->audit.expected ? after + ticks : 0;
    }
}

/* --------------------------------------------------------------------------------- the account */

static void print_own_broker(void)
{
    printf("\nWith a broker of your own:\n"
           "  build/leat relay kafka://127.0.0.1:9092/%s kafka://127.0.0.1:9092/%s \\\n"
           "      --where \"%s\" --checkpoint /tmp/leat-orders\n",
           in_topic, out_topic, LT_DEMO_FILTER);
}

static int print_account(struct demo *demo)
{
    const struct lt_demo_audit *audit = &demo->audit;
    leat_totals totals = {.size = sizeof totals};
    int code = leat_stop(demo->query, -1);
    if (code != LEAT_OK)
        lt_tool_say("%s", leat_query_error(demo->query));
    if (leat_query_totals(demo->query, &totals) != LEAT_OK)
        lt_tool_say("%s", leat_query_error(demo->query));
    lt_demo_broker_read(demo->broker, lt_demo_audit_read, &demo->audit);
    uint64_t filtered = totals.records_filtered;
    printf("read %" PRIu64 ", kept %" PRIu64 ", filtered %" PRIu64 ", lost %" PRIu64
           ", duplicated %" PRIu64 "\n",
           totals.records_in, audit->seen, filtered, audit->expected - audit->seen,
           audit->duplicated);
    if (audit->wrong > 0)
        printf("%" PRIu64 " records came out that should not have, or damaged\n", audit->wrong);
    bool is_exact = code == LEAT_OK && audit->wrong == 0 && audit->duplicated == 0 &&
                    audit->seen == audit->expected && totals.records_in == audit->sent &&
                    filtered == audit->sent - audit->expected;
    if (!is_exact)
        printf("sent %" PRIu64 ", to be kept %" PRIu64 ": this does not fit together\n",
               audit->sent, audit->expected);
    print_own_broker();
    return is_exact ? LT_TOOL_OK : LT_TOOL_FAILED;
}

static int start_timer(struct demo *demo)
{
    const struct timespec tick = {0, TICK_MS * 1000000L};
    const struct itimerspec timer = {tick, tick};
    demo->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (demo->timer_fd >= 0 && timerfd_settime(demo->timer_fd, 0, &timer, NULL) == 0)
        return 0;
    lt_tool_say("no timer: %s", strerror(errno));
    return LT_TOOL_FAILED;
}

static int run(struct demo *demo)
{
    demo->broker = lt_demo_broker_start(in_topic, out_topic);
    if (demo->broker == NULL)
        return LT_TOOL_FAILED;
    int status = start_relay(demo);
    if (status != 0)
        return status;
    printf("A mock broker on %s; %" PRId64 " orders a second go into \"%s\", and leat relays to "
           "\"%s\" where\n  %s\nfor %" PRId64 " seconds.\n\n",
           lt_demo_broker_address(demo->broker), demo->rate, in_topic, out_topic, LT_DEMO_FILTER,
           demo->seconds);
    status = start_timer(demo);
    if (status != 0)
        return status;
    run_ticks(demo);
    return print_account(demo);
}

int main(int count, char **arguments)
{
    struct demo demo = {.seconds = DEFAULT_SECONDS,
                        .rate = DEFAULT_RATE,
                        .timer_fd = -1,
                        .is_terminal = isatty(STDOUT_FILENO) == 1};
    lt_tool_speaker("leat-demo");
    for (int i = 1; i < count; i++) {
        char *end = NULL;
        int64_t number = i + 1 < count ? strtoll(arguments[i + 1], &end, 10) : 0;
        bool is_number = end != NULL && *end == '\0' && number > 0 && number <= 1000000;
        if (strcmp(arguments[i], "--seconds") == 0 && is_number)
            demo.seconds = number;
        else if (strcmp(arguments[i], "--rate") == 0 && is_number)
            demo.rate = number;
        else
            return lt_tool_wrong("usage: leat-demo [--seconds N] [--rate ORDERS_PER_SECOND]");
        i++;
    }
    leat_set_log_level(LEAT_LOG_WARN);
    int status = run(&demo);
    close_demo(&demo);
    return lt_tool_finish(status);
}
