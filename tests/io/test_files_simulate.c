/*
 * The directory source on a reactor that answers in any order, with short reads and interrupted
 * calls, while files come, epochs end and the process dies: by a seed each. What was read up to the
 * last committed epoch, and what a last run reads behind it, is every line once.
 *
 * LEAT_SEEDS says how many seeds there are; LEAT_SEED runs one alone, or says which is the first.
 */
#include "tests/support/source_world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/fake_reactor.h"
#include "tests/support/kept_inotify.h"
#include "tests/support/seeds.h"

enum { STEPS = 60, FILES_MAX = 40, LINES_MAX = 4096 };
enum fact { DEATHS, HEARD_OF, FACTS };

struct simulation {
    struct source_world world;
    uint64_t seed, random;
    int files, lines;
    size_t committed_bytes; /* of what was seen */
    bool is_running;
    int lines_before; /* this run */
    uint64_t *counts; /* of the facts */
};

static uint32_t draw(struct simulation *simulation, uint32_t below)
{
    simulation->random = simulation->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(simulation->random >> 33) % below;
}

/* Part of what was asked for, or nothing yet. */
static bool interfere(void *context, const struct lt_io *io, int64_t *result)
{
    struct simulation *simulation = context;
    bool is_read = io->kind == LT_IO_READ, is_open = io->kind == LT_IO_OPENAT;
    if ((!is_read && !is_open) || draw(simulation, 3) != 0)
        return false;
    if (is_open || draw(simulation, 2) == 0) {
        *result = draw(simulation, 2) == 0 ? -EINTR : -EAGAIN;
        return true;
    }
    uint32_t size = 1 + draw(simulation, io->size_bytes);
    *result = pread(io->fd, io->buffer, size, io->offset);
    return true;
}

static void add_file(struct simulation *simulation)
{
    struct lt_text_buffer text;
    char name[32];
    lt_text_init(&text);
    uint32_t count = draw(simulation, 8);
    if (simulation->files == FILES_MAX)
        return;
    for (uint32_t i = 0; i < count; i++)
        lt_text_format(&text, "%d%s", simulation->lines++, i + 1 < count ? "\n" : "");
    if (draw(simulation, 2) == 0 && count > 0)
        lt_text_append_char(&text, '\n');
    snprintf(name, sizeof name, "%c%d", 'a' + draw(simulation, 3), simulation->files);
    source_put(&simulation->world, name, lt_text_get(&text), (int)draw(simulation, 5));
    simulation->files++;
    lt_text_fini(&text);
}

static void begin_run(struct simulation *simulation)
{
    static const char *const limits[][2] = {{NULL},
                                            {"maxFilesPerTrigger=2", NULL},
                                            {"maxBytesPerTrigger=9", NULL},
                                            {"latestFirst=true", NULL}};
    source_start(&simulation->world, limits[draw(simulation, 4)], false);
    simulation->is_running = true;
    simulation->lines_before = simulation->lines;
}

/* What was not committed never was. */
static void die(struct simulation *simulation)
{
    simulation->counts[DEATHS]++;
    source_stop(&simulation->world);
    simulation->is_running = false;
    struct lt_text_buffer *seen = &simulation->world.seen;
    seen->size_bytes = simulation->committed_bytes;
    if (seen->data != NULL)
        seen->data[seen->size_bytes] = '\0';
}

static void end_epoch(struct simulation *simulation)
{
    bool is_committed = draw(simulation, 5) != 0;
    source_end_epoch(&simulation->world, NULL, is_committed);
    if (is_committed)
        simulation->committed_bytes = simulation->world.seen.size_bytes;
    else
        die(simulation);
}

/* Was the line that was read last not there when the run began? */
static bool has_heard(const struct simulation *simulation)
{
    const char *seen = lt_text_get(&simulation->world.seen);
    size_t at = simulation->world.seen.size_bytes;
    while (at > 0 && (at == simulation->world.seen.size_bytes || seen[at - 1] != ' '))
        at--;
    return seen[at] != '\0' && strtol(seen + at, NULL, 10) >= simulation->lines_before;
}

static void poll_a_while(struct simulation *simulation)
{
    uint32_t count = 1 + draw(simulation, 20);
    for (uint32_t i = 0; i < count; i++) {
        if (source_poll(&simulation->world, 1 + draw(simulation, 4)) == LT_POLL_FAILED)
            fail_msg("seed %" PRIu64 ": %s", simulation->seed,
                     simulation->world.reader->error.text);
        (void)lt_reactor_poll(simulation->world.reactor.reactor);
    }
    simulation->counts[HEARD_OF] += has_heard(simulation);
}

