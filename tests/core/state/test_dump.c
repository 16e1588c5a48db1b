/*
 * Rows of state as people see them: keys and values by their schemas, one key, one partition, an
 * older version; and the text that the schemas stand in.
 */
#include "core/state/dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/data/row_bytes.h"
#include "core/state/store.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { PARTITIONS = 2, SUFFIX_BYTES = 8 };

static char scratch[SCRATCH_PATH_SIZE];
static struct lt_arena *arena;
static const struct lt_type *key_schema, *value_schema;
static struct lt_text_buffer lines;

static int set_up(void **state)
{
    struct lt_error error;
    (void)state;
    scratch_create(scratch);
    arena = lt_arena_create();
    lt_text_init(&lines);
    assert_int_equal(
        lt_type_parse_ddl("word STRING, n INT", arena, &key_schema, &error), 0);
    assert_int_equal(lt_type_parse_ddl("c BIGINT, t ARRAY<DOUBLE>", arena, &value_schema, &error),
                     0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    lt_text_fini(&lines);
    scratch_remove(scratch);
    return 0;
}

/* -------------------------------------------------------------------------------------- writing */

/* A row of "word"/n as a key; word NULL: that column is NULL. */
static void make_key(const char *word, int32_t n, struct lt_text_buffer *out)
{
    const struct lt_row_pool_options options = {.column_count = 2, .capacity = 1};
    const uint32_t columns[] = {0, 1};
    struct lt_row_pool *pool;
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), 0);
    struct lt_row *row = lt_row_claim(pool);
    if (word == NULL)
        lt_row_set_null(row, 0);
    else
        lt_row_values(row)[0] = lt_value_bytes(word, (uint32_t)strlen(word));
    lt_row_values(row)[1].i64 = n;
    lt_row_bytes_write_key(key_schema, row, columns, 2, out);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
}

static void make_value(int64_t count, struct lt_text_buffer *out)
{
    const struct lt_row_pool_options options = {.column_count = 2, .capacity = 1};
    union lt_value elements[2] = {{.f64 = 0.5}, {.f64 = (double)count}};
    struct lt_array array = {.count = 2, .values = elements};
    struct lt_row_pool *pool;
    assert_int_equal(lt_row_pool_create(&options, &pool, NULL), 0);
    struct lt_row *row = lt_row_claim(pool);
    lt_row_values(row)[0].i64 = count;
    lt_row_values(row)[1].array = &array;
    lt_row_bytes_write(value_schema, row, out);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
}

struct entry {
    const char *word;
    int32_t n;
    int64_t count;
    uint64_t index; /* where keys have a number behind them */
};

static struct lt_state_bytes bytes_of(const struct lt_text_buffer *text)
{
    return (struct lt_state_bytes){text->data, text->size_bytes};
}

/* Writes the entries as the next version of all partitions, by one of the stores. */
static void put_version(const char *provider, uint64_t before, uint32_t suffix_bytes,
                        const struct entry *entries, size_t count)
{
    struct lt_error error;
    struct lt_reactor *reactor = fake_reactor_create(1, NULL);
    struct lt_state_store *stores[PARTITIONS];
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct lt_state_options options = {.provider = provider,
                                                 .root = scratch,
                                                 .partition = i,
                                                 .partition_count = PARTITIONS,
                                                 .key_suffix_bytes = suffix_bytes,
                                                 .version = before,
                                                 .min_deltas_for_snapshot = 10,
                                                 .codec = "lz4",
                                                 .reactor = reactor};
        if (lt_state_open(&options, &stores[i], &error) != 0)
            fail_msg("%s", error.text);
    }
    for (size_t i = 0; i < count; i++) {
        struct lt_text_buffer key, value;
        lt_text_init(&key);
        lt_text_init(&value);
        make_key(entries[i].word, entries[i].n, &key);
        make_value(entries[i].count, &value);
        uint32_t group = lt_state_group_of(key.data, key.size_bytes);
        struct lt_state_store *store = stores[lt_state_partition_of(group, PARTITIONS)];
        lt_text_append_n(&key, &entries[i].index, suffix_bytes);
        assert_int_equal(store->ops->put(store, bytes_of(&key), bytes_of(&value), LT_STATE_NEVER,
                                         &error),
                         0);
        lt_text_fini(&key);
        lt_text_fini(&value);
    }
    for (uint32_t i = 0; i < PARTITIONS; i++)
        stores[i]->ops->prepare(stores[i], before + 1);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        int status;
        while ((status = stores[i]->ops->prepared(stores[i], &error)) == 0)
            lt_reactor_poll(reactor);
        assert_int_equal(status, 1);
        stores[i]->ops->commit(stores[i]);
        stores[i]->ops->close(stores[i]);
    }
    lt_reactor_destroy(reactor);
}

