/*
 * Folders for tests.
 */
#include "tests/support/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* Folders that are there still when the program ends, as after a case that failed, go with it; but
 * not where it crashes, and not when a process that it has forked ends. */
static char (*made)[SCRATCH_PATH_SIZE];
static size_t made_count;
static pid_t maker;

static void remove_made(void)
{
    for (size_t i = 0; i < made_count && getpid() == maker; i++)
        scratch_remove(made[i]);
    free(made);
    made = NULL;
    made_count = 0;
}

static void remember(const char *path)
{
    if (maker != getpid())
        made_count = 0; /* what there is is a parent's */
    if (maker == 0) /* who is forked has it, too */
        lt_assert(atexit(remove_made) == 0);
    maker = getpid();
    made = lt_realloc_array(made, made_count + 1, sizeof *made);
    snprintf(made[made_count++], sizeof *made, "%s", path);
}

void scratch_create(char path[SCRATCH_PATH_SIZE])
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || strlen(parent) + sizeof "/leat-test-XXXXXX" > SCRATCH_PATH_SIZE)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, SCRATCH_PATH_SIZE, "%s/leat-test-XXXXXX", parent);
    const char *folder = mkdtemp(path);
    lt_assert(folder != NULL);
    remember(path);
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
    bool is_last = made_count > 0 && maker == getpid() && strcmp(made[made_count - 1], path) == 0;
    made_count -= is_last; /* one that makes many in turn remembers the last */
    (void)nftw(path, remove_one, OPEN_MAX_COUNT, FTW_DEPTH | FTW_PHYS);
}

enum { PATH_SIZE = 512 };

/* Makes the folders that lead to a file. */
static void make_parents(const char *path)
{
    char copy[PATH_SIZE];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        lt_assert(mkdir(copy, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void scratch_write(const char *content, const char *path, ...)
{
    char formatted[PATH_SIZE];
    va_list arguments;
    va_start(arguments, path);
    int size_bytes = vsnprintf(formatted, sizeof formatted, path, arguments);
    va_end(arguments);
    lt_assert(size_bytes > 0 && size_bytes < PATH_SIZE);
    make_parents(formatted);
    FILE *file = fopen(formatted, "w");
    lt_assert(file != NULL);
    lt_assert(fwrite(content, 1, strlen(content), file) == strlen(content));
    lt_assert(fclose(file) == 0);
}

char *scratch_read(const char *path, ...)
{
    char formatted[PATH_SIZE];
    va_list arguments;
    va_start(arguments, path);
    int size_bytes = vsnprintf(formatted, sizeof formatted, path, arguments);
    va_end(arguments);
    lt_assert(size_bytes > 0 && size_bytes < PATH_SIZE);
    FILE *file = fopen(formatted, "r");
    if (file == NULL)
        return NULL;
    struct stat status;
    lt_assert(fstat(fileno(file), &status) == 0);
    char *content = lt_alloc((size_t)status.st_size + 1);
    lt_assert(fread(content, 1, (size_t)status.st_size, file) == (size_t)status.st_size);
    lt_assert(fclose(file) == 0);
    return content;
}
