/*
 * What a directory source reads that others may have damaged: its log, positions, globs, URIs and
 * directories of partitions. The first line is a glob, the second a path, the third a position; the
 * rest is a file of the log.
 *
 * What was loaded comes back: a compaction of it is loaded again and has as many files.
 */
#include "tests/fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files_glob.h"
#include "io/files_log.h"
#include "io/files_name.h"
#include "io/files_partition.h"

static void read_glob(const char *glob, const char *name)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_globs globs;
    if (lt_globs_parse(glob, arena, &globs, NULL) == 0)
        (void)lt_globs_match(&globs, name);
    lt_arena_destroy(arena);
}

static void read_path(const char *path)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_text_buffer uri, back;
    const char *absolute;
    struct lt_files_parts parts;
    struct lt_files_inference *inference = lt_files_inference_create(fuzz_times(), arena);
    struct lt_files_partitions partitions;
    lt_text_init(&uri);
    lt_text_init(&back);
    (void)lt_files_is_hidden(path);
    if (lt_files_path(path, arena, &absolute, NULL) == 0) {
        lt_files_uri_write(&uri, absolute);
        lt_assert(lt_files_uri_read(lt_text_get(&uri), &back, NULL) == 0);
        lt_assert(strcmp(lt_text_get(&back), absolute) == 0);
        (void)!lt_files_parts_of(absolute, 1, arena, &parts, NULL);
        if (lt_files_inference_add(inference, absolute, 1, NULL) == 0)
            (void)!lt_files_inference_end(inference, NULL, &partitions, NULL);
    }
    lt_text_clear(&back);
    (void)!lt_files_uri_read(path, &back, NULL);
    lt_files_inference_destroy(inference);
    lt_text_fini(&back);
    lt_text_fini(&uri);
    lt_arena_destroy(arena);
}

/* One file more makes the next entry, which holds all. */
static void write_again(struct lt_files_log *log)
{
    char name[LT_FILES_LOG_NAME_SIZE];
    struct lt_text_buffer text;
    struct lt_files_log *again = lt_files_log_create(1);
    lt_text_init(&text);
    lt_files_log_add(log, "/more", 1);
    lt_files_log_end_batch(log, INT64_MIN, -1, name, &text);
    if (strstr(name, "compact") != NULL) {
        lt_assert(lt_files_log_load(again, name, lt_text_get(&text), text.size_bytes, NULL) == 0);
        lt_assert(lt_files_log_end(again) == lt_files_log_end(log));
    }
    lt_text_fini(&text);
    lt_files_log_destroy(again);
}

static void read_log(const char *position_text, struct lt_bytes text)
{
    struct lt_files_log *log = lt_files_log_create(1);
    struct lt_position position;
    struct lt_text_buffer json;
    lt_text_init(&json);
    if (lt_files_log_load(log, "0.compact", (const char *)text.data, text.size_bytes, NULL) == 0) {
        if (lt_files_log_from_json(log, position_text, &position, NULL) == 0)
            lt_files_log_to_json(log, &position, &json);
        write_again(log);
    }
    lt_text_fini(&json);
    lt_files_log_destroy(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    char *glob = fuzz_text(fuzz_line(&input)), *path = fuzz_text(fuzz_line(&input));
    char *position = fuzz_text(fuzz_line(&input));
    read_glob(glob, path);
    read_path(path);
    read_log(position, fuzz_rest(&input));
    free(position);
    free(path);
    free(glob);
    return 0;
}
