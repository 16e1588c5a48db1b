/*
 * What keyed state costs, in memory: finding an entry, changing one, making a thousand changes of a
 * million entries durable, and loading a partition from its snapshot after a restart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/micro/micro.h"
#include "bench/verdict.h"
#include "core/base/arena.h"
#include "core/state/store.h"
#include "io/reactor.h"

enum { ENTRIES = 1000000, LOOKS = 2000000, CHANGES = 1000, KEY_BYTES = 16, VALUE_BYTES = 112 };

struct key {
    uint64_t words[2];
};
_Static_assert(sizeof(struct key) == KEY_BYTES, "key and value have 128 bytes");

static struct key key_of(uint64_t number)
{
    return (struct key){{number, number * 0x9e3779b97f4a7c15u}};
}

struct place {
    char root[64];
    struct lt_reactor *reactor;
    uint64_t version;
    struct lt_state_store *store;
};

static void open_store(struct place *place)
{
    struct lt_state_options options = {.provider = "memory",
                                       .root = place->root,
                                       .partition_count = 1,
                                       .version = place->version,
                                       .min_deltas_for_snapshot = 10,
                                       .codec = "lz4",
                                       .reactor = place->reactor};
    struct lt_error error;
    if (lt_state_open(&options, &place->store, &error) != 0)
        bench_wrong("no store: %s", error.text);
}

static void put_entry(struct lt_state_store *store, uint64_t number, uint64_t value)
{
    struct key key = key_of(number);
    uint64_t words[VALUE_BYTES / 8] = {value, number, value ^ number};
    struct lt_error error;
    struct lt_state_bytes key_bytes = {&key, sizeof key}, value_bytes = {words, sizeof words};
    if (store->ops->put(store, key_bytes, value_bytes, LT_STATE_NEVER, &error) != 0)
        bench_wrong("put: %s", error.text);
}

static void commit(struct place *place)
{
    struct lt_state_store *store = place->store;
    struct lt_error error;
    int prepared;
    store->ops->prepare(store, ++place->version);
    while ((prepared = store->ops->prepared(store, &error)) == 0)
        lt_reactor_park(place->reactor, LT_NEVER_NS);
    if (prepared < 0)
        bench_wrong("prepare: %s", error.text);
    store->ops->commit(store);
}

/* A store with `count` entries, in a folder of its own. */
static void create(struct place *place, uint64_t count)
{
    struct lt_reactor_options options = {0};
    struct lt_error error;
    *place = (struct place){.root = "/tmp/leat-bench-XXXXXX"};
    if (mkdtemp(place->root) == NULL || lt_reactor_create(&options, &place->reactor, &error) != 0)
        bench_wrong("no folder or no reactor");
    open_store(place);
    for (uint64_t i = 0; i < count; i++)
        put_entry(place->store, i, 1);
    commit(place);
}

static void destroy(struct place *place)
{
    char path[128];
    place->store->ops->close(place->store);
    lt_reactor_destroy(place->reactor);
    for (uint64_t version = 0; version <= place->version; version++) {
        snprintf(path, sizeof path, "%s/0/%llu.delta", place->root, (unsigned long long)version);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/0", place->root);
    rmdir(path);
    rmdir(place->root);
}

static double get_ns(const void *argument)
{
    (void)argument;
    struct place place;
    uint64_t entries = micro_work(ENTRIES), looks = micro_work(LOOKS), sum = 0;
    create(&place, entries);
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < looks; i++) {
        struct key key = key_of(i * 7919 % entries);
        struct lt_state_bytes value;
        if (!place.store->ops->get(place.store, (struct lt_state_bytes){&key, sizeof key}, &value))
            bench_wrong("an entry is gone");
        sum += *(const unsigned char *)value.data;
    }
    int64_t took_ns = micro_now_ns() - begin_ns;
    if (sum != looks)
        bench_wrong("the entries add up to %llu", (unsigned long long)sum);
    destroy(&place);
    return (double)took_ns / (double)looks;
}

/* As a count by key does: each row finds its entry and writes it back. */
static double update_ns(const void *argument)
{
    (void)argument;
    struct place place;
    uint64_t entries = micro_work(ENTRIES), looks = micro_work(LOOKS);
    create(&place, entries);
    int64_t begin_ns = micro_now_ns();
    for (uint64_t i = 0; i < looks; i++) {
        uint64_t number = i * 7919 % entries;
        struct key key = key_of(number);
        struct lt_state_bytes value;
        if (!place.store->ops->get(place.store, (struct lt_state_bytes){&key, sizeof key}, &value))
            bench_wrong("an entry is gone");
        put_entry(place.store, number, *(const unsigned char *)value.data + 1u);
    }
    int64_t took_ns = micro_now_ns() - begin_ns;
    struct lt_state_counts counts;
    place.store->ops->counts(place.store, &counts);
    if (counts.entries != entries || counts.updated != entries)
        bench_wrong("%llu entries were updated", (unsigned long long)counts.updated);
    destroy(&place);
    return (double)took_ns / (double)looks;
}

/* Until it is on the disk. */
static double commit_ns(const void *argument)
{
    (void)argument;
    struct place place;
    uint64_t entries = micro_work(ENTRIES);
    enum { BATCHES = 20 };
    create(&place, entries);
    int64_t took_ns = 0;
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        for (uint64_t i = 0; i < CHANGES; i++)
            put_entry(place.store, (batch * CHANGES + i) * 7919 % entries, batch);
        int64_t begin_ns = micro_now_ns();
        commit(&place);
        took_ns += micro_now_ns() - begin_ns;
    }
    destroy(&place);
    return (double)took_ns / (BATCHES * CHANGES);
}

static double load_ns(const void *argument)
{
    (void)argument;
    struct place place;
    uint64_t entries = micro_work(ENTRIES);
    create(&place, entries);
    place.store->ops->close(place.store);
    int64_t begin_ns = micro_now_ns();
    open_store(&place);
    int64_t took_ns = micro_now_ns() - begin_ns;
    struct lt_state_counts counts;
    place.store->ops->counts(place.store, &counts);
    if (counts.entries != entries)
        bench_wrong("%llu entries were loaded", (unsigned long long)counts.entries);
    destroy(&place);
    return (double)took_ns / (double)entries;
}

const struct micro_case *micro_state_cases(size_t *count)
{
    static const struct micro_case cases[] = {
        {"state, 1 M entries of 128 B: get", get_ns, NULL},
        {"state, 1 M entries of 128 B: get and put", update_ns, NULL},
        {"state, 1 M entries of 128 B: commit of 1,000 changes", commit_ns, NULL},
        {"state, 1 M entries of 128 B: load", load_ns, NULL},
    };
    *count = sizeof cases / sizeof cases[0];
    return cases;
}
