#include "io/files_clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"

enum { DIRECTORY_MODE = 0777 /* what the umask leaves of it */ };

/* Is it the file that was read? */
static bool is_unchanged(const struct lt_files_item *item)
{
    struct stat status;
    if (stat(item->path, &status) != 0)
        return false;
    int64_t ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    return S_ISREG(status.st_mode) && ms == item->modified_ms;
}

/* Makes every directory above the path, which is absolute. */
static int make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = mkdir(path, DIRECTORY_MODE);
        int number = errno;
        *slash = '/';
        if (result != 0 && number != EEXIST)
            return number;
    }
    return 0;
}

static int archive(const char *directory, const char *path)
{
    size_t size = strlen(directory) + strlen(path) + 1;
    char *target = lt_alloc(size);
    snprintf(target, size, "%s%s", directory, path);
    int number = make_directories(target);
    if (number == 0 && rename(path, target) != 0)
        number = errno;
    free(target);
    return number;
}

void lt_files_clean_one(const struct lt_files_cleaning *cleaning, const struct lt_files_item *item)
{
    if (cleaning->mode == LT_FILES_CLEAN_OFF || !is_unchanged(item))
        return;
    bool is_archive = cleaning->mode == LT_FILES_CLEAN_ARCHIVE;
    int number =
        is_archive ? archive(cleaning->archive, item->path) : (unlink(item->path) == 0 ? 0 : errno);
    if (number != 0 && number != ENOENT)
        lt_log_warn("cleanSource: \"%s\" could not be %s: %s", item->path,
                    is_archive ? "archived" : "deleted", strerror(number));
}
