/*
 * Runs the queries of a folder whose batches a live Spark recorded, and compares rows and progress
 * batch by batch: our own, tests/conformance/streaming, unless CASES names another folder (itself,
 * or its streaming/). SHOW=1 prints what differs; WORKERS and STORE say how many instances the
 * state is dealt to, and who keeps it. Ends with "N passed, N failed".
 *
 * Of our own folder so many must pass as are pinned here; the others count as skipped.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/scratch.h"
#include "tests/support/streaming_case.h"

enum { FILES_MAX = 1024, PATH_SIZE = 4096, OUR_PASSED = 71 };

static const char ours[] = "tests/conformance/streaming";

struct counts {
    unsigned passed, failed;
};

static void judge(const char *name, const char *why, struct counts *counts)
{
    counts->passed += why == NULL;
    counts->failed += why != NULL;
    if (why != NULL && getenv("SHOW") != NULL)
        printf("%s\n%s", name, why);
}

static void run_file(const char *path, struct counts *counts)
{
    const struct streaming_setup setup = {.workers = getenv("WORKERS"), .store = getenv("STORE")};
    char *document = scratch_read("%s", path);
    if (document == NULL) {
        judge(path, "it cannot be read\n", counts);
        return;
    }
    struct lt_arena *arena = lt_arena_create();
    const char *slash = strrchr(path, '/');
    if (slash != NULL && strcmp(slash, "/refused.json") == 0) {
        uint32_t count = streaming_refused_count(document, arena);
        for (uint32_t i = 0; i < count; i++)
            judge(path, streaming_refused_run(document, i, arena), counts);
    } else {
        judge(path, streaming_case_run(document, &setup, arena), counts);
    }
    lt_arena_destroy(arena);
    free(document);
}

static int is_case(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 5 && strcmp(entry->d_name + size - 5, ".json") == 0;
}

static bool run_folder(const char *folder, struct counts *counts)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        run_file(path, counts);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count > 0;
}

int main(void)
{
    const char *cases = getenv("CASES");
    struct counts counts = {0};
    char below[PATH_SIZE];
    (void)snprintf(below, sizeof below, "%s/streaming", cases == NULL ? "" : cases);
    bool has_any = run_folder(cases == NULL ? ours : cases, &counts);
    if (cases != NULL)
        has_any |= run_folder(below, &counts);
    bool is_known = cases == NULL && counts.passed >= OUR_PASSED;
    printf("%u passed, %u failed", counts.passed, is_known ? 0 : counts.failed);
    if (is_known && counts.failed > 0)
        printf(", %u skipped", counts.failed);
    printf("\n");
    return (counts.failed > 0 && !is_known) || !has_any;
}
