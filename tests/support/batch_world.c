#include "tests/support/batch_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/error.h"
#include "tests/support/batch_fakes.h"

void (*batch_die)(void);
struct batch_world *batch_the_world;

struct batch_world *batch_world_create(void)
{
    void *memory = mmap(NULL, sizeof(struct batch_world), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lt_assert(memory != MAP_FAILED);
    return memory;
}

uint32_t batch_draw(struct batch_world *world, uint32_t bound)
{
    /* splitmix64: any seed, 0 too, gives a full sequence. */
    uint64_t x = world->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) % bound);
}

void batch_fault(struct batch_world *world, const char *format, ...)
{
    if (world->fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->fault, sizeof world->fault, format, arguments);
    va_end(arguments);
}

static void draw_question(struct batch_world *world)
{
    static const enum lt_join_kind joins[] = {LT_JOIN_INNER, LT_JOIN_LEFT_OUTER,
                                              LT_JOIN_RIGHT_OUTER, LT_JOIN_FULL_OUTER,
                                              LT_JOIN_LEFT_SEMI};
    struct batch_question *question = &world->question;
    *question = (struct batch_question){.seed = world->seed};
    question->query = batch_draw(world, BATCH_QUERIES);
    question->mode = LT_OUTPUT_APPEND;
    if (question->query == BATCH_WINDOWS && batch_draw(world, 2) == 0)
        question->mode = LT_OUTPUT_UPDATE;
    if (question->query == BATCH_TOTALS)
        question->mode = batch_draw(world, 2) == 0 ? LT_OUTPUT_UPDATE : LT_OUTPUT_COMPLETE;
    question->join = joins[batch_draw(world, sizeof joins / sizeof joins[0])];
    question->takes_greatest = batch_draw(world, 2) == 0;
}

/* Only what is looked at is cleared: the world is large, and there are many seeds. */
void batch_world_init(struct batch_world *world, uint64_t seed, const char *path)
{
    world->random = world->seed = seed;
    snprintf(world->path, sizeof world->path, "%s", path);
    draw_question(world);
    uint32_t kind = batch_draw(world, BATCH_SINK_KINDS + 2);
    world->sink = kind >= BATCH_SINK_KINDS ? BATCH_STAGED : kind;
    if (world->sink == BATCH_DIRECTORY && world->question.query == BATCH_TOTALS)
        world->sink = BATCH_STAGED; /* files take no mode but append */
    if (world->sink == BATCH_DIRECTORY) {
        world->question.mode = LT_OUTPUT_APPEND;
        world->question.join = LT_JOIN_LEFT_SEMI; /* its columns have names of their own */
    }
    for (uint32_t i = 0; i < BATCH_SOURCES; i++)
        world->partition_count[i] = 1 + batch_draw(world, BATCH_PARTITIONS);
    memset(world->newest, 0, sizeof world->newest);
    memset(world->epochs, 0, sizeof world->epochs);
    world->is_last_life = false;
    world->run = world->running = world->done_count = 0;
    world->shown_count = world->output_count = world->staged_count = 0;
    world->shown_base = world->synced_to = 0;
    world->expected_count = 0;
    world->lives = world->done = world->again = world->anew = world->finished = 0;
    world->withdrawn = world->cuts = world->reconnects = world->rows = world->told = 0;
    world->calls_left = -1;
    world->fault[0] = '\0';
    batch_model_init(&world->model, &world->question);
}

void batch_point(struct batch_world *world)
{
    if (world->calls_left > 0 && --world->calls_left == 0)
        batch_die();
}

/* A file keeps what was synced, and some of the rest. */
void batch_world_die(struct batch_world *world, bool has_power)
{
    uint64_t end = world->shown_base + world->shown_count;
    if (has_power || world->sink != BATCH_FILE || end <= world->synced_to)
        return;
    world->shown_count -= batch_draw(world, (uint32_t)(end - world->synced_to) + 1);
}

/* -------------------------------------------------------------------------------------- batches */

const int64_t (*batch_begin_of(const struct batch_world *world, uint64_t epoch))[BATCH_PARTITIONS]
{
    static const batch_positions nothing;
    return epoch == 0 ? nothing : world->epochs[epoch - 1].end;
}

void batch_show(struct batch_world *world, uint64_t epoch, uint64_t run,
                const struct batch_row *row)
{
    if (epoch < world->done_count)
        batch_fault(world, "a row of batch %" PRIu64 " is shown after it was done", epoch);
    if (world->shown_count == BATCH_ROWS) {
        batch_fault(world, "the world is too small for what is shown");
        return;
    }
    world->shown[world->shown_count++] = (struct batch_shown){epoch, run, *row};
}

static void write_cells(const struct batch_row *row, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < BATCH_CELLS && used < out_size; i++)
        used += (size_t)(row->cells[i] == BATCH_NULL
                             ? snprintf(out + used, out_size - used, " NULL")
                             : snprintf(out + used, out_size - used, " %" PRId64, row->cells[i]));
}

