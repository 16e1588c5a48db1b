/*
 * Rows in, an expression and a function of your own in the middle, rows out: in one process,
 * without a broker.
 *
 *     cc filter.c $(pkg-config --cflags --libs leat) -o filter && ./filter
 *
 * A thousand orders are pushed; test orders are filtered by an expression; the operator turns each
 * order into its value, in a row of another schema that it claims and fills in place.
 */
#include <leat.h>
#include <stdio.h>
#include <stdlib.h>

enum { ORDERS = 1000 };

/* The operator. It runs on leat's thread, between two rows: no allocation, no lock, no waiting. */
static enum leat_action value_of(void *state, const leat_row *order, leat_out *out, uint32_t flags)
{
    (void)state;
    (void)flags;
    leat_row *value = leat_claim(out);
    if (value == NULL)
        return LEAT_RETRY; /* all rows are on their way: the same order comes again */
    size_t size_bytes;
    const void *symbol = leat_row_bytes(order, 0, &size_bytes);
    /* Borrowed, not copied: leat holds the order as long as the row made from it. */
    if (leat_row_borrow_bytes(value, 0, symbol, size_bytes) != LEAT_OK) {
        leat_abort(out, value);
        leat_out_reason(out, "SYMBOL_TOO_LARGE", "the symbol is larger than a value can be");
        return LEAT_DEAD_LETTER;
    }
    leat_row_set_f64(value, 1, leat_row_f64(order, 1) * (double)leat_row_i64(order, 2));
    leat_commit(out, value);
    return LEAT_DROP; /* the order itself goes no further */
}

/* Pushes order number i; false when leat has no room for it now. */
static bool push(leat_input *input, int i)
{
    leat_row *row = leat_input_claim(input);
    if (row == NULL)
        return false;
    const char *symbol = i % 4 == 0 ? "TEST" : "LEAT";
    if (leat_row_set_bytes(row, 0, symbol, 4) != LEAT_OK) {
        leat_input_abort(input, row);
        return false;
    }
    leat_row_set_f64(row, 1, 0.5);
    leat_row_set_i64(row, 2, i);
    leat_input_commit(input, row);
    return true;
}

struct sum {
    int count;
    double total;
};

static void add(void *user, const leat_row *value)
{
    struct sum *sum = (struct sum *)user;
    sum->count++;
    sum->total += leat_row_f64(value, 1);
}

int main(void)
{
    leat_context *context = leat_context_create();
    leat_input *input =
        leat_input_create(context, "symbol STRING, price DOUBLE, quantity BIGINT", 256);
    leat_output *output = leat_output_create(context, 256);

    const leat_operator op = {
        .size = sizeof op,
        .name = "value",
        .output_schema = "symbol STRING, value DOUBLE",
        .process = value_of,
    };
    leat_stream *orders = leat_filter(leat_read_input(input), "symbol <> 'TEST'");
    leat_query *query = leat_query_create(context, leat_options_of("queryName", "values", NULL));
    /* One check at the end of the chain: the first error of the builder comes out here. */
    int status = leat_query_write_output(query, leat_apply(orders, &op), output);
    if (status == LEAT_OK)
        status = leat_start(query);

    struct sum sum = {0, 0};
    for (int i = 0; status == LEAT_OK && i < ORDERS;) {
        if (push(input, i))
            i++;
        else
            leat_output_poll(output, add, &sum, 256);
    }
    leat_input_end(input); /* no more will come: the query ends when all are through */
    do {
        leat_output_poll(output, add, &sum, 256);
        if (status == LEAT_OK || status == LEAT_ERROR_TIMEOUT)
            status = leat_await(query, 1000000);
    } while (status == LEAT_ERROR_TIMEOUT);
    while (leat_output_poll(output, add, &sum, 256) > 0) {
        /* what the query had written before it ended */
    }

    if (status != LEAT_OK)
        fprintf(stderr, "filter: %s\n", leat_query_error(query));
    else
        printf("%d values, %.1f in all\n", sum.count, sum.total);
    leat_query_destroy(query);
    leat_context_destroy(context);
    return status == LEAT_OK && sum.count == 750 && sum.total == 187500.0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