static void step(struct simulation *simulation)
{
    if (!simulation->is_running)
        begin_run(simulation);
    switch (draw(simulation, 8)) {
    case 0:
    case 1:
        add_file(simulation);
        break;
    case 2:
    case 3:
        end_epoch(simulation);
        break;
    case 4:
        if (draw(simulation, 3) == 0)
            die(simulation);
        break;
    default:
        poll_a_while(simulation);
    }
}

/* Reads until all lines were seen, and a while more. */
static void finish(struct simulation *simulation)
{
    if (simulation->is_running)
        die(simulation);
    source_start(&simulation->world, NULL, true);
    enum lt_poll_status status;
    do { /* the test's time runs out otherwise */
        status = source_poll(&simulation->world, 16);
        (void)lt_reactor_poll(simulation->world.reactor.reactor);
    } while (status != LT_POLL_ENDED && status != LT_POLL_FAILED);
    if (status == LT_POLL_FAILED)
        fail_msg("seed %" PRIu64 ": %s", simulation->seed, simulation->world.reader->error.text);
}

static void verify(struct simulation *simulation)
{
    static uint8_t times[LINES_MAX];
    memset(times, 0, sizeof times);
    for (const char *at = lt_text_get(&simulation->world.seen); *at != '\0';) {
        char *end;
        long line = strtol(at, &end, 10);
        if (*end != ' ' || end == at || line < 0 || line >= simulation->lines)
            fail_msg("seed %" PRIu64 ": torn at '%.20s'", simulation->seed, at);
        times[line]++;
        at = end + 1;
    }
    for (int i = 0; i < simulation->lines; i++)
        if (times[i] != 1)
            fail_msg("seed %" PRIu64 ": line %d of %d was read %d times", simulation->seed, i,
                     simulation->lines, times[i]);
}

static void simulate(struct seeds_run *run)
{
    struct simulation simulation = {.seed = run->seed,
                                    .random = run->seed * 2654435761u + 1,
                                    .counts = run->counts};
    source_begin_fake(&simulation.world, run->seed);
    fake_reactor_set_hook(simulation.world.reactor.reactor, interfere, &simulation);
    for (int i = 0; i < STEPS; i++)
        step(&simulation);
    finish(&simulation);
    verify(&simulation);
    source_end(&simulation.world);
}

static void every_line_is_read_once_whatever_happens(void **state)
{
    struct seeds_fact facts[FACTS] = {
        [DEATHS] = {.name = "deaths", .rate = 0.9},
        [HEARD_OF] = {.name = "files that came while it ran and were read", .rate = 0.9},
    };
    (void)state;
    seeds_run(&(struct seeds){
        .count = 2000, .run = simulate, .facts = facts, .fact_count = FACTS});
}

static void fail_reads_of_b(struct source_world *world, enum lt_io_kind kind, int64_t result)
{
    source_put(world, "a", "1\n2\n", 1);
    fake_reactor_fail(world->reactor.reactor, kind, 0, result);
}

static void what_the_disk_refuses_is_named(void **state)
{
    static const struct {
        enum lt_io_kind kind;
        int64_t result;
        int code;
        const char *says;
    } cases[] = {
        {LT_IO_READ, -EIO, LT_E_IO, "/a\": byte 0: "},
        {LT_IO_OPENAT, -EACCES, LT_E_PERMISSION, "/a\": cannot be opened"},
        {LT_IO_OPENAT, -EMFILE, LT_E_LIMIT, "/a\": cannot be opened"},
        {LT_IO_READ, 0, LT_E_DATA_LOSS, "/a\": it ends at byte 0 and had 4 bytes"},
    };
    static const char *const lenient[] = {"ignoreCorruptFiles=true", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source_world world;
        source_begin_fake(&world, i);
        fail_reads_of_b(&world, cases[i].kind, cases[i].result);
        source_start(&world, NULL, false);
        source_expect_failure(&world, cases[i].code, cases[i].says);
        source_end(&world);
        source_begin_fake(&world, i);
        fail_reads_of_b(&world, cases[i].kind, cases[i].result);
        source_put(&world, "b", "3\n", 2);
        source_start(&world, lenient, false);
        if (cases[i].kind == LT_IO_READ)
            source_expect(&world, "3 "); /* what is damaged is left out, and nothing else */
        else
            source_expect_failure(&world, cases[i].code, cases[i].says);
        source_end(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_read_once_whatever_happens),
        cmocka_unit_test(what_the_disk_refuses_is_named),
    };
    return cmocka_run_group_tests_name("files_simulate", tests, NULL, NULL);
}
