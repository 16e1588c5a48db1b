/*
 * A Kafka of librdkafka's own mock brokers, and a connector between them, for tests of faults that
 * no real broker has on demand. The mock answers a fetch without data only after fetch.wait.max.ms,
 * so tests set that low.
 */
#ifndef LT_TESTS_KAFKA_WORLD_H
#define LT_TESTS_KAFKA_WORLD_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "core/flow/connector.h"

enum { WORLD_ROWS = 1024, WORLD_PAIRS = 12, WORLD_PRODUCE = 0, WORLD_WAIT_MS = 60000 };

/* What is said before the reason why records may be lost. */
#define WORLD_LOSS                                                                                 \
    "Some data may have been lost because they are not available in Kafka any more;\n"             \
    "either the data was aged out by Kafka or the topic may have been deleted before all the "     \
    "data "                                                                                        \
    "in the\ntopic was processed.\nIf you don't want your streaming query to fail on such cases, " \
    "set the source option failOnDataLoss to false.\nReason: "

struct world {
    struct lt_out out; /* first: rows and failures come here */
    rd_kafka_t *rk;    /* runs the mock, and produces what tests read */
    rd_kafka_mock_cluster_t *cluster;
    char bootstrap[160];
    struct lt_arena *arena;
    struct lt_waker waker;
    struct lt_connector_env env;
    struct lt_source *source;
    struct lt_reader *reader;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_row *rows[WORLD_ROWS];
    uint32_t row_count;
    struct lt_row *failed[WORLD_ROWS];
    struct lt_fault *faults[WORLD_ROWS];
    uint32_t failed_count;
    struct lt_error error;
};

void world_open(struct world *world);
/* Releases rows, closes what is open. */
void world_close(struct world *world);
/* The same for cmocka: a world of the test's own as its state. */
int world_set_up(void **state);
int world_tear_down(void **state);

void world_topic(struct world *world, const char *topic, int partitions);
/* Produces one record and waits for it. NULL bytes are null. `headers` may be NULL; it is taken. */
void world_produce(struct world *world, const char *topic, int partition, const char *key,
                   const char *value, rd_kafka_headers_t *headers);

/* Binds and connects with "key=value" texts up to a NULL; returns the code, world->error says more.
 */
int world_source(struct world *world, const char *const *pairs);
int world_sink(struct world *world, const char *const *pairs, const struct lt_type *schema);
/* Binds and connects a source, or the test fails. */
void world_connect(struct world *world, const char *const *pairs);
#define WORLD_OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* A reader of all partitions from the source's initial positions (`end` NULL: none), a writer. */
void world_reader(struct world *world, const struct lt_position *end);
int world_reader_at(struct world *world, const struct lt_position *start,
                    const struct lt_position *end);
void world_writer(struct world *world);

/* Polls until `count` rows are in `rows`, or it has taken too long (the test fails). Returns the
 * last status. */
enum lt_poll_status world_read(struct world *world, uint32_t count);
/* Polls until the reader says something else than MORE and IDLE. */
enum lt_poll_status world_read_to_end(struct world *world);
void world_release(struct world *world);

/* Writes rows[index], which then belongs to the writer. */
enum lt_write world_write(struct world *world, uint32_t index, struct lt_fault **fault);
/* Writes all rows at hand, in their order, and waits where the writer is full. */
void world_write_all(struct world *world);
/* Polls the writer until the epoch is prepared (1), broken (negative), or too long has passed (0).
 */
int world_prepared(struct world *world, uint64_t epoch, int wait_ms);

#endif
