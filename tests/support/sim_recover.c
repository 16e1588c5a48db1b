/*
 * The start of a simulated life: what core/run does with core/epoch, on sinks that can lose what
 * they prepared. The process may die before each step.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/support/sim_life.h"

/* Where the query began: kept by an earlier life, or "latest", kept now. */
static void initial_positions(struct sim_life *life, int64_t *positions)
{
    struct sim_world *world = life->world;
    uint32_t first = 0;
    for (uint32_t i = 0; i < world->source_count && !life->is_dead; i++) {
        char name[32];
        if (world->keeps_log[i]) { /* which begins with the first record */
            for (uint32_t p = 0; p < world->source_partitions[i]; p++)
                positions[first++] = 0;
            continue;
        }
        snprintf(name, sizeof name, "sources/%u/0", i);
        struct lt_text_buffer text;
        struct lt_error error;
        lt_text_init(&text);
        int code = lt_checkpoint_read_file(life->checkpoint, name, &text, &error);
        if (code == LT_E_NOT_FOUND) {
            struct lt_position latest[SIM_PARTITIONS];
            for (uint32_t p = 0; p < world->source_partitions[i]; p++)
                latest[p] = (struct lt_position){.offset = world->newest[first + p]};
            sim_positions_to_json(&life->sources[i].base, latest, &text);
            code = lt_checkpoint_write_file(life->checkpoint, name, lt_text_get(&text),
                                            text.size_bytes, &error);
        }
        if (code != 0)
            sim_fail(life, name, code, &error);
        else
            sim_positions_from_json(life, i, lt_text_get(&text), positions + first);
        first += world->source_partitions[i];
        lt_text_fini(&text);
    }
}

/* Where a logged epoch ended; epoch -1 is where the query began. */
static void logged_positions(struct sim_life *life, int64_t epoch, int64_t *positions)
{
    if (epoch < 0) {
        initial_positions(life, positions);
        return;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < life->world->source_count; i++) {
        struct lt_text_buffer json;
        struct lt_error error;
        lt_text_init(&json);
        int code = lt_checkpoint_read_offsets(life->checkpoint, (uint64_t)epoch, i, &json, &error);
        if (code != 0)
            sim_fail(life, "reading offsets", code, &error);
        else
            sim_positions_from_json(life, i, lt_text_get(&json), positions + first);
        first += life->world->source_partitions[i];
        lt_text_fini(&json);
    }
}

/* Shows what a note names, or adds its partitions to `lost`. */
static void finish_output(struct sim_life *life, uint32_t sink, uint64_t epoch, const char *line,
                          bool lost[SIM_PARTITIONS])
{
    struct sim_output *output = sim_output_find(life->world, sink, strtoull(line, NULL, 10));
    if (output == NULL || output->epoch != epoch || output->state == SIM_OPEN) {
        sim_fault(life->world,
                  "sink %u: the notes of epoch %" PRIu64 " name '%s', which is not its", sink,
                  epoch, line);
        return;
    }
    if (output->state != SIM_LOST) {
        sim_output_show(life->world, sink, output);
        return;
    }
    for (const char *at = strchr(line, ':') + 1; *at != '\0'; at = strchr(at, ',') + 1)
        lost[strtoul(at, NULL, 10)] = true;
}

/* Reads exactly the epoch's range again, for one sink and the partitions that it has lost. */
static void replay(struct sim_life *life, uint32_t sink, uint64_t epoch,
                   const bool lost[SIM_PARTITIONS], struct lt_text_buffer *notes)
{
    int64_t from[SIM_PARTITIONS], to[SIM_PARTITIONS];
    logged_positions(life, (int64_t)epoch - 1, from);
    logged_positions(life, (int64_t)epoch, to);
    if (life->is_dead || life->world->fault[0] != '\0' || sim_dies(life))
        return;
    struct sim_batch batch = {0};
    char partitions[64] = "";
    for (uint32_t p = 0; p < life->world->partition_count; p++) {
        if (!lost[p])
            continue;
        batch.from[p] = from[p];
        batch.to[p] = to[p];
        snprintf(partitions + strlen(partitions), sizeof partitions - strlen(partitions), "%u,", p);
    }
    uint32_t index = sim_output_begin(life->world, sink, epoch, 0, &batch);
    struct sim_output *output = &life->world->sinks[sink].outputs[index];
    output->state = SIM_PREPARED;
    life->world->replays++;
    lt_text_format(notes, "%s%" PRIu64 ":%s", notes->size_bytes == 0 ? "" : "\n", output->id,
                   partitions);
    if (sim_dies(life))
        return;
    struct lt_error error;
    int code = lt_checkpoint_write_notes(life->checkpoint, sink, epoch, lt_text_get(notes), &error);
    if (code != 0) {
        sim_fail(life, "writing notes", code, &error);
        return;
    }
    if (!sim_dies(life))
        sim_output_show(life->world, sink, output);
}

/* Lost in a note's output or not. */
static bool is_lost(struct sim_life *life, uint32_t sink, const char *line)
{
    const struct sim_output *output = sim_output_find(life->world, sink, strtoull(line, NULL, 10));
    return output != NULL && output->state == SIM_LOST;
}

