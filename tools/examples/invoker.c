/*
 * A strategy that owns its thread, and its time: leat starts no thread and reads no clock here.
 * Each turn of the loop lets time go by, hands leat a quote, gives leat one bounded round of work,
 * and looks at what has come out. The same program gives the same result each time it runs, which
 * is what a replay or a test wants.
 *
 *     cc invoker.c $(pkg-config --cflags --libs leat) -o invoker && ./invoker
 *
 * The strategy: hold a position while the price is above its moving average.
 */
#include <leat.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUOTES = 20000, WINDOW = 16 };

/* Time as this program tells it: 10 microseconds between two quotes. */
struct time {
    int64_t now_ns;
};

static int64_t now_ns(void *user)
{
    return ((struct time *)user)->now_ns;
}

static int64_t wall_us(void *user)
{
    return 1700000000000000 + ((struct time *)user)->now_ns / 1000;
}

/* The operator: state is one lane's, and needs no lock. */
struct average {
    double sum, prices[WINDOW];
    int next, count;
};

static enum leat_action signal_of(void *state, const leat_row *quote, leat_out *out, uint32_t flags)
{
    struct average *average = (struct average *)state;
    (void)flags;
    leat_row *signal = leat_claim(out);
    if (signal == NULL)
        return LEAT_RETRY;
    double price = leat_row_f64(quote, 0);
    average->sum += price - average->prices[average->next];
    average->prices[average->next] = price;
    average->next = (average->next + 1) % WINDOW;
    average->count += average->count < WINDOW;
    leat_row_set_f64(signal, 0, price);
    leat_row_set_i64(signal, 1, price * average->count > average->sum);
    leat_commit(out, signal);
    return LEAT_DROP;
}

struct strategy {
    const struct time *time;
    int64_t signals, longs, slowest_ns;
};

static void act(void *user, const leat_row *signal)
{
    struct strategy *strategy = (struct strategy *)user;
    int64_t waited_ns = strategy->time->now_ns - leat_row_ingest_ns(signal);
    strategy->signals++;
    strategy->longs += leat_row_i64(signal, 1);
    if (waited_ns > strategy->slowest_ns)
        strategy->slowest_ns = waited_ns;
}

/* Up for 200 quotes, down for 200. */
static double price_at(int i)
{
    int phase = i % 400;
    return 100 + (phase < 200 ? phase : 400 - phase) / 20.0;
}

int main(void)
{
    struct time time = {1};
    struct average average = {.sum = 0};
    struct strategy strategy = {.time = &time};
    leat_context *context = leat_context_create();
    leat_context_set_clock(context, now_ns, wall_us, &time);
    leat_input *input = leat_input_create(context, "price DOUBLE", 64);
    leat_output *output = leat_output_create(context, 64);
    const leat_operator op = {.size = sizeof op,
                              .name = "signal",
                              .output_schema = "price DOUBLE, long BIGINT",
                              .user = &average,
                              .process = signal_of};
    leat_query *query = leat_query_create(context, NULL);
    int status = leat_query_write_output(query, leat_apply(leat_read_input(input), &op), output);
    if (status == LEAT_OK)
        status = leat_start_invoked(query);

    for (int i = 0; status >= 0 && i < QUOTES; i++) {
        time.now_ns += 10000;
        leat_row *quote = leat_input_claim(input);
        if (quote != NULL) {
            leat_row_set_f64(quote, 0, price_at(i));
            leat_input_commit(input, quote);
        }
        status = leat_do_work(query); /* reads, computes and writes what is there; never waits */
        leat_output_poll(output, act, &strategy, 64);
    }
    if (status >= 0)
        status = leat_stop(query, 1000000000);

    if (status != LEAT_OK)
        fprintf(stderr, "invoker: %s\n", leat_query_error(query));
    printf("%lld signals, long in %lld, the slowest after %lld ns\n", (long long)strategy.signals,
           (long long)strategy.longs, (long long)strategy.slowest_ns);
    leat_query_destroy(query);
    leat_context_destroy(context);
    /* Every quote was answered in the turn that it came in. */
    bool right = strategy.signals == QUOTES && strategy.longs > 0 && strategy.slowest_ns == 0;
    return status == LEAT_OK && right ? EXIT_SUCCESS : EXIT_FAILURE;
}
