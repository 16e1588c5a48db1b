#include "tests/support/crash_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/arena.h"
#include "tests/support/crash_fakes.h"

void (*crash_die)(void);
struct crash_world *crash_the_world;

struct crash_world *crash_world_create(void)
{
    void *memory = mmap(NULL, sizeof(struct crash_world), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lt_assert(memory != MAP_FAILED);
    return memory;
}

uint32_t crash_draw(struct crash_world *world, uint32_t bound)
{
    /* splitmix64: any seed, 0 too, gives a full sequence. */
    uint64_t x = world->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) % bound);
}

void crash_world_init(struct crash_world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->partition_count = 1 + crash_draw(world, CRASH_PARTITIONS);
    for (uint32_t i = 0; i < CRASH_SINKS; i++)
        world->kinds[i] = crash_draw(world, CRASH_SINK_KINDS);
    world->keeps_log = crash_draw(world, 2) == 0;
}

void crash_fault(struct crash_world *world, const char *format, ...)
{
    if (world->fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->fault, sizeof world->fault, format, arguments);
    va_end(arguments);
}

void crash_point(struct crash_world *world)
{
    if (world->calls_left > 0 && --world->calls_left == 0)
        crash_die();
}

void crash_show(struct crash_world *world, uint32_t sink, uint32_t partition, int64_t record)
{
    int64_t *next = &world->shown_to[sink][partition];
    if (record != *next)
        crash_fault(
            world, "sink %u, partition %u: record %" PRId64 " is shown where %" PRId64 " should be",
            sink, partition, record, *next);
    *next = record + 1;
    world->planned[partition].is_shown |= record >= world->planned[partition].from;
    if (world->ever_shown[sink][partition] < record + 1)
        world->ever_shown[sink][partition] = record + 1;
}

void crash_begin(struct crash_world *world, uint32_t partition, int64_t position)
{
    if (position < world->done[partition])
        crash_fault(world,
                    "partition %u goes back to %" PRId64 ", and an epoch was done up to %" PRId64,
                    partition, position, world->done[partition]);
    world->read_to[partition] = position;
    for (uint32_t i = 0; i < CRASH_SINKS; i++) {
        bool is_exact = world->kinds[i] != CRASH_AT_LEAST_ONCE;
        int64_t shown = world->ever_shown[i][partition];
        if (shown < position || (is_exact && shown != position))
            crash_fault(world,
                        "sink %u has shown partition %u up to %" PRId64
                        ", and the query goes on at %" PRId64,
                        i, partition, shown, position);
        world->shown_to[i][partition] = position;
    }
}

const struct lt_catalog *crash_catalog(struct crash_world *world,
                                       lt_reactor_create_fn *create_reactor)
{
    static const struct lt_source_type *const sources[] = {&crash_source_type};
    static struct lt_catalog catalog = {sources, 1, crash_sink_types, CRASH_SINK_KINDS, NULL};
    crash_the_world = world;
    catalog.create_reactor = create_reactor;
    return &catalog;
}
