#include "bench/sql/engine.h"

#include <stdlib.h>
#include <string.h>

#include "bench/verdict.h"
#include "core/data/row.h"
#include "core/leat.h"

enum { CONTINUOUS_HOURS = 1, DECIMAL_UNIT = 1000 /* of three places */ };

struct engine {
    leat_context *context;
    leat_query *query;
    const struct bench_rows *rows;
    const char *columns;
    uint32_t column_count;
    int64_t position, end; /* rows read so far, and to be read */
    uint32_t index;        /* of the next row */
    struct answer answer;
};

/* ----------------------------------------------------------------------------------- the source */

/* Rows are filled and looked at as leat's own connectors do it: in place, by the room's header, and
 * with the word for what may be read past the end of a text, which the public header has not. */
static union lt_value *begin_row(leat_row *row)
{
    struct lt_row *own = (struct lt_row *)(void *)row;
    lt_row_nulls(own)[0] = 0;
    return lt_row_values(own);
}

static union lt_value borrowed(const char *text, size_t size_bytes)
{
    union lt_value value = lt_value_bytes(text, (uint32_t)size_bytes);
    value.bytes.padding_bytes = ROW_PADDING_BYTES;
    return value;
}

static void fill_text(const struct bench_rows *rows, uint32_t index, leat_row *row)
{
    size_t size_bytes;
    const char *text = bench_rows_text(rows, index, &size_bytes);
    begin_row(row)[0] = borrowed(text, size_bytes);
}

static void fill_bid(const struct bench_rows *rows, uint32_t index, leat_row *row)
{
    const struct bid *bid = &rows->bids[index];
    union lt_value *values = begin_row(row);
    values[0].i64 = bid->auction;
    values[1].i64 = bid->bidder;
    values[2].i64 = bid->price;
    values[3] = borrowed(bid->channel, bid->channel_bytes);
    values[4] = borrowed(bid->url, bid->url_bytes);
    values[5].i64 = bid->time_us;
    values[6] = borrowed(bid->extra, bid->extra_bytes);
}

/* With `fill` in line: the source costs its rows little. */
static inline __attribute__((always_inline)) enum leat_poll
poll_rows(struct engine *engine, leat_out *out, uint32_t limit, int64_t *position,
          void (*fill)(const struct bench_rows *rows, uint32_t index, leat_row *row))
{
    const struct bench_rows *rows = engine->rows;
    uint32_t index = engine->index, left = (uint32_t)(engine->end - engine->position);
    limit = limit < left ? limit : left;
    uint32_t count = 0;
    for (; count < limit; count++) {
        leat_row *row = leat_claim(out);
        if (row == NULL)
            break;
        fill(rows, index, row);
        leat_commit(out, row);
        index = index + 1 < rows->count ? index + 1 : 0;
    }
    engine->index = index;
    engine->position += count;
    *position = engine->position;
    return engine->position < engine->end ? LEAT_POLL_MORE : LEAT_POLL_IDLE;
}

static enum leat_poll poll_texts(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    return poll_rows(state, out, limit, position, fill_text);
}

static enum leat_poll poll_bids(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    return poll_rows(state, out, limit, position, fill_bid);
}

/* ------------------------------------------------------------------------------------- the sink */

/* Unscaled decimals of these queries fit 64 bits. */
static int64_t whole_of(int64_t unscaled)
{
    return unscaled / DECIMAL_UNIT - (unscaled % DECIMAL_UNIT < 0);
}

static void add_value(struct answer *answer, uint32_t column, char kind,
                      const union lt_value *value)
{
    switch (kind) {
    case 'i':
        answer_add_i64(answer, column, value->i64);
        break;
    case 'd':
        answer_add_f64(answer, column, value->f64);
        break;
    case 'x':
        answer_add_i64(answer, column, whole_of(value->i64));
        break;
    case 'm':
        answer_add_i64(answer, column, value->i64 - BENCH_BIDS_BEGIN_US);
        break;
    default:
        answer_add_text(answer, column, value->bytes.size_bytes);
    }
}

static enum leat_write write_answer(void *state, const leat_row *public_row, uint32_t flags)
{
    (void)flags;
    struct engine *engine = state;
    const struct lt_row *row = (const struct lt_row *)(const void *)public_row;
    const union lt_value *values = lt_row_values(row);
    uint64_t nulls = lt_row_nulls(row)[0];
    struct answer answer = engine->answer;
    answer.count++;
    for (uint32_t column = 0; column < engine->column_count; column++, nulls >>= 1) {
        if (nulls & 1)
            answer_add_null(&answer, column);
        else
            add_value(&answer, column, engine->columns[column], &values[column]);
    }
    engine->answer = answer;
    return LEAT_WRITE_DONE;
}

/* Takes rows and does nothing, but for the count that its answer is checked by. */
static enum leat_write write_nothing(void *state, const leat_row *row, uint32_t flags)
{
    (void)row;
    (void)flags;
    struct engine *engine = state;
    engine->answer.count++;
    return LEAT_WRITE_DONE;
}

/* ------------------------------------------------------------------------------------ the query */

static void must(const struct engine *engine, int status, const char *what)
{
    if (status < 0)
        bench_wrong("%s: %s%s", what, leat_context_error(engine->context),
                    engine->query == NULL ? "" : leat_query_error(engine->query));
}

static leat_stream *build(struct engine *engine, const struct query_text *text)
{
    leat_stream *stream = leat_read_source(
        engine->context, &(leat_source){
                             .size = sizeof(leat_source),
                             .name = "rows",
                             .schema = row_kind_schema(engine->rows->kind),
                             .partition_count = 1,
                             .user = engine,
                             .poll = engine->rows->kind == ROWS_BIDS ? poll_bids : poll_texts,
                         });
    if (text->prepare != NULL)
        stream = leat_select(stream, text->prepare);
    if (text->where != NULL)
        stream = leat_filter(stream, text->where);
    return text->select == NULL ? stream : leat_select(stream, text->select);
}

struct engine *engine_create(const struct query *query, const struct bench_rows *rows, bool has_sum)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        bench_wrong("no memory");
    engine->rows = rows;
    engine->columns = query->columns;
    engine->column_count = (uint32_t)strlen(query->columns);
    engine->context = leat_context_create();
    leat_stream *stream = build(engine, &query->leat);
    must(engine, stream == NULL ? -1 : 0, query->name);
    engine->query = leat_query_create(engine->context, NULL);
    must(engine,
         leat_query_write_sink(engine->query, stream,
                               &(leat_sink){.size = sizeof(leat_sink),
                                            .name = "answer",
                                            .user = engine,
                                            .write = has_sum ? write_answer : write_nothing}),
         query->name);
    must(engine,
         leat_query_trigger_continuous(engine->query,
                                       CONTINUOUS_HOURS * INT64_C(3600) * INT64_C(1000000000)),
         "trigger");
    must(engine, leat_start_invoked(engine->query), query->name);
    return engine;
}

struct answer engine_run(struct engine *engine)
{
    engine->answer = (struct answer){0};
    engine->end = engine->position + engine->rows->count;
    int work;
    do {
        work = leat_do_work(engine->query);
        must(engine, work, "running");
    } while (work > 0 || engine->position < engine->end);
    return engine->answer;
}

void engine_destroy(struct engine *engine)
{
    must(engine, leat_stop(engine->query, -1), "stopping");
    leat_query_destroy(engine->query);
    leat_context_destroy(engine->context);
    free(engine);
}
