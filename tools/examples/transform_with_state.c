/*
 * State of your own: what each user has spent in each five minutes, given out when the watermark
 * has passed them.
 *
 *     cc transform_with_state.c $(pkg-config --cflags --libs leat) -o transform_with_state
 *     ./transform_with_state /data/events /data/spent /var/lib/leat/spent
 *
 * Events are JSON lines in files: {"user":"u","at":"2026-01-01T10:00:00Z","amount":3}. Of each user
 * the processor keeps a map of open windows, a timer at the end of each, and how many it has
 * closed. All of it is checkpointed with the batch that changed it: the program may die at any
 * moment, and each window is in the output's files once.
 *
 * With a fourth argument it ends when what is there now has been read.
 */
#include <inttypes.h>
#include <leat_processor.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { USER, AT, AMOUNT };                  /* columns of an event */
enum { OUT_USER, NUMBER, BEGIN, COUNT, SUM }; /* and of what comes out */
#define WINDOW_MS (5 * 60 * INT64_C(1000))

/* The state of one instance: it has some of the users for itself. */
struct spending {
    leat_variable *windows; /* of a user: begin -> count, sum */
    leat_variable *closed;  /* how many were given out */
};

static int init(void *user, leat_state *state, void **own)
{
    (void)user;
    struct spending *spending = (struct spending *)malloc(sizeof *spending);
    if (spending == NULL)
        return LEAT_ERROR_NO_MEMORY;
    *own = spending;
    spending->windows =
        leat_state_map(state, "windows", "begin BIGINT", "count BIGINT, sum BIGINT", 0);
    spending->closed = leat_state_value(state, "closed", "count BIGINT", 0);
    return LEAT_OK; /* if a declaration has failed the query does not start, and says why */
}

static void add(struct spending *spending, leat_state *state, const leat_row *event)
{
    int64_t at_ms = leat_row_i64(event, AT) / 1000, begin_ms = at_ms - at_ms % WINDOW_MS;
    leat_row_set_i64(leat_variable_key(spending->windows), 0, begin_ms);
    const leat_row *before = leat_map_get(spending->windows);
    int64_t count = before != NULL ? leat_row_i64(before, 0) : 0;
    int64_t sum = before != NULL ? leat_row_i64(before, 1) : 0;
    leat_row *window = leat_variable_row(spending->windows);
    leat_row_set_i64(window, 0, count + 1);
    leat_row_set_i64(window, 1, sum + leat_row_i64(event, AMOUNT));
    leat_row_set_i64(leat_variable_key(spending->windows), 0, begin_ms);
    leat_map_put(spending->windows);
    leat_timer_set(state, begin_ms + WINDOW_MS);
}

static int handle_rows(void *own, leat_state *state, const leat_row *user, leat_rows *rows,
                       leat_out *out)
{
    const leat_row *event;
    (void)user;
    (void)out;
    while ((event = leat_rows_next(rows)) != NULL)
        if (!leat_row_is_null(event, AT) && !leat_row_is_null(event, AMOUNT))
            add((struct spending *)own, state, event);
    return LEAT_OK;
}

/* The watermark has passed the end of a window: no event of it will come any more. */
static int handle_timer(void *own, leat_state *state, const leat_row *user, int64_t expiry_ms,
                        leat_out *out)
{
    struct spending *spending = (struct spending *)own;
    size_t size_bytes;
    const void *name = leat_row_bytes(user, 0, &size_bytes);
    const leat_row *before = leat_value_get(spending->closed);
    int64_t closed = before != NULL ? leat_row_i64(before, 0) + 1 : 1;
    leat_row_set_i64(leat_variable_key(spending->windows), 0, expiry_ms - WINDOW_MS);
    const leat_row *window = leat_map_get(spending->windows);
    if (window == NULL) {
        leat_state_reason(state, "a timer of a window that is not there");
        return LEAT_ERROR_CORRUPT;
    }
    leat_row *row = leat_claim(out);
    if (name == NULL)
        leat_row_set_null(row, OUT_USER);
    else if (leat_row_set_bytes(row, OUT_USER, name, size_bytes) != LEAT_OK)
        leat_row_set_null(row, OUT_USER);
    leat_row_set_i64(row, NUMBER, closed);
    leat_row_set_i64(row, BEGIN, expiry_ms - WINDOW_MS);
    leat_row_set_i64(row, COUNT, leat_row_i64(window, 0));
    leat_row_set_i64(row, SUM, leat_row_i64(window, 1));
    leat_commit(out, row);

    leat_row_set_i64(leat_variable_key(spending->windows), 0, expiry_ms - WINDOW_MS);
    leat_map_remove(spending->windows);
    leat_row_set_i64(leat_variable_row(spending->closed), 0, closed);
    return leat_value_set(spending->closed);
}

/* ---------------------------------------------------------------------------------- the query */

/* leat_request_stop is not for signal handlers: the wait below looks at this. */
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

static int run(leat_query *query)
{
    int status = leat_start(query);
    if (status != LEAT_OK)
        return status;
    while ((status = leat_await(query, 100 * INT64_C(1000000))) == LEAT_ERROR_TIMEOUT)
        if (is_interrupted)
            return leat_stop(query, -1);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: transform_with_state EVENTS OUT CHECKPOINT [now]\n");
        return 2;
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    const leat_processor processor = {
        .size = sizeof processor,
        .name = "spending",
        .output_schema = "user STRING, number BIGINT, begin BIGINT, count BIGINT, sum BIGINT",
        .time_mode = LEAT_TIME_EVENT,
        .init = init,
        .handle_rows = handle_rows,
        .handle_timer = handle_timer,
        .close = free,
    };
    leat_context *context = leat_context_create();
    leat_stream *events =
        leat_read(context, "json",
                  leat_options_of("path", argv[1], "maxFilesPerTrigger", "4", NULL),
                  "user STRING, at TIMESTAMP, amount BIGINT");
    leat_stream *spent = leat_transform_with_state(
        leat_with_watermark(events, "at", "2 minutes"), "user", &processor);
    leat_query *query = leat_query_create(
        context, leat_options_of("queryName", "spent", "checkpointLocation", argv[3], NULL));
    /* One check at the end of the chain: the first error of the builder comes out here. */
    int status = leat_query_write(query, spent, "json", leat_options_of("path", argv[2], NULL));
    if (status == LEAT_OK && argc > 4)
        status = leat_query_trigger_available_now(query);
    if (status == LEAT_OK)
        status = run(query);
    if (status != LEAT_OK)
        fprintf(stderr, "transform_with_state: %s\n", leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
    return status == LEAT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
