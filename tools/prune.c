/*
 * Finding the dead of one name, newest first, and removing the rest. Files of other names are not
 * opened: there may be many, and each start would read them all.
 */
#include "tools/prune.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"

struct dead {
    char *path;
    int64_t started_us;
};

static int compare_newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct dead *)a)->started_us, y = ((const struct dead *)b)->started_us;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* True, with the time of its start, for a file whose process is dead and whose query has the name.
 * Files that cannot be read are none of ours. */
static bool is_dead(const char *path, const char *query_name, int64_t *started_us)
{
    leat_admin_owner owner = {.size = sizeof owner};
    leat_admin_counters *counters = leat_admin_counters_open(path, NULL, 0);
    if (counters == NULL)
        return false;
    leat_admin_counters_owner(counters, &owner);
    bool is_meant = !owner.alive && strcmp(owner.query_name, query_name) == 0;
    *started_us = owner.started_us;
    leat_admin_counters_close(counters);
    return is_meant;
}

/* `own`: the name of this one's file, which has a dot in front of the process. */
static struct dead *find_dead(const char *folder, const char *own, const char *query_name,
                              size_t *count)
{
    struct dead *found = NULL;
    const struct dirent *entry;
    DIR *directory = opendir(folder);
    *count = 0;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, own, strcspn(own, ".") + 1) != 0)
            continue;
        struct dead dead = {.path = lt_tool_format("%s/%s", folder, entry->d_name)};
        if (!is_dead(dead.path, query_name, &dead.started_us)) {
            free(dead.path);
            continue;
        }
        found = lt_tool_grow(found, *count, sizeof *found);
        found[(*count)++] = dead;
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

void lt_tool_prune_counters(const char *path, const char *query_name)
{
    size_t count;
    if (path == NULL)
        return;
    char *folder = leat_admin_counters_folder();
    struct dead *found = find_dead(folder, strrchr(path, '/') + 1, query_name, &count);
    if (count > 0)
        qsort(found, count, sizeof *found, compare_newest_first);
    for (size_t i = 0; i < count; i++) {
        /* Another relay that starts now may have been faster. */
        if (i >= LT_TOOL_DEAD_KEPT && unlink(found[i].path) != 0 && errno != ENOENT)
            lt_tool_say("cannot remove \"%s\": %s", found[i].path, strerror(errno));
        free(found[i].path);
    }
    free(found);
    free(folder);
}