/* -------------------------------------------------------------------------------------- reading */

static bool add_line(void *context, const char *json)
{
    (void)context;
    lt_text_format(&lines, "%s\n", json);
    return true;
}

static const struct lt_state_metadata_store plain = {
    .name = LT_STATE_DEFAULT_STORE,
    .key = "word STRING, n INT",
    .value = "c BIGINT, t ARRAY<DOUBLE>"};

static int dump(uint64_t version, const struct lt_state_metadata_store *store, const char *key,
                struct lt_error *error)
{
    const struct lt_state_dump request = {.root = scratch,
                                          .version = version,
                                          .partition = LT_STATE_ALL_PARTITIONS,
                                          .store = store,
                                          .key = key,
                                          .line = add_line};
    lt_text_clear(&lines);
    return lt_state_dump(&request, error);
}

static void holds(uint64_t version, const struct lt_state_metadata_store *store, const char *key,
                  const char *const *wanted, size_t count)
{
    struct lt_error error;
    size_t size = 0;
    if (dump(version, store, key, &error) != 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < count; i++) {
        if (strstr(lt_text_get(&lines), wanted[i]) == NULL)
            fail_msg("no %s in\n%s", wanted[i], lt_text_get(&lines));
        size += strlen(wanted[i]) + strlen(",\"partition_id\":0}\n");
    }
    assert_int_equal(lines.size_bytes, size);
}

static const struct entry two[] = {{"be", 1, 3, 0}, {NULL, 2, 4, 0}};
static const char be[] = "{\"key\":{\"word\":\"be\",\"n\":1},\"value\":{\"c\":3,\"t\":[0.5,3.0]}";
static const char none[] = "{\"key\":{\"word\":null,\"n\":2},\"value\":{\"c\":4,\"t\":[0.5,4.0]}";

static void rows_are_read_by_their_schemas(void **state)
{
    (void)state;
    static const char *const wanted[] = {be, none};
    put_version("memory", 0, 0, two, 2);
    holds(1, &plain, NULL, wanted, 2);
}

static void both_stores_are_read_alike(void **state)
{
    (void)state;
    static const char *const wanted[] = {be, none};
    put_version("rocksdb", 0, 0, two, 2);
    holds(1, &plain, NULL, wanted, 2);
}

static void an_older_version_is_read_as_it_was(void **state)
{
    (void)state;
    static const struct entry later[] = {{"be", 1, 9, 0}};
    static const char *const before[] = {be, none};
    static const char *const after[] = {
        none, "{\"key\":{\"word\":\"be\",\"n\":1},\"value\":{\"c\":9,\"t\":[0.5,9.0]}"};
    put_version("memory", 0, 0, two, 2);
    put_version("memory", 1, 0, later, 1);
    holds(1, &plain, NULL, before, 2);
    holds(2, &plain, NULL, after, 2);
}

static void a_key_is_found_by_some_of_its_columns(void **state)
{
    (void)state;
    struct lt_error error;
    static const char *const one[] = {be};
    put_version("memory", 0, 0, two, 2);
    holds(1, &plain, "{\"word\":\"be\"}", one, 1);
    holds(1, &plain, "{ \"n\": 1, \"word\": \"be\" }", one, 1);
    holds(1, &plain, "{\"word\":\"or\"}", NULL, 0);
    holds(1, &plain, "{\"words\":\"be\"}", NULL, 0);
    assert_int_equal(dump(1, &plain, "be", &error), LT_E_INVALID);
    assert_non_null(strstr(error.text, "this state's keys have 2 columns: word STRING,n INT"));
}

static void what_numbers_a_key_stands_behind_its_columns(void **state)
{
    (void)state;
    static const struct entry numbered[] = {{"be", 1, 3, 0}, {"be", 1, 4, 258}};
    static const char *const wanted[] = {
        "{\"key\":{\"word\":\"be\",\"n\":1,\"index\":0},\"value\":{\"c\":3,\"t\":[0.5,3.0]}",
        "{\"key\":{\"word\":\"be\",\"n\":1,\"index\":258},\"value\":{\"c\":4,\"t\":[0.5,4.0]}"};
    struct lt_state_metadata_store store = plain;
    store.key_suffix_bytes = SUFFIX_BYTES;
    put_version("memory", 0, SUFFIX_BYTES, numbered, 2);
    holds(1, &store, NULL, wanted, 2);
}

