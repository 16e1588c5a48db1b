#include "core/state/former.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/state/file_writer.h"
#include "core/state/folder.h"
#include "core/state/rocksdb_store.h"

struct lt_state_former {
    /* constant */
    const char *root, *name;
    uint32_t partition_count;
    struct lt_reactor *reactor;
    /* the helper's while the call is under way */
    struct lt_io call;
    uint64_t oldest;
    uint64_t due_at; /* nothing can be deleted before this is the oldest that is kept */
};

struct lt_state_former *lt_state_former_create(const char *root, const char *name,
                                               uint32_t partition_count, struct lt_reactor *reactor)
{
    struct lt_state_former *former = lt_alloc(sizeof *former);
    *former = (struct lt_state_former){
        .root = root, .name = name, .partition_count = partition_count, .reactor = reactor};
    return former;
}

void lt_state_former_destroy(struct lt_state_former *former)
{
    if (former == NULL)
        return;
    if (former->call.is_pending)
        lt_reactor_cancel_and_wait(former->reactor, &former->call);
    free(former);
}

/* ------------------------------------------------------------------------------------- deleting */

/* The newest version of which there is a file; 0: there is none. */
static uint64_t newest_version(const char *folder)
{
    struct lt_state_files files = {0};
    uint64_t newest = UINT64_MAX; /* what cannot be listed stays */
    if (lt_state_files_read(folder, UINT64_MAX, &files, NULL) == 0)
        newest = files.count == 0 ? 0 : files.list[files.count - 1].version;
    lt_state_files_fini(&files);
    return newest;
}

/* Deletes the files of state in a folder, and the folder if nothing else is in it. */
static void delete_files(const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    enum lt_state_file_kind kind;
    uint64_t version;
    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL) { /* ends with the folder */
        if (!lt_state_file_name_parse(entry->d_name, &kind, &version) &&
            !lt_state_is_temporary_name(entry->d_name))
            continue;
        if (unlinkat(dirfd(stream), entry->d_name, 0) != 0 && errno != ENOENT)
            lt_log_warn("cannot delete old state file '%s/%s': %s", folder, entry->d_name,
                        strerror(errno));
    }
    closedir(stream);
    (void)rmdir(folder); /* fails where something else is in it, which is not ours to delete */
}

static void delete_partition(const struct lt_state_former *former, uint32_t partition)
{
    char *folder = lt_state_folder_path(former->root, partition, former->name);
    lt_state_rocksdb_forget(former->root, partition, former->name);
    delete_files(folder);
    free(folder);
    if (former->name == NULL)
        return;
    /* The partition's own folder goes with the last of its stores. */
    folder = lt_state_folder_path(former->root, partition, NULL);
    (void)rmdir(folder);
    free(folder);
}

static bool parse_partition(const char *name, uint32_t *out)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    *out = (uint32_t)number;
    return name[0] >= '0' && name[0] <= '9' && *end == '\0' && number < LT_STATE_ALL_PARTITIONS;
}

/* On the helper's thread. What is left decides when it is worth another look. */
static int64_t look(void *context)
{
    struct lt_state_former *former = context;
    DIR *stream = opendir(former->root);
    struct dirent *entry;
    uint32_t partition;
    former->due_at = UINT64_MAX;
    if (stream == NULL)
        return 0;
    while ((entry = readdir(stream)) != NULL) { /* ends with the folder */
        if (!parse_partition(entry->d_name, &partition) || partition < former->partition_count)
            continue;
        char *folder = lt_state_folder_path(former->root, partition, former->name);
        uint64_t newest = newest_version(folder);
        free(folder);
        if (newest < former->oldest)
            delete_partition(former, partition);
        else if (newest < former->due_at)
            former->due_at = newest;
    }
    closedir(stream);
    return 0;
}

static void on_looked(struct lt_io *io)
{
    struct lt_state_former *former = io->context;
    former->due_at += former->due_at < UINT64_MAX;
}

uint32_t lt_state_former_maintain(struct lt_state_former *former, uint64_t oldest)
{
    if (former->call.is_pending || oldest < former->due_at)
        return 0;
    former->oldest = oldest;
    former->call = (struct lt_io){.kind = LT_IO_CALL,
                                  .call = look,
                                  .call_context = former,
                                  .done = on_looked,
                                  .context = former};
    lt_reactor_submit(former->reactor, &former->call);
    return 1;
}
