// Filter and expressions by hand on simdjson: see by_hand.h.
#include "bench/sql/by_hand.h"

#include <simdjson.h>

#include <cstring>
#include <string_view>

namespace ondemand = simdjson::ondemand;
using std::string_view;

static_assert(ROW_PADDING_BYTES >= simdjson::SIMDJSON_PADDING, "what simdjson may read");

namespace
{

ondemand::parser &the_parser()
{
    static ondemand::parser parser;
    return parser;
}

// What leaves a row: the sink of the hand-written loop. Not inlined, so that the row is made.
struct out_row {
    int64_t notional, bucket, month, days, weekday, position;
    double fee;
    string_view symbol, pair, client, grade, broker;
    bool has_broker;
};

__attribute__((noinline)) void take(answer *out, const out_row &row)
{
    out->count++;
    answer_add_i64(out, 0, row.notional);
    answer_add_i64(out, 1, row.bucket);
    answer_add_f64(out, 2, row.fee);
    answer_add_i64(out, 3, row.month);
    answer_add_i64(out, 4, row.days);
    answer_add_i64(out, 5, row.weekday);
    answer_add_text(out, 6, row.symbol.size());
    answer_add_text(out, 7, row.pair.size());
    answer_add_text(out, 8, row.client.size());
    answer_add_text(out, 9, row.grade.size());
    answer_add_text(out, 10, row.broker.size());
    answer_add_i64(out, 11, row.position);
}

__attribute__((noinline)) void take_value(answer *out, string_view value)
{
    out->count++;
    answer_add_text(out, 0, value.size());
}

int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

// Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March.
int64_t days_of(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400, of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * INT64_C(146097) + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// The texts that are made for a row.
struct row_texts {
    char symbol[32], pair[64];
};

string_view lower(string_view text, char *out)
{
    for (size_t i = 0; i < text.size(); i++)
        out[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    return {out, text.size()};
}

string_view join(string_view a, string_view b, char *out)
{
    memcpy(out, a.data(), a.size());
    out[a.size()] = '/';
    memcpy(out + a.size() + 1, b.data(), b.size());
    return {out, a.size() + 1 + b.size()};
}

// The fields in the documents' order. False: this is no such order.
bool read_order(ondemand::document &document, out_row *row, row_texts *texts)
{
    int64_t id, price, quantity;
    string_view symbol, side, client, day;
    if (document["id"].get(id) || document["sym"].get(symbol) || document["side"].get(side) ||
        document["client"].get(client) || document["price"].get(price) ||
        document["qty"].get(quantity) || document["fee"].get(row->fee) ||
        document["day"].get(day) || day.size() != 10 || symbol.size() > sizeof texts->symbol ||
        symbol.size() + side.size() >= sizeof texts->pair)
        return false;
    row->has_broker = document["broker"].get(row->broker) == simdjson::SUCCESS;
    if (!row->has_broker)
        row->broker = "none";
    int year = digits(day.data(), 4), month = digits(day.data() + 5, 2);
    int64_t days = days_of(year, month, digits(day.data() + 8, 2));
    row->notional = price * quantity;
    row->bucket = (id + quantity) % 97;
    row->fee *= static_cast<double>(price);
    row->month = year * 12 + month;
    row->days = days - 20454; // 2026-01-01
    row->weekday = (days + 3 + 4) % 7 + 1;
    row->symbol = lower(symbol, texts->symbol);
    row->pair = join(symbol, side, texts->pair);
    row->client = client.size() > 2 ? client.substr(2, 4) : string_view();
    row->grade = price > 150 ? "high" : price > 50 ? "middle" : "low";
    row->position = side == "buy" ? quantity : -quantity;
    return true;
}

} // namespace

// The symbol stands before the price and passes fewer rows, so it is asked first.
answer by_hand_filter(const bench_rows *rows)
{
    ondemand::parser &parser = the_parser();
    answer out = {};
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t size_bytes;
        const char *text = bench_rows_text(rows, i, &size_bytes);
        ondemand::document document;
        string_view symbol;
        int64_t price;
        if (parser.iterate(text, size_bytes, size_bytes + ROW_PADDING_BYTES).get(document))
            continue;
        if (document["sym"].get(symbol) || symbol != "X")
            continue;
        if (document["price"].get(price) || price <= 100)
            continue;
        take_value(&out, {text, size_bytes});
    }
    return out;
}

answer by_hand_expressions(const bench_rows *rows)
{
    ondemand::parser &parser = the_parser();
    answer out = {};
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t size_bytes;
        const char *text = bench_rows_text(rows, i, &size_bytes);
        ondemand::document document;
        out_row row;
        row_texts texts;
        if (!parser.iterate(text, size_bytes, size_bytes + ROW_PADDING_BYTES).get(document) &&
            read_order(document, &row, &texts))
            take(&out, row);
    }
    return out;
}
