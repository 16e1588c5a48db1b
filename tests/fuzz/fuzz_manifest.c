/*
 * The text of a manifest file, damaged in any way. What is read of it and written again is read as
 * the same.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "io/manifest.h"

enum { FILES_MAX = 64 };

struct files {
    struct lt_manifest_file files[FILES_MAX];
    size_t count;
};

static int keep(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct files *files = context;
    if (files->count == FILES_MAX)
        return lt_error_set(error, LT_E_LIMIT, "many files");
    files->files[files->count] = *file;
    files->files[files->count++].uri = lt_strdup(file->uri);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct files files = {.count = 0}, again = {.count = 0};
    struct lt_error error;
    bool is_compact;
    const struct fuzz_input input = {data, data + size_bytes};
    char *name = fuzz_text(fuzz_rest(&input)), next[LT_MANIFEST_NAME_SIZE];
    (void)lt_manifest_epoch_of(name, &is_compact);
    free(name);
    if (lt_manifest_parse((const char *)data, size_bytes, keep, &files, &error) == 0) {
        struct lt_manifest manifest;
        struct lt_text_buffer text;
        lt_manifest_init(&manifest);
        lt_text_init(&text);
        lt_manifest_next(&manifest, files.files, files.count, 0, -1, next, &text);
        lt_assert(lt_manifest_parse(text.data, text.size_bytes, keep, &again, &error) == 0);
        lt_assert(again.count == files.count);
        for (size_t i = 0; i < again.count; i++)
            lt_assert(again.files[i].size_bytes == files.files[i].size_bytes);
        lt_text_fini(&text);
        lt_manifest_fini(&manifest);
    }
    for (size_t i = 0; i < files.count; i++)
        free((void *)(uintptr_t)files.files[i].uri);
    for (size_t i = 0; i < again.count; i++)
        free((void *)(uintptr_t)again.files[i].uri);
    return 0;
}