static void without_schemas_bytes_are_shown(void **state)
{
    (void)state;
    struct lt_error error;
    put_version("memory", 0, 0, two, 1);
    assert_int_equal(dump(1, NULL, NULL, &error), 0);
    assert_non_null(strstr(lt_text_get(&lines), "{\"key\":{\"bytes\":\""));
}

static void a_version_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct lt_error error;
    put_version("memory", 0, 0, two, 1);
    assert_int_equal(dump(2, &plain, NULL, &error), LT_E_CORRUPT);
    assert_string_equal(error.condition,
                        "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS");
}

/* ------------------------------------------------------------------------------------- metadata */

static void metadata_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    struct lt_error error;
    struct lt_state_metadata back;
    const struct lt_state_metadata_store stores[] = {
        {"left", 4, 8, "k \"STRING\"", "`sum(BIGINT),count` BINARY"}, {"right", 4, 0, NULL, NULL}};
    const struct lt_state_metadata metadata = {
        .number = 3, .operator_name = "symmetricHashJoin", .stores = stores, .store_count = 2};
    lt_text_init(&text);
    lt_state_metadata_format(&text, &metadata);
    assert_int_equal(
        lt_state_metadata_parse(lt_text_get(&text), text.size_bytes, arena, &back, &error), 0);
    assert_int_equal(back.number, 3);
    assert_string_equal(back.operator_name, "symmetricHashJoin");
    assert_int_equal(back.store_count, 2);
    assert_string_equal(back.stores[0].key, "k \"STRING\"");
    assert_string_equal(back.stores[0].value, "`sum(BIGINT),count` BINARY");
    assert_int_equal(back.stores[0].key_suffix_bytes, 8);
    assert_null(back.stores[1].key);
    assert_ptr_equal(lt_state_metadata_find(&back, "right"), &back.stores[1]);
    assert_null(lt_state_metadata_find(&back, NULL));
    lt_text_fini(&text);
}

static void metadata_of_spark_is_read(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_state_metadata back;
    static const char text[] =
        "v1\n{\"operatorInfo\":{\"operatorId\":0,\"operatorName\":\"stateStoreSave\"},"
        "\"stateStoreInfo\":[{\"storeName\":\"default\",\"numColsPrefixKey\":0,"
        "\"numPartitions\":5}]}";
    assert_int_equal(lt_state_metadata_parse(text, strlen(text), arena, &back, &error), 0);
    assert_int_equal(lt_state_metadata_find(&back, NULL)->partition_count, 5);
    assert_null(lt_state_metadata_find(&back, NULL)->key);
}

static void damaged_metadata_is_an_error(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "", "v1", "v2\n{}", "v1\n[]", "v1\n{", "v1\n{\"operatorInfo\":{\"operatorId\":0}}",
        "v1\n{\"operatorInfo\":{\"operatorId\":0,\"operatorName\":\"x\"}}",
        "v1\n{\"operatorInfo\":{\"operatorId\":0,\"operatorName\":\"x\"},\"stateStoreInfo\":[{}]}"};
    struct lt_error error;
    struct lt_state_metadata back;
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
        assert_true(lt_state_metadata_parse(damaged[i], strlen(damaged[i]), arena, &back, &error) <
                    0);
}

static void is_same(const char *a, const char *b, bool as_key, bool as_value)
{
    const struct lt_type *left, *right;
    assert_int_equal(lt_state_schema_parse(a, arena, &left, NULL), 0);
    assert_int_equal(lt_state_schema_parse(b, arena, &right, NULL), 0);
    assert_int_equal(lt_state_is_same_key(left, right), as_key);
    assert_int_equal(lt_state_is_same_value(left, right), as_value);
}

static void schemas_are_the_same_by_types(void **state)
{
    (void)state;
    is_same("a INT", "a INT NOT NULL", true, true);
    is_same("a INT", "b INT", true, true);
    is_same("a INT", "a BIGINT", false, false);
    is_same("a INT", "a INT, b INT", false, false);
    is_same("", "", true, true);
    is_same("`sum(INT)` BINARY", "`avg(INT)` BINARY", true, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_read_by_their_schemas),
        TEST(both_stores_are_read_alike),
        TEST(an_older_version_is_read_as_it_was),
        TEST(a_key_is_found_by_some_of_its_columns),
        TEST(what_numbers_a_key_stands_behind_its_columns),
        TEST(without_schemas_bytes_are_shown),
        TEST(a_version_that_is_not_there_is_an_error),
        TEST(metadata_is_read_as_it_was_written),
        TEST(metadata_of_spark_is_read),
        TEST(damaged_metadata_is_an_error),
        TEST(schemas_are_the_same_by_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