/* What was wanted, and what was got; both are sorted. `may_lack`: a run that did not finish has
 * shown some of it. */
static void compare(struct batch_world *world, uint64_t epoch, bool may_lack)
{
    const struct batch_rows *wanted = &world->wanted, *got = &world->got;
    uint32_t at = 0, seen = 0;
    char cells[256];
    for (; at < wanted->count || seen < got->count; at++) {
        int order = at == wanted->count    ? 1
                    : seen == got->count ? -1
                                         : memcmp(&wanted->list[at], &got->list[seen],
                                                  sizeof wanted->list[at]);
        if (order == 0)
            seen++;
        else if (order > 0 || !may_lack) {
            write_cells(order > 0 ? &got->list[seen] : &wanted->list[at], cells, sizeof cells);
            batch_fault(world, "batch %" PRIu64 ": the sink %s the row%s", epoch,
                        order > 0 ? "shows without reason" : "lacks", cells);
            return;
        }
    }
}

/* What is shown of a batch in a run (0: in all that there were), sorted. */
static void gather(const struct batch_world *world, uint64_t epoch, uint64_t run,
                   struct batch_rows *out)
{
    out->count = 0;
    for (uint32_t i = 0; i < world->shown_count && out->count < BATCH_KEPT; i++)
        if (world->shown[i].epoch == epoch && (run == 0 || world->shown[i].run == run))
            out->list[out->count++] = world->shown[i].row;
    batch_rows_sort(out->list, out->count);
}

static void check_shown(struct batch_world *world, uint64_t epoch)
{
    bool is_exact = world->sink != BATCH_AT_LEAST_ONCE;
    uint64_t last = world->epochs[epoch].run;
    gather(world, epoch, is_exact ? 0 : last, &world->got);
    compare(world, epoch, false);
    for (uint64_t run = 1; run < last && !is_exact; run++) {
        gather(world, epoch, run, &world->got);
        compare(world, epoch, true);
    }
}

/* What was compared is not looked at again. Nothing of a later batch is shown yet, but what a file
 * has of it. */
static void drop_shown(struct batch_world *world, uint64_t epoch)
{
    uint32_t count = 0;
    while (count < world->shown_count && world->shown[count].epoch <= epoch)
        count++;
    memmove(world->shown, world->shown + count,
            (world->shown_count - count) * sizeof world->shown[0]);
    world->shown_count -= count;
    world->shown_base += count;
}

static void expect(struct batch_world *world)
{
    const struct batch_rows *wanted = &world->wanted;
    if (world->expected_count + wanted->count > BATCH_ROWS) {
        batch_fault(world, "the world is too small for what is expected");
        return;
    }
    memcpy(world->expected + world->expected_count, wanted->list,
           wanted->count * sizeof wanted->list[0]);
    world->expected_count += wanted->count;
}

void batch_done(struct batch_world *world, uint64_t epoch)
{
    struct batch_rows *wanted = &world->wanted;
    if (epoch != world->done_count) {
        batch_fault(world, "batch %" PRIu64 " is done, and %" PRIu64 " was to be", epoch,
                    world->done_count);
        return;
    }
    if (world->epochs[epoch].run == 0)
        batch_fault(world, "batch %" PRIu64 " is done, and was not run", epoch);
    batch_model_run(&world->model, batch_begin_of(world, epoch), world->epochs[epoch].end,
                    world->epochs[epoch].run, wanted, &world->epochs[epoch].facts);
    if (world->model.is_full)
        batch_fault(world, "the world is too small for its model");
    batch_rows_sort(wanted->list, wanted->count);
    if (world->sink == BATCH_DIRECTORY) {
        expect(world);
    } else {
        check_shown(world, epoch);
        drop_shown(world, epoch);
    }
    world->rows += wanted->count;
    world->done_count++;
    world->done++;
}

void batch_resume(struct batch_world *world, uint64_t next_epoch)
{
    if (next_epoch < world->done_count)
        batch_fault(world, "batch %" PRIu64 " is the next, and %" PRIu64 " were done", next_epoch,
                    world->done_count);
    if (next_epoch > world->running + 1)
        batch_fault(world, "batch %" PRIu64 " is the next, and %" PRIu64 " was the last",
                    next_epoch, world->running);
    while (world->done_count < next_epoch && world->fault[0] == '\0') {
        batch_done(world, world->done_count);
        world->finished++;
    }
    world->running = next_epoch;
}

const struct lt_catalog *batch_catalog(struct batch_world *world,
                                       lt_reactor_create_fn *create_reactor)
{
    static const struct lt_source_type *const sources[] = {&batch_source_types[0],
                                                           &batch_source_types[1]};
    static const struct lt_sink_type *const sinks[] = {&batch_sink_types[0], &batch_sink_types[1],
                                                       &batch_sink_types[2],
                                                       &batch_directory_type};
    static struct lt_catalog catalog = {sources, BATCH_SOURCES, sinks, BATCH_SINK_KINDS, NULL};
    batch_the_world = world;
    catalog.create_reactor = create_reactor;
    return &catalog;
}
