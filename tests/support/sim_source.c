/*
 * Sources of a simulated life. One that keeps a log adds an entry for each epoch that it settles,
 * its offset JSON and the number of the epoch, every fourth one as a compacted file that takes the
 * place of those before; it takes its time to settle. It can only go on where its newest entry
 * says.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "tests/support/sim_life.h"

enum { COMPACT_EVERY = 4 };

void sim_positions_to_json(struct lt_source *source, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    for (uint32_t p = 0; p < source->partition_count; p++)
        lt_text_format(out, "%s\"%u\":%" PRId64, p == 0 ? "{" : ",", p, positions[p].offset);
    lt_text_append(out, "}");
}

void sim_positions_from_json(struct sim_life *life, uint32_t source, const char *json,
                             int64_t *positions)
{
    const char *at = json;
    for (uint32_t p = 0; p < life->world->source_partitions[source]; p++) {
        at = strchr(at + 1, ':');
        if (at == NULL) {
            sim_fault(life->world, "source %u: unexpected offsets %s", source, json);
            return;
        }
        positions[p] = strtoll(at + 1, NULL, 10);
    }
}

static struct sim_source *source_of(struct lt_source *source)
{
    return (struct sim_source *)(void *)source;
}

static void name_entry(int64_t entry, char *name, size_t name_size)
{
    snprintf(name, name_size, "%" PRId64 "%s", entry,
             entry % COMPACT_EVERY == COMPACT_EVERY - 1 ? ".compact" : "");
}

static int settle(struct lt_source *base, uint64_t epoch, const struct lt_position *positions,
                  struct lt_source_log *log, struct lt_error *error)
{
    struct sim_source *source = source_of(base);
    (void)epoch, (void)error;
    if (sim_draw(source->life->world, 3) == 0)
        return 0;
    int64_t entry = ++source->last_entry;
    name_entry(entry, log->name, sizeof log->name);
    char path[256];
    snprintf(path, sizeof path, "%s/sources/%td/%s", source->life->world->path,
             source - source->life->sources, log->name);
    if (access(path, F_OK) == 0)
        sim_fault(source->life->world, "'%s' is written over", path);
    sim_positions_to_json(base, positions, &log->content);
    for (int64_t i = entry - COMPACT_EVERY; strchr(log->name, '.') != NULL && i < entry; i++) {
        char name[LT_SOURCE_LOG_NAME_SIZE];
        name_entry(i, name, sizeof name);
        if (i >= 0)
            lt_text_format(&log->deleted, "%s\n", name);
    }
    return 1;
}

/* The offsets of a source that keeps a log say which entry they are of. */
static void logged_to_json(struct lt_source *base, const struct lt_position *positions,
                           struct lt_text_buffer *out)
{
    sim_positions_to_json(base, positions, out);
    out->data[--out->size_bytes] = '\0';
    lt_text_format(out, ",\"entry\":%" PRId64 "}", source_of(base)->last_entry);
}

void sim_source_init(struct sim_life *life, uint32_t index)
{
    static const struct lt_source_ops plain = {.positions_to_json = sim_positions_to_json};
    static const struct lt_source_ops logged = {.positions_to_json = logged_to_json,
                                                .settle = settle};
    struct sim_source *source = &life->sources[index];
    *source = (struct sim_source){.life = life, .last_entry = -1};
    source->base = (struct lt_source){
        .ops = life->world->keeps_log[index] ? &logged : &plain,
        .description = "simulated",
        .partition_count = life->world->source_partitions[index],
    };
    life->source_pointers[index] = &source->base;
}

/* Deletes the entries beyond `last`; some are left when the process dies in between. */
static void drop_entries(struct sim_life *life, const struct lt_source_log_reader *log,
                         int64_t last)
{
    struct lt_text_buffer names;
    struct lt_error error;
    lt_text_init(&names);
    int code = log->list(log->context, &names, &error);
    const char *at = lt_text_get(&names);
    for (size_t size_bytes; code == 0 && *at != '\0'; at += size_bytes + 1) {
        char name[LT_SOURCE_LOG_NAME_SIZE];
        size_bytes = strcspn(at, "\n");
        snprintf(name, sizeof name, "%.*s", (int)size_bytes, at);
        if (strtoll(name, NULL, 10) <= last)
            continue;
        life->world->entries_dropped++;
        code = log->remove(log->context, name, &error);
    }
    if (code != 0)
        sim_fail(life, "a source's log", code, &error);
    lt_text_fini(&names);
}

void sim_source_resume(struct sim_life *life, uint32_t index)
{
    struct sim_world *world = life->world;
    const char *positions = life->recovery.is_new ? NULL : life->recovery.source_offsets[index];
    struct lt_source_log_reader log;
    struct lt_text_buffer text;
    struct lt_error error;
    if (!world->keeps_log[index] || life->is_dead || world->fault[0] != '\0' || sim_dies(life))
        return;
    int code = lt_checkpoint_source_log(life->checkpoint, index, &log, &error);
    const char *at = positions == NULL ? NULL : strstr(positions, ",\"entry\":");
    int64_t entry = at == NULL ? -1 : strtoll(at + strlen(",\"entry\":"), NULL, 10);
    life->sources[index].last_entry = entry;
    lt_text_init(&text);
    if (code == 0)
        drop_entries(life, &log, entry);
    if (code == 0 && entry >= 0) {
        char name[LT_SOURCE_LOG_NAME_SIZE];
        name_entry(entry, name, sizeof name);
        code = log.read(log.context, name, &text, &error);
        size_t size_bytes = text.size_bytes == 0 ? 0 : text.size_bytes - 1; /* without the brace */
        if (code == LT_E_NOT_FOUND ||
            (code == 0 && strncmp(lt_text_get(&text), positions, size_bytes) != 0))
            sim_fault(world, "source %u: its log ends with '%s', and offsets say %s", index,
                      lt_text_get(&text), positions);
    }
    if (code != 0 && code != LT_E_NOT_FOUND)
        sim_fail(life, "resuming a source", code, &error);
    lt_text_fini(&text);
}
