/*
 * The example filter in C++: rows in, an expression and a function of your own in the middle, rows
 * out.
 *
 *     c++ -std=c++17 filter.cc $(pkg-config --cflags --libs leat) -o filter && ./filter
 *
 * Handles fit std::unique_ptr; lambdas that capture nothing fit leat's functions. No exception may
 * leave one of them.
 */
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <leat.h>

namespace
{

using context_handle = std::unique_ptr<leat_context, decltype(&leat_context_destroy)>;
using query_handle = std::unique_ptr<leat_query, decltype(&leat_query_destroy)>;

struct sum {
    int count = 0;
    double total = 0;
};

void add(void *user, const leat_row *value)
{
    auto *into = static_cast<sum *>(user);
    into->count++;
    into->total += leat_row_f64(value, 1);
}

leat_operator make_operator()
{
    leat_operator op{};
    op.size = sizeof op;
    op.name = "value";
    op.output_schema = "symbol STRING, value DOUBLE";
    op.process = [](void *, const leat_row *order, leat_out *out, uint32_t) {
        leat_row *value = leat_claim(out);
        if (value == nullptr)
            return LEAT_RETRY;
        size_t size_bytes;
        const void *symbol = leat_row_bytes(order, 0, &size_bytes);
        if (leat_row_borrow_bytes(value, 0, symbol, size_bytes) != LEAT_OK) {
            leat_abort(out, value);
            return LEAT_DEAD_LETTER;
        }
        const auto quantity = static_cast<double>(leat_row_i64(order, 2));
        leat_row_set_f64(value, 1, leat_row_f64(order, 1) * quantity);
        leat_commit(out, value);
        return LEAT_DROP;
    };
    return op;
}

bool push(leat_input *input, int i)
{
    leat_row *row = leat_input_claim(input);
    if (row == nullptr)
        return false;
    if (leat_row_set_bytes(row, 0, i % 4 == 0 ? "TEST" : "LEAT", 4) != LEAT_OK) {
        leat_input_abort(input, row);
        return false;
    }
    leat_row_set_f64(row, 1, 0.5);
    leat_row_set_i64(row, 2, i);
    leat_input_commit(input, row);
    return true;
}

} // namespace

int main()
{
    const context_handle context(leat_context_create(), leat_context_destroy);
    leat_input *input =
        leat_input_create(context.get(), "symbol STRING, price DOUBLE, quantity BIGINT", 256);
    leat_output *output = leat_output_create(context.get(), 256);
    const leat_operator op = make_operator();
    leat_stream *orders = leat_filter(leat_read_input(input), "symbol <> 'TEST'");
    const query_handle query(leat_query_create(context.get(), nullptr), leat_query_destroy);

    int status = leat_query_write_output(query.get(), leat_apply(orders, &op), output);
    if (status == LEAT_OK)
        status = leat_start(query.get());
    sum values;
    for (int i = 0; status == LEAT_OK && i < 1000;) {
        if (push(input, i))
            i++;
        else
            leat_output_poll(output, add, &values, 256);
    }
    leat_input_end(input);
    do {
        leat_output_poll(output, add, &values, 256);
        if (status == LEAT_OK || status == LEAT_ERROR_TIMEOUT)
            status = leat_await(query.get(), 1000000);
    } while (status == LEAT_ERROR_TIMEOUT);
    while (leat_output_poll(output, add, &values, 256) > 0) {
        // what the query had written before it ended
    }

    if (status != LEAT_OK)
        std::fprintf(stderr, "filter: %s\n", leat_query_error(query.get()));
    else
        std::printf("%d values, %.1f in all\n", values.count, values.total);
    return status == LEAT_OK && values.count == 750 && values.total == 187500.0 ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
