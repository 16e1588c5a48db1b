/*
 * foreachBatch: each micro-batch goes to several places, all of it exactly once.
 *
 *     cc foreach_batch.c $(pkg-config --cflags --libs leat) -o foreach_batch
 *     ./foreach_batch /data/orders /data/out /var/lib/leat/orders
 *
 * Orders are JSON lines in files: {"id":1,"sym":"A","price":2.5}. For each batch the function
 * writes the orders that are right, those that are not, and a line of totals by symbol - three
 * files that bear the batch's number. They are written beside their names, synced and renamed into
 * place: when the program dies half-way the batch comes again with the same number and the same
 * orders, and writes the same files.
 *
 * With a fourth argument it ends when what is there now has been written.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <leat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID, SYMBOL, PRICE }; /* columns */
enum { SYMBOLS_MAX = 64, PATH_BYTES = 4096 };

struct total {
    char symbol[32];
    uint64_t orders;
    double value;
};

struct totals {
    struct total items[SYMBOLS_MAX];
    size_t count;
};

static bool is_right(const leat_row *order)
{
    size_t size_bytes;
    (void)leat_row_bytes(order, SYMBOL, &size_bytes);
    return !leat_row_is_null(order, ID) && !leat_row_is_null(order, PRICE) &&
           leat_row_f64(order, PRICE) > 0 && size_bytes > 0 &&
           size_bytes < sizeof((struct total *)0)->symbol;
}

static void write_order(FILE *out, const leat_row *order)
{
    size_t size_bytes;
    const char *symbol = (const char *)leat_row_bytes(order, SYMBOL, &size_bytes);
    int64_t id = leat_row_is_null(order, ID) ? 0 : leat_row_i64(order, ID);
    double price = leat_row_is_null(order, PRICE) ? 0 : leat_row_f64(order, PRICE);
    fprintf(out, "%" PRId64 " %.*s %.2f\n", id, (int)size_bytes, symbol != NULL ? symbol : "",
            price);
}

/* Two files from one pass over the batch. */
static void split(leat_batch *batch, FILE *right, FILE *wrong)
{
    const leat_row *order;
    while ((order = leat_batch_next(batch)) != NULL)
        write_order(is_right(order) ? right : wrong, order);
}

/* And a second pass for what is computed of all of it. False: too many symbols. */
static bool add_up(leat_batch *batch, struct totals *totals)
{
    const leat_row *order;
    totals->count = 0;
    leat_batch_rewind(batch);
    while ((order = leat_batch_next(batch)) != NULL) {
        size_t size_bytes, at = 0;
        const char *symbol = (const char *)leat_row_bytes(order, SYMBOL, &size_bytes);
        if (!is_right(order))
            continue;
        while (at < totals->count && (strlen(totals->items[at].symbol) != size_bytes ||
                                      memcmp(totals->items[at].symbol, symbol, size_bytes) != 0))
            at++;
        if (at == SYMBOLS_MAX)
            return false;
        if (at == totals->count) {
            struct total *fresh = &totals->items[totals->count++];
            memset(fresh, 0, sizeof *fresh);
            memcpy(fresh->symbol, symbol, size_bytes);
        }
        totals->items[at].orders++;
        totals->items[at].value += leat_row_f64(order, PRICE);
    }
    return true;
}

/* ---------------------------------------------------------------------------- files by number */

static FILE *open_beside(const char *folder, const char *name, uint64_t batch)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/.%s-%" PRIu64, folder, name, batch);
    return fopen(path, "w");
}

/* Under its own name, for good. False, with errno: it is not there. */
static bool put_in_place(FILE *file, const char *folder, const char *name, uint64_t batch)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    snprintf(from, sizeof from, "%s/.%s-%" PRIu64, folder, name, batch);
    snprintf(to, sizeof to, "%s/%s-%" PRIu64, folder, name, batch);
    int result = fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : -1;
    if (fclose(file) != 0)
        result = -1;
    return result == 0 && rename(from, to) == 0;
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_synced;
}

/* -------------------------------------------------------------------------------- the function */

static int fail(leat_batch *batch, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    leat_batch_reason(batch, text);
    return LEAT_ERROR_IO;
}

static int write_batch(void *user, leat_batch *batch)
{
    static const char *const names[] = {"orders", "wrong", "totals"};
    enum { FILES = sizeof names / sizeof names[0] };
    const char *folder = (const char *)user;
    uint64_t number = leat_batch_id(batch);
    struct totals totals;
    FILE *files[FILES] = {NULL};
    if (leat_batch_row_count(batch) == 0)
        return LEAT_OK;
    if (!add_up(batch, &totals)) {
        leat_batch_reason(batch, "more symbols in a batch than this program has room for");
        return LEAT_ERROR_LIMIT;
    }
    for (int i = 0; i < FILES; i++) {
        files[i] = open_beside(folder, names[i], number);
        if (files[i] == NULL) {
            while (i-- > 0)
                fclose(files[i]);
            return fail(batch, folder);
        }
    }
    split(batch, files[0], files[1]);
    for (size_t i = 0; i < totals.count; i++)
        fprintf(files[2], "%s %" PRIu64 " %.2f\n", totals.items[i].symbol, totals.items[i].orders,
                totals.items[i].value);
    bool is_good = true;
    for (int i = 0; i < FILES; i++)
        is_good = put_in_place(files[i], folder, names[i], number) && is_good;
    return is_good && sync_folder(folder) ? LEAT_OK : fail(batch, folder);
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
        fprintf(stderr, "usage: foreach_batch ORDERS OUT CHECKPOINT [now]\n");
        return 2;
    }
    if (mkdir(argv[2], 0777) != 0 && errno != EEXIST) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    leat_context *context = leat_context_create();
    leat_stream *orders =
        leat_read(context, "json",
                  leat_options_of("path", argv[1], "maxFilesPerTrigger", "4", NULL),
                  "id BIGINT, sym STRING, price DOUBLE");
    leat_query *query = leat_query_create(
        context, leat_options_of("queryName", "orders", "checkpointLocation", argv[3], NULL));
    int status = leat_query_foreach_batch(query, orders, write_batch, argv[2]);
    if (status == LEAT_OK && argc > 4)
        status = leat_query_trigger_available_now(query);
    if (status == LEAT_OK)
        status = run(query);
    if (status != LEAT_OK)
        fprintf(stderr, "foreach_batch: %s\n", leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
    return status == LEAT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