static void finish_sink(struct sim_life *life, uint32_t sink, uint64_t epoch)
{
    struct lt_text_buffer notes, kept;
    struct lt_error error;
    lt_text_init(&notes);
    lt_text_init(&kept);
    bool lost[SIM_PARTITIONS] = {0}, any_lost = false;
    int code = lt_checkpoint_read_notes(life->checkpoint, sink, epoch, &notes, &error);
    if (code == LT_E_NOT_FOUND)
        sim_fault(life->world, "sink %u has no part in epoch %" PRIu64, sink, epoch);
    else if (code != 0)
        sim_fail(life, "reading notes", code, &error);
    char *save = NULL;
    for (char *line = strtok_r(notes.data, "\n", &save); code == 0 && line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (life->is_dead || sim_shows_at_once(life->world->sinks[sink].kind))
            break;
        finish_output(life, sink, epoch, line, lost);
        if (is_lost(life, sink, line))
            any_lost = true;
        else
            lt_text_format(&kept, "%s%s", kept.size_bytes == 0 ? "" : "\n", line);
        (void)sim_dies(life);
    }
    if (any_lost && !life->is_dead)
        replay(life, sink, epoch, lost, &kept);
    lt_text_fini(&notes);
    lt_text_fini(&kept);
}

static void finish_epochs(struct sim_life *life)
{
    for (uint64_t i = 0; i < life->recovery.unfinished_count; i++) {
        uint64_t epoch = life->recovery.unfinished_first + i;
        for (uint32_t sink = 0; sink < life->world->sink_count; sink++) {
            if (life->is_dead || life->world->fault[0] != '\0' || sim_dies(life))
                return;
            finish_sink(life, sink, epoch);
        }
        if (life->is_dead || life->world->fault[0] != '\0' || sim_dies(life))
            return;
        struct lt_error error;
        int code = lt_checkpoint_finish(life->checkpoint, epoch, &error);
        if (code != 0) {
            sim_fail(life, "finishing", code, &error);
            return;
        }
        life->world->finished++;
    }
}

/* What was prepared for epochs that never were is dropped: their numbers are used again. */
static void discard(struct sim_life *life)
{
    for (uint32_t i = 0; i < life->world->sink_count; i++) {
        struct sim_sink *sink = &life->world->sinks[i];
        for (uint32_t j = 0; j < sink->output_count; j++) {
            if (sink->outputs[j].epoch < life->recovery.first_epoch ||
                sink->outputs[j].state != SIM_PREPARED)
                continue;
            if (sim_dies(life))
                return;
            sink->outputs[j].state = SIM_LOST;
        }
    }
}

/* Where a partition's file ended with the last logged epoch, by the sink's notes; -1: not there. */
static int64_t noted_end(const char *notes, uint32_t partition)
{
    char key[16];
    snprintf(key, sizeof key, "%u=", partition);
    for (const char *at = notes; *at != '\0'; at += strcspn(at, ",\n"), at += *at != '\0')
        if (strncmp(at, key, strlen(key)) == 0)
            return strtoll(at + strlen(key), NULL, 10);
    return -1;
}

/* A file loses what was written after the last logged epoch; before the first, all of it. */
static void cut_file(struct sim_life *life, uint32_t sink)
{
    struct sim_world *world = life->world;
    struct sim_sink *file = &world->sinks[sink];
    struct lt_text_buffer notes;
    struct lt_error error;
    uint64_t first = life->recovery.first_epoch;
    lt_text_init(&notes);
    int code = first == 0
                   ? 0
                   : lt_checkpoint_read_notes(life->checkpoint, sink, first - 1, &notes, &error);
    if (code != 0)
        sim_fault(world, "file sink %u has no notes of epoch %" PRIu64, sink, first - 1);
    for (uint32_t p = 0; code == 0 && p < world->partition_count && !sim_dies(life); p++) {
        int64_t end = first == 0 ? world->started[p] : noted_end(lt_text_get(&notes), p);
        if (world->started[p] < 0)
            continue;
        if (end < 0 || end > file->ever_shown[p])
            sim_fault(world, "file sink %u: partition %u is to be cut from %" PRId64 " to %" PRId64,
                      sink, p, file->ever_shown[p], end);
        world->records_cut += end < file->ever_shown[p];
        file->ever_shown[p] = file->synced_to[p] = end;
    }
    lt_text_fini(&notes);
}

static void resume_sinks(struct sim_life *life)
{
    discard(life);
    for (uint32_t i = 0; i < life->world->sink_count && !life->is_dead; i++)
        if (life->world->sinks[i].kind == SIM_FILE)
            cut_file(life, i);
}

static void find_start(struct sim_life *life)
{
    if (life->recovery.is_new) {
        initial_positions(life, life->start);
        return;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < life->world->source_count; i++) {
        const char *json = life->recovery.source_offsets[i];
        if (json == NULL) {
            sim_fault(life->world, "source %u has no offsets", i);
            return;
        }
        sim_positions_from_json(life, i, json, life->start + first);
        first += life->world->source_partitions[i];
    }
}

void sim_recover(struct sim_life *life)
{
    struct sim_world *world = life->world;
    struct lt_checkpoint_options options = {
        .path = world->path,
        .query_name = "simulated",
        .source_count = world->source_count,
        .sink_count = world->sink_count,
        .min_batches_to_retain = 1 + sim_draw(world, 4),
        .verify_checksums = true,
    };
    struct lt_error error;
    int code = lt_checkpoint_open(&options, &life->checkpoint, &life->recovery, &error);
    if (code != 0) {
        sim_fail(life, "opening the checkpoint", code, &error);
        return;
    }
    for (uint32_t i = 0; i < world->source_count; i++)
        sim_source_resume(life, i);
    finish_epochs(life);
    if (!life->is_dead && world->fault[0] == '\0')
        resume_sinks(life);
    if (!life->is_dead && world->fault[0] == '\0')
        find_start(life);
}
