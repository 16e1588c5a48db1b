/*
 * Two writers: one for the versions of batches, on the store's own thread and in a hurry, and one
 * for merges, on the reactor's helper. The list of the folder's files has what has been committed.
 */
#include "core/state/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/folder.h"
#include "core/base/log.h"
#include "core/state/file_writer.h"
#include "core/state/folder.h"
#include "core/state/former.h"

enum {
    DELETIONS_MAX = 4,     /* at a time: a batch makes one file, or two, needless */
    MERGE_PAUSE_MAX = 256, /* batches, or min_deltas, if those are more */
};

enum prepare_state {
    NOTHING_PREPARED,
    PREPARING, /* being written */
    PREPARED,  /* durable */
    FAILED,
};

struct lt_state_keeper {
    /* constant after open */
    char *root, *name; /* NULL as in the options */
    uint32_t partition, partition_count, first_group, end_group;
    uint32_t key_suffix_bytes, min_deltas;
    enum lt_state_codec_kind codec;
    struct lt_reactor *reactor;
    char *folder;
    int folder_fd; /* -1 before begin */
    uint32_t stored_count; /* partitions of the run that wrote the version of open */
    /* the files up to `version` */
    struct lt_state_files files;
    uint64_t version;
    bool is_dealt_anew; /* the next version is to be a snapshot, with what former partitions had */
    /* the batch's version */
    struct lt_state_writer *preparer;
    enum prepare_state state;
    struct lt_state_file prepared;
    struct lt_error error; /* FAILED */
    /* merging and deleting */
    struct lt_state_writer *merger;
    struct lt_state_file merged; /* what the merger writes */
    struct lt_state_former *former; /* NULL: another partition's to do */
    /* After a merge that failed the query goes on without: the next is tried so many versions later
     * (0: the last one did not fail). */
    uint64_t merge_pause, merge_from;
    struct deletion {
        struct lt_io io;
        char name[LT_STATE_FILE_NAME_SIZE];
    } deletions[DELETIONS_MAX];
};

/* The partitions' groups, in a row: the first that is dealt to `partition` or one behind it. */
static uint32_t first_group_of(uint32_t partition, uint32_t partition_count)
{
    uint32_t group = 0;
    while (group < LT_STATE_KEY_GROUPS &&
           lt_state_partition_of(group, partition_count) < partition)
        group++;
    return group;
}

/* ---------------------------------------------------------------------------------------- open */

/* The files of one partition of the run that wrote the version, as far as they have our groups. */
static int add_chain(const struct lt_state_keeper *keeper, uint32_t partition,
                     struct lt_state_inputs *inputs, struct lt_error *error)
{
    struct lt_state_files files = {0};
    char *folder = lt_state_folder_path(keeper->root, partition, keeper->name);
    struct lt_state_expected expected = {.partition = partition,
                                         .partition_count = keeper->stored_count,
                                         .key_suffix_bytes = keeper->key_suffix_bytes};
    int code = lt_state_files_read(folder, keeper->version, &files, error);
    if (code == 0)
        code =
            lt_state_files_chain(&files, folder, keeper->version, &expected, inputs, error);
    lt_state_files_fini(&files);
    free(folder);
    return code;
}

/* All files that have entries of this partition at the version. */
static int list_inputs(const struct lt_state_keeper *keeper, struct lt_state_inputs *inputs,
                       struct lt_error *error)
{
    *inputs = (struct lt_state_inputs){.first_group = keeper->first_group,
                                       .end_group = keeper->end_group};
    int code = 0;
    if (keeper->version == 0 || keeper->root == NULL)
        return 0;
    uint32_t count = keeper->stored_count;
    for (uint32_t partition = 0; code == 0 && partition < count; partition++) {
        bool is_ours = keeper->first_group < first_group_of(partition + 1, count) &&
                       first_group_of(partition, count) < keeper->end_group;
        if (partition == keeper->partition && count == keeper->partition_count)
            is_ours = true; /* also one without any group has to be whole */
        if (is_ours)
            code = add_chain(keeper, partition, inputs, error);
    }
    if (code != 0)
        lt_state_inputs_fini(inputs);
    return code;
}

