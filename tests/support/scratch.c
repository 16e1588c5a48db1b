/*
 * Folders for tests.
 */
#include "tests/support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"

void scratch_create(char path[SCRATCH_PATH_SIZE])
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || strlen(parent) + sizeof "/leat-test-XXXXXX" > SCRATCH_PATH_SIZE)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, SCRATCH_PATH_SIZE, "%s/leat-test-XXXXXX", parent);
    const char *made = mkdtemp(path);
    lt_assert(made != NULL);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void scratch_remove(const char *path)
{
    enum { OPEN_MAX_COUNT = 8 };
    (void)nftw(path, remove_one, OPEN_MAX_COUNT, FTW_DEPTH | FTW_PHYS);
}