/* The number of partitions of the run that wrote the version: partition 0, which all runs have,
 * says so in its file. 0 if there is none to ask. */
static int find_stored_count(struct lt_state_keeper *keeper, struct lt_error *error)
{
    struct lt_state_files files = {0};
    char *folder = lt_state_folder_path(keeper->root, 0, keeper->name);
    int code = lt_state_files_read(folder, keeper->version, &files, error);
    const struct lt_state_file *file = lt_state_files_find(&files, keeper->version);
    /* What is missing or damaged is found by whoever reads it. */
    if (code == 0 && file != NULL && file->number != 0) {
        char name[LT_STATE_FILE_NAME_SIZE];
        char *path = lt_state_join(folder, lt_state_file_name(file->kind, file->version, name));
        code = lt_state_file_unread(path, file->kind, file->number, error);
        free(path);
    } else if (code == 0 && file != NULL && file->is_sound) {
        keeper->stored_count = file->partition_count;
    }
    lt_state_files_fini(&files);
    free(folder);
    return code;
}

static int find_files(struct lt_state_keeper *keeper, const struct lt_state_options *options,
                      struct lt_error *error)
{
    if (keeper->root == NULL || keeper->version == 0)
        return 0;
    int code = find_stored_count(keeper, error);
    if (code != 0)
        return code;
    if (options->stored_partition_count != 0 &&
        options->stored_partition_count != keeper->stored_count) {
        lt_error_set(error, LT_E_CORRUPT,
                     "An error occurred during loading state. The state in '%s' is of %" PRIu32
                     " partitions by its files, and of %" PRIu32
                     " by the checkpoint's log; hint: the directory has files of two checkpoints, "
                     "bring one back from a backup, or begin with a new checkpoint directory",
                     keeper->root, keeper->stored_count, options->stored_partition_count);
        return lt_error_condition(error, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", "58030");
    }
    keeper->is_dealt_anew = keeper->stored_count != keeper->partition_count;
    return lt_state_files_read(keeper->folder, keeper->version, &keeper->files, error);
}

int lt_state_keeper_open(const struct lt_state_options *options, struct lt_state_keeper **out,
                         struct lt_error *error)
{
    lt_assert(options->partition < options->partition_count);
    struct lt_state_keeper *keeper = lt_alloc(sizeof *keeper);
    keeper->folder_fd = -1;
    keeper->root = options->root == NULL ? NULL : lt_strdup(options->root);
    keeper->name = options->name == NULL ? NULL : lt_strdup(options->name);
    keeper->partition = options->partition;
    keeper->partition_count = options->partition_count;
    keeper->first_group = first_group_of(options->partition, options->partition_count);
    keeper->end_group = first_group_of(options->partition + 1, options->partition_count);
    keeper->key_suffix_bytes = options->key_suffix_bytes;
    keeper->min_deltas = options->min_deltas_for_snapshot;
    keeper->reactor = options->reactor;
    keeper->version = options->version;
    keeper->stored_count = options->partition_count;
    if (keeper->root != NULL)
        keeper->folder = lt_state_folder_path(keeper->root, keeper->partition, keeper->name);
    int code = lt_state_codec_find(options->codec, &keeper->codec, error);
    if (code == 0)
        code = find_files(keeper, options, error);
    if (code != 0) {
        lt_state_keeper_close(keeper);
        return code;
    }
    *out = keeper;
    return 0;
}

int lt_state_keeper_load(const struct lt_state_keeper *keeper, struct lt_state_merge **out,
                         struct lt_error *error)
{
    struct lt_state_inputs inputs;
    int code = list_inputs(keeper, &inputs, error);
    if (code != 0)
        return code;
    *out = lt_state_merge_create(&inputs, NULL, true);
    code = lt_state_merge_open(*out, error);
    if (code != 0)
        lt_state_merge_destroy(*out);
    return code;
}

int lt_state_keeper_load_since(const struct lt_state_keeper *keeper, uint64_t since,
                               struct lt_state_merge **out, struct lt_error *error)
{
    if (keeper->is_dealt_anew || since > keeper->version)
        return LT_E_NOT_FOUND;
    struct lt_state_inputs inputs = {.first_group = keeper->first_group,
                                     .end_group = keeper->end_group};
    struct lt_state_expected expected = {.partition = keeper->partition,
                                         .partition_count = keeper->partition_count,
                                         .key_suffix_bytes = keeper->key_suffix_bytes};
    int code = lt_state_files_chain(&keeper->files, keeper->folder, keeper->version, &expected,
                                    &inputs, error);
    size_t count = 0;
    uint64_t at = keeper->version;
    for (; code == 0 && at > since; count++) { /* ends: a base is below its version */
        const struct lt_state_file *file = lt_state_files_find(&keeper->files, at);
        if (file->kind == LT_STATE_SNAPSHOT || !file->is_sound)
            code = LT_E_NOT_FOUND; /* it does not say what was removed */
        at = file->base;
    }
    while (code == 0 && inputs.count > count)
        free(inputs.list[--inputs.count].path);
    if (code != 0) {
        lt_state_inputs_fini(&inputs);
        return code;
    }
    *out = lt_state_merge_create(&inputs, NULL, false);
    return 0;
}

int lt_state_keeper_begin(struct lt_state_keeper *keeper, struct lt_error *error)
{
    if (keeper->root == NULL)
        return 0;
    lt_assert(keeper->min_deltas > 0);
    int code = lt_folder_make(keeper->folder, error);
    if (code == 0)
        code = lt_state_folder_clean(keeper->folder, keeper->version, error);
    if (code != 0)
        return code;
    keeper->folder_fd = open(keeper->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (keeper->folder_fd < 0)
        return lt_folder_failed("open", keeper->folder, errno, error);
    keeper->preparer = lt_state_writer_create(keeper->reactor);
    keeper->merger = lt_state_writer_create(keeper->reactor);
    if (keeper->partition == 0)
        keeper->former = lt_state_former_create(keeper->root, keeper->name, keeper->partition_count,
                                                keeper->reactor);
    return 0;
}

/* ------------------------------------------------------------------------------------- prepare */

static struct lt_state_file_job make_job(struct lt_state_keeper *keeper,
                                         const struct lt_state_file *file,
                                         struct lt_state_stream *stream, bool is_for_helper,
                                         lt_state_written_fn *done)
{
    return (struct lt_state_file_job){
        .header = {.kind = file->kind,
                   .codec = keeper->codec,
                   .version = file->version,
                   .base = file->base,
                   .partition = keeper->partition,
                   .partition_count = keeper->partition_count,
                   .first_group = keeper->first_group,
                   .end_group = keeper->end_group,
                   .key_suffix_bytes = keeper->key_suffix_bytes},
        .stream = stream,
        .is_for_helper = is_for_helper,
        .folder_fd = keeper->folder_fd,
        .folder_path = keeper->folder,
        .done = done,
        .context = keeper,
    };
}

static void on_prepared(void *context, int code, const struct lt_state_trailer *trailer,
                        const struct lt_error *error)
{
    struct lt_state_keeper *keeper = context;
    keeper->state = code == 0 ? PREPARED : FAILED;
    keeper->prepared.size_bytes = trailer->file_bytes;
    if (code != 0)
        keeper->error = *error;
}

void lt_state_keeper_prepare(struct lt_state_keeper *keeper, uint64_t version,
                             struct lt_state_stream *changes)
{
    lt_assert(version == keeper->version + 1);
    lt_assert(keeper->state == NOTHING_PREPARED);
    keeper->state = PREPARING;
    keeper->prepared = (struct lt_state_file){.kind = LT_STATE_DELTA,
                                              .version = version,
                                              .base = keeper->version,
                                              .partition_count = keeper->partition_count,
                                              .key_suffix_bytes = keeper->key_suffix_bytes,
                                              .is_sound = true};
    if (keeper->root == NULL) {
        if (changes != NULL)
            changes->destroy(changes);
        keeper->state = PREPARED;
        return;
    }
    struct lt_state_stream *stream = changes;
    if (keeper->is_dealt_anew) {
        struct lt_state_inputs inputs;
        int code = list_inputs(keeper, &inputs, &keeper->error);
        if (code != 0) {
            changes->destroy(changes);
            keeper->state = FAILED;
            return;
        }
        keeper->prepared.kind = LT_STATE_SNAPSHOT;
        keeper->prepared.base = 0;
        stream = lt_state_merge_stream(lt_state_merge_create(&inputs, changes, true));
    }
    struct lt_state_file_job job =
        make_job(keeper, &keeper->prepared, stream, keeper->is_dealt_anew, on_prepared);
    job.is_unread = true; /* a version above the committed one */
    lt_state_writer_start(keeper->preparer, &job);
}

int lt_state_keeper_prepared(struct lt_state_keeper *keeper, struct lt_error *error)
{
    lt_assert(keeper->state != NOTHING_PREPARED);
    if (keeper->state != FAILED)
        return keeper->state == PREPARED;
    if (error != NULL)
        *error = keeper->error;
    return keeper->error.code;
}

void lt_state_keeper_commit(struct lt_state_keeper *keeper)
{
    lt_assert(keeper->state == PREPARED);
    keeper->state = NOTHING_PREPARED;
    keeper->version = keeper->prepared.version;
    keeper->is_dealt_anew = false;
    if (keeper->root != NULL)
        lt_state_files_put(&keeper->files, &keeper->prepared);
}

void lt_state_keeper_abort(struct lt_state_keeper *keeper)
{
    if (keeper->preparer != NULL)
        lt_state_writer_stop(keeper->preparer);
    keeper->state = NOTHING_PREPARED;
}

/* ------------------------------------------------------------------------------------ maintain */

/* Each is twice as long as the one before, within bounds: a disk that has room again is found soon.
 */
static uint64_t next_pause(const struct lt_state_keeper *keeper)
{
    uint64_t twice = 2 * keeper->merge_pause;
    uint64_t most = twice < MERGE_PAUSE_MAX ? twice : MERGE_PAUSE_MAX;
    return most > keeper->min_deltas ? most : keeper->min_deltas;
}

static void on_merged(void *context, int code, const struct lt_state_trailer *trailer,
                      const struct lt_error *error)
{
    struct lt_state_keeper *keeper = context;
    if (code != 0) {
        /* Nothing is lost: the files that were to be merged are there. */
        keeper->merge_pause = next_pause(keeper);
        keeper->merge_from = keeper->version + keeper->merge_pause;
        lt_log_warn("state files in '%s' are not merged: %s; it is tried again %" PRIu64
                    " batches later",
                    keeper->folder, error->text, keeper->merge_pause);
        return;
    }
    keeper->merge_pause = keeper->merge_from = 0;
    keeper->merged.size_bytes = trailer->file_bytes;
    lt_state_files_put(&keeper->files, &keeper->merged);
}

static bool begin_merge(struct lt_state_keeper *keeper)
{
    struct lt_state_merging plan =
        lt_state_files_plan(&keeper->files, keeper->version, keeper->min_deltas);
    if (plan.count == 0 || keeper->version < keeper->merge_from || keeper->is_dealt_anew)
        return false;
    struct lt_state_inputs inputs = {.first_group = keeper->first_group,
                                     .end_group = keeper->end_group};
    struct lt_state_expected expected = {.partition = keeper->partition,
                                         .partition_count = keeper->partition_count,
                                         .key_suffix_bytes = keeper->key_suffix_bytes};
    struct lt_error error;
    int code = lt_state_files_chain(&keeper->files, keeper->folder, plan.version, &expected,
                                    &inputs, &error);
    lt_assert(code == 0); /* the plan has walked it */
    while (inputs.count > plan.count)
        free(inputs.list[--inputs.count].path);
    bool is_snapshot = plan.base == 0;
    keeper->merged =
        (struct lt_state_file){.kind = is_snapshot ? LT_STATE_SNAPSHOT : LT_STATE_DELTA,
                               .version = plan.version,
                               .base = plan.base,
                               .partition_count = keeper->partition_count,
                               .key_suffix_bytes = keeper->key_suffix_bytes,
                               .is_sound = true};
    struct lt_state_merge *merge = lt_state_merge_create(&inputs, NULL, is_snapshot);
    struct lt_state_file_job job =
        make_job(keeper, &keeper->merged, lt_state_merge_stream(merge), true, on_merged);
    lt_state_writer_start(keeper->merger, &job);
    return true;
}

static void on_unlinked(struct lt_io *io)
{
    const struct lt_state_keeper *keeper = io->context;
    if (io->result < 0 && io->result != -ENOENT && io->result != -ECANCELED)
        lt_log_warn("cannot delete old state file '%s/%s': %s", keeper->folder, io->path,
                    strerror((int)-io->result));
}

static bool begin_deletion(struct lt_state_keeper *keeper, struct deletion *deletion,
                           uint64_t oldest)
{
    if (deletion->io.is_pending)
        return false;
    uint64_t kept = oldest < keeper->version ? oldest : keeper->version;
    size_t index = lt_state_files_needless(&keeper->files, kept);
    if (index == keeper->files.count)
        return false;
    const struct lt_state_file *file = &keeper->files.list[index];
    lt_state_file_name(file->kind, file->version, deletion->name);
    lt_state_files_remove(&keeper->files, index);
    deletion->io = (struct lt_io){.kind = LT_IO_UNLINKAT,
                                  .fd = keeper->folder_fd,
                                  .path = deletion->name,
                                  .done = on_unlinked,
                                  .context = keeper};
    lt_reactor_submit(keeper->reactor, &deletion->io);
    return true;
}

uint32_t lt_state_keeper_maintain(struct lt_state_keeper *keeper, uint64_t oldest)
{
    if (keeper->root == NULL)
        return 0;
    uint32_t begun = !lt_state_writer_is_busy(keeper->merger) && begin_merge(keeper);
    /* What is being merged is what the current version is made of: it is not needless. */
    for (int i = 0; i < DELETIONS_MAX; i++)
        begun += begin_deletion(keeper, &keeper->deletions[i], oldest);
    uint64_t kept = oldest < keeper->version ? oldest : keeper->version;
    if (keeper->former != NULL && !keeper->is_dealt_anew)
        begun += lt_state_former_maintain(keeper->former, kept);
    return begun;
}

/* --------------------------------------------------------------------------------------- close */

void lt_state_keeper_close(struct lt_state_keeper *keeper)
{
    if (keeper == NULL)
        return;
    lt_state_writer_destroy(keeper->preparer);
    lt_state_writer_destroy(keeper->merger);
    lt_state_former_destroy(keeper->former);
    for (int i = 0; i < DELETIONS_MAX; i++)
        if (keeper->deletions[i].io.is_pending)
            lt_reactor_cancel_and_wait(keeper->reactor, &keeper->deletions[i].io);
    if (keeper->folder_fd >= 0)
        close(keeper->folder_fd);
    lt_state_files_fini(&keeper->files);
    free(keeper->folder);
    free(keeper->root);
    free(keeper->name);
    free(keeper);
}

bool lt_state_keeper_is_kept(const struct lt_state_keeper *keeper)
{
    return keeper->root != NULL;
}

bool lt_state_keeper_is_dealt_anew(const struct lt_state_keeper *keeper)
{
    return keeper->is_dealt_anew;
}

const char *lt_state_keeper_folder(const struct lt_state_keeper *keeper)
{
    return keeper->folder;
}

uint64_t lt_state_keeper_version(const struct lt_state_keeper *keeper)
{
    return keeper->version;
}

uint64_t lt_state_keeper_last_bytes(const struct lt_state_keeper *keeper)
{
    const struct lt_state_file *file = lt_state_files_find(&keeper->files, keeper->version);
    return file == NULL ? 0 : file->size_bytes;
}

uint64_t lt_state_keeper_all_bytes(const struct lt_state_keeper *keeper)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < keeper->files.count; i++)
        sum += keeper->files.list[i].size_bytes;
    return sum;
}
