/*
 * What there is to read: listings and the kernel's events, and what they say of each file that is
 * followed.
 *
 * A listing is made at the beginning, when a directory has changed, and every pollInterval. What it
 * finds is compared with the files that the reader has:
 *
 *   known, and longer than was read       to be read
 *   known, under another name             renamed: followed on; its old name is a new file's
 *   known, other first bytes              truncated and written anew: from 0
 *   unknown, in the place to start from   goes on at its offset
 *   unknown otherwise                     new: from 0
 *   known and not found                   removed: what is left is read, then it is let go
 *   in the place, and not found           gone while the query was down: data loss, unless it had
 *                                         been renamed and read to its end
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/tail_reader.h"

void lt_tail_fail(struct lt_tail_reader *reader)
{
    lt_error_append(&reader->base.error, "source tail");
    reader->has_failed = true;
}

/* ---------------------------------------------------------------------------------------- table */

static struct lt_tail_file *find_file(const struct lt_tail_reader *reader, uint64_t inode)
{
    for (uint32_t i = 0; i < reader->file_count; i++)
        if (reader->files[i]->inode == inode)
            return reader->files[i];
    return NULL;
}

static struct lt_tail_file *find_watched(const struct lt_tail_reader *reader, int watch)
{
    for (uint32_t i = 0; i < reader->file_count; i++)
        if (reader->files[i]->watch == watch)
            return reader->files[i];
    return NULL;
}

static void count_files(const struct lt_tail_reader *reader)
{
    if (reader->open_files != NULL)
        lt_counter_set(reader->open_files, reader->file_count);
}

static struct lt_tail_file *add_file(struct lt_tail_reader *reader, struct lt_tail_found *found)
{
    if (reader->file_count == reader->file_capacity) {
        reader->file_capacity = reader->file_capacity == 0 ? 8 : 2 * reader->file_capacity;
        reader->files =
            lt_realloc_array(reader->files, reader->file_capacity, sizeof(struct lt_tail_file *));
    }
    struct lt_tail_file *file = lt_alloc(sizeof *file);
    *file = (struct lt_tail_file){
        .path = found->path,
        .inode = found->inode,
        .fd = found->fd,
        .watch = found->watch,
        .matches = found->matches,
        .size_bytes = found->size_bytes,
        .end = -1,
        .noted_offset = -1,
        .grown_ns = lt_clock_now_ns(reader->clock),
        .is_dirty = true,
        .was_found = true,
        .head_bytes = found->head_bytes,
    };
    memcpy(file->head, found->head, sizeof file->head);
    found->path = NULL;
    found->fd = -1;
    reader->files[reader->file_count++] = file;
    reader->has_changed = true;
    count_files(reader);
    return file;
}

static void file_destroy(struct lt_tail_file *file)
{
    close(file->fd);
    free(file->path);
    free(file);
}

static void remove_file(struct lt_tail_reader *reader, uint32_t index)
{
    struct lt_tail_file *file = reader->files[index];
    if (reader->current == file)
        reader->current = NULL;
    for (uint32_t i = 0; i < reader->file_count; i++)
        if (reader->files[i]->before == file)
            reader->files[i]->before = NULL;
    if (file->watch >= 0)
        (void)inotify_rm_watch(reader->inotify_fd, file->watch); /* gone already: as good */
    file_destroy(file);
    reader->file_count--;
    memmove(&reader->files[index], &reader->files[index + 1],
            (reader->file_count - index) * sizeof reader->files[0]);
    reader->turn = 0;
    reader->has_changed = true;
    count_files(reader);
}

/* -------------------------------------------------------------------------------- what happened */

void lt_tail_truncated(struct lt_tail_reader *reader, struct lt_tail_file *file, int64_t size_bytes)
{
    lt_log_warn("source tail: '%s' was truncated: it has %" PRId64 " bytes and was read up to byte "
                "%" PRId64 "; it is read from its beginning, what was not read before is gone",
                file->path, size_bytes, file->read_end);
    if (reader->truncated != NULL)
        lt_counter_add(reader->truncated, 1);
    file->offset = file->read_end = 0;
    file->noted_offset = -1; /* places speak of what is gone */
    file->size_bytes = size_bytes;
    file->head_bytes = 0;
    file->is_dirty = file->end < 0; /* what was to be read up to its end is not there any more */
    file->has_ended = false;
    reader->has_changed = true;
    if (reader->current == file)
        reader->current = NULL; /* the feed forgets what it has of it */
}

static void take_name(struct lt_tail_reader *reader, struct lt_tail_file *file,
                      struct lt_tail_found *found)
{
    if (file->is_gone) { /* it was elsewhere for a while */
        file->is_gone = file->is_ending = file->has_ended = false;
        file->is_dirty = true;
    }
    file->matches = found->matches;
    if (strcmp(file->path, found->path) == 0)
        return;
    lt_log_info("source tail: '%s' was renamed to '%s': read on to its end", file->path,
                found->path);
    free(file->path);
    file->path = found->path;
    found->path = NULL;
    reader->has_changed = true;
}

/* The first bytes are those that were seen; those that have come since are taken on. */
static bool has_same_head(struct lt_tail_file *file, const struct lt_tail_found *found)
{
    uint32_t common = file->head_bytes < found->head_bytes ? file->head_bytes : found->head_bytes;
    if (memcmp(file->head, found->head, common) != 0)
        return false;
    if (found->head_bytes > file->head_bytes) {
        memcpy(file->head, found->head, sizeof file->head);
        file->head_bytes = found->head_bytes;
    }
    return true;
}

/* What is under way for it may have seen less, and is not the last word. */
static void mark_grown(struct lt_tail_file *file)
{
    file->event_count++;
    file->is_dirty = true;
}

static void merge_known(struct lt_tail_reader *reader, struct lt_tail_file *file,
                        struct lt_tail_found *found)
{
    file->was_found = true;
    file->size_bytes = found->size_bytes;
    take_name(reader, file, found);
    bool is_same = has_same_head(file, found);
    /* A read that is under way belongs to the old content: it is looked at again with the next
     * listing, when it is through. */
    if (!is_same && !(reader->is_reading && reader->current == file))
        lt_tail_truncated(reader, file, found->size_bytes);
    else if (found->size_bytes != file->read_end)
        mark_grown(file);
}

static void stop_at(struct lt_tail_reader *reader, struct lt_tail_file *file)
{
    file->end = file->offset; /* a file that the place to stop at does not know: let go before */
    for (uint32_t i = 0; i < reader->stop->count; i++)
        if (reader->stop->marks[i].inode == file->inode)
            file->end = reader->stop->marks[i].offset;
}

static struct lt_tail_mark *find_mark(struct lt_tail_place *place, uint64_t inode)
{
    for (uint32_t i = 0; i < place->count; i++)
        if (place->marks[i].inode == inode)
            return &place->marks[i];
    return NULL;
}

/* A file that goes on where an earlier run has been. */
static void go_on(struct lt_tail_reader *reader, struct lt_tail_found *found,
                  const struct lt_tail_mark *mark)
{
    struct lt_tail_file *file = add_file(reader, found);
    file->offset = file->read_end = file->noted_offset = mark->offset;
    if (strcmp(file->path, mark->path) != 0)
        lt_log_info("source tail: '%s' was renamed to '%s' since the last run: read on to its end",
                    mark->path, file->path);
}

/* The inode of a mark, with what it holds now. */
static void merge_marked(struct lt_tail_reader *reader, struct lt_tail_found *found,
                         struct lt_tail_mark *mark)
{
    if (lt_tail_found_is(found, mark)) {
        go_on(reader, found, mark);
        mark->inode = 0; /* found */
    } else if (strcmp(found->path, mark->path) == 0) {
        int64_t size_bytes = found->size_bytes;
        struct lt_tail_file *file = add_file(reader, found);
        file->read_end = mark->offset;
        lt_tail_truncated(reader, file, size_bytes);
        mark->inode = 0;
    } else if (found->matches) {
        (void)add_file(reader, found); /* another file has the number now; the mark's is gone */
    }
}

static void merge_one(struct lt_tail_reader *reader, struct lt_tail_found *found)
{
    struct lt_tail_file *file = found->file;
    struct lt_tail_mark *mark = reader->has_scanned ? NULL : find_mark(reader->start, found->inode);
    if (file != NULL) {
        merge_known(reader, file, found);
        return;
    }
    if (mark != NULL && found->inode != 0)
        merge_marked(reader, found, mark);
    else if (reader->stop == NULL || find_mark(reader->stop, found->inode) != NULL)
        (void)add_file(reader, found); /* one that was renamed already was missed before */
}

/* Of two that had one name, the older is read first: files of which nothing was read wait for those
 * that were renamed. A place may know of such a file: it was found right before an epoch ended. */
static void order_names(struct lt_tail_reader *reader)
{
    const struct lt_tail_file *renamed = NULL;
    for (uint32_t i = 0; i < reader->file_count; i++) {
        struct lt_tail_file *file = reader->files[i];
        if (file->before == NULL && file->offset == 0)
            file->before = renamed;
        if (file->is_gone || !file->matches)
            renamed = file;
    }
}

/* ---------------------------------------------------------------------------------------- gone */

/* `from`: the byte up to which it was read. */
static void lose(struct lt_tail_reader *reader, const struct lt_tail_mark *mark, int64_t from)
{
    lt_error_set(&reader->base.error, LT_E_DATA_LOSS,
                 "'%s' (inode %" PRIu64 ") is gone, and what stood in it behind byte %" PRId64
                 " was not read",
                 mark->path, mark->inode, from);
    if (!reader->source->fails_on_data_loss) {
        lt_log_warn("source tail: %s", reader->base.error.text);
        if (reader->lost != NULL)
            lt_counter_add(reader->lost, 1);
        lt_error_clear(&reader->base.error);
        return;
    }
    struct lt_error cause = reader->base.error;
    lt_error_set(&reader->base.error, LT_E_DATA_LOSS,
                 "%.1700s; hint: put it back into its directory under any name, or set "
                 "failOnDataLoss to false to go on without",
                 cause.text);
    lt_tail_fail(reader);
}

/* What the place to start from speaks of, and is nowhere. Up to a place to stop at, only what lies
 * between the two is missed; a file that the latter does not know was read before. */
static void miss_started(struct lt_tail_reader *reader, const struct lt_tail_mark *mark)
{
    const struct lt_tail_mark *stop =
        reader->stop == NULL ? NULL : find_mark(reader->stop, mark->inode);
    if (mark->inode == 0) /* found */
        return;
    if (reader->stop == NULL && mark->is_rotated)
        lt_log_info("source tail: '%s', which was renamed and read to its end, is gone",
                    mark->path);
    else if (reader->stop == NULL || (stop != NULL && stop->offset != mark->offset))
        lose(reader, mark, mark->offset);
}

/* Of a range: a file that was new in it, and was read up to its end then. */
static void miss_stopped(struct lt_tail_reader *reader, const struct lt_tail_mark *mark)
{
    if (find_file(reader, mark->inode) == NULL && mark->offset > 0 &&
        find_mark(reader->start, mark->inode) == NULL)
        lose(reader, mark, 0);
}

/* After the first listing: files that places speak of and that are nowhere. */
static void check_marks(struct lt_tail_reader *reader)
{
    for (uint32_t i = 0; i < reader->start->count && !reader->has_failed; i++)
        miss_started(reader, &reader->start->marks[i]);
    for (uint32_t i = 0; reader->stop != NULL && i < reader->stop->count && !reader->has_failed;
         i++)
        miss_stopped(reader, &reader->stop->marks[i]);
}

static void mark_gone(struct lt_tail_reader *reader)
{
    for (uint32_t i = 0; i < reader->file_count; i++) {
        struct lt_tail_file *file = reader->files[i];
        bool was_found = file->was_found;
        file->was_found = false;
        if (file->is_gone || was_found)
            continue;
        lt_log_info("source tail: '%s' was removed: read on to its end", file->path);
        file->is_gone = true;
        file->is_dirty = true;
    }
}

/* Nothing will be added to it any more, as far as can be told. A listing has been begun since it
 * last grew: so it is old to the next one, and not a file that was missed. */
static bool is_over(const struct lt_tail_reader *reader, const struct lt_tail_file *file,
                    int64_t now_ns)
{
    if (file->is_dirty || file->end >= 0)
        return false;
    return file->is_gone ||
           (!file->matches && now_ns - file->grown_ns >= reader->source->rotated_timeout_ns &&
            file->grown_ns + 2 * LT_TAIL_TICK_NS < reader->looked_ns);
}

/* The engine goes on from there, or from behind it, whatever happens. A file that was let go within
 * a batch could not be read again with it. */
static bool is_noted_for_good(const struct lt_tail_reader *reader, const struct lt_tail_file *file)
{
    return file->noted_offset == file->offset &&
           file->noted_number <= lt_tail_places_committed(&reader->source->places);
}

/* Files that are over give their last record, and go when a place that is committed knows that. */
static void let_go(struct lt_tail_reader *reader, int64_t now_ns)
{
    for (uint32_t i = 0; i < reader->file_count; i++) {
        struct lt_tail_file *file = reader->files[i];
        if (!is_over(reader, file, now_ns))
            continue;
        if (!file->is_ending) {
            file->is_ending = true;
            file->is_dirty = true;
            return;
        }
        if (file->has_ended && is_noted_for_good(reader, file) &&
            !(reader->is_reading && reader->current == file)) {
            remove_file(reader, i);
            reader->has_let_go = true;
            return; /* one at a time is enough */
        }
    }
}

/* ------------------------------------------------------------------------------------- listing */

static int64_t run_scan(void *context)
{
    struct lt_tail_reader *reader = context;
    return lt_tail_scan_run(&reader->scan);
}

static void fill_wanted(struct lt_tail_reader *reader)
{
    struct lt_tail_scan *scan = &reader->scan;
    uint32_t marks = reader->has_scanned ? 0 : reader->start->count;
    uint32_t stops = reader->has_scanned || reader->stop == NULL ? 0 : reader->stop->count;
    scan->wanted =
        lt_alloc_array(reader->file_count + marks + stops + 1, sizeof scan->wanted[0]);
    for (uint32_t i = 0; i < reader->file_count; i++)
        scan->wanted[scan->wanted_count++] =
            (struct lt_tail_wanted){.inode = reader->files[i]->inode, .file = reader->files[i]};
    for (uint32_t i = 0; i < marks; i++)
        scan->wanted[scan->wanted_count++].inode = reader->start->marks[i].inode;
    for (uint32_t i = 0; i < stops; i++)
        scan->wanted[scan->wanted_count++].inode = reader->stop->marks[i].inode;
}

static void begin_scan(struct lt_tail_reader *reader)
{
    reader->is_scanning = true;
    reader->is_scan_wanted = false;
    fill_wanted(reader);
    reader->scan.pattern = reader->source->pattern;
    reader->scan.inotify_fd = reader->inotify_fd;
    reader->look_us = lt_clock_wall_us(reader->clock);
    reader->look_ns = lt_clock_now_ns(reader->clock);
    reader->scan.relatives_since_ns = lt_tail_since_ns(reader->looked_us);
    lt_reactor_submit(reader->reactor, &reader->scan_io);
}

static void warn_watches(struct lt_tail_reader *reader)
{
    if (!reader->scan.lacks_watches || reader->warned_watches)
        return;
    reader->warned_watches = true;
    lt_log_warn("source tail: the kernel has no more watches (fs.inotify.max_user_watches): growth "
                "is seen every pollInterval only");
}

static void take_scan(struct lt_tail_reader *reader)
{
    for (uint32_t i = 0; i < reader->scan.found_count; i++)
        merge_one(reader, &reader->scan.found[i]);
}

static void scan_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    reader->is_scanning = false;
    reader->scan_due_ns = lt_clock_now_ns(reader->clock) + reader->source->poll_interval_ns;
    if (reader->is_closing || io->result == -ECANCELED) {
        lt_tail_scan_clear(&reader->scan);
        return;
    }
    if (io->result != 0) {
        reader->base.error = reader->scan.error;
        lt_tail_fail(reader);
        lt_tail_scan_clear(&reader->scan);
        return;
    }
    warn_watches(reader);
    take_scan(reader);
    mark_gone(reader);
    if (!reader->has_scanned) {
        for (uint32_t i = 0; reader->stop != NULL && i < reader->file_count; i++)
            stop_at(reader, reader->files[i]);
        check_marks(reader);
    }
    order_names(reader);
    reader->has_scanned = true;
    reader->looked_us = reader->look_us;
    reader->looked_ns = reader->look_ns;
    lt_tail_scan_clear(&reader->scan);
}

/* ------------------------------------------------------------------------------------- events */

static void take_event(struct lt_tail_reader *reader, const struct inotify_event *event)
{
    struct lt_tail_file *file = find_watched(reader, event->wd);
    if (event->mask & IN_Q_OVERFLOW) {
        for (uint32_t i = 0; i < reader->file_count; i++)
            mark_grown(reader->files[i]);
        reader->is_scan_wanted = true;
    } else if (file != NULL) {
        mark_grown(file);
    } else if ((event->mask & IN_IGNORED) == 0) {
        reader->is_scan_wanted = true;
    }
}

/* Waits, and then reads what is there: a read that waits itself is one for a thread of the
 * kernel's, for inotify knows no other. */
static void arm_events(struct lt_tail_reader *reader)
{
    lt_reactor_submit(reader->reactor, &reader->event_wait);
}

static void events_wait_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    if (!reader->is_closing && io->result != -ECANCELED)
        lt_reactor_submit(reader->reactor, &reader->event_io);
}

static void events_done(struct lt_io *io)
{
    struct lt_tail_reader *reader = io->context;
    if (reader->is_closing || io->result == -ECANCELED)
        return;
    if (io->result < 0 && io->result != -EINTR && io->result != -EAGAIN) {
        lt_error_set_errno(&reader->base.error, (int)-io->result, "cannot read inotify's events");
        lt_tail_fail(reader);
        return;
    }
    for (int64_t at = 0; at + (int64_t)sizeof(struct inotify_event) <= io->result;) {
        const struct inotify_event *event = (const void *)(reader->events + at);
        take_event(reader, event);
        at += (int64_t)(sizeof *event + event->len);
    }
    arm_events(reader);
}

/* ---------------------------------------------------------------------------------------- life */

int lt_tail_follow_begin(struct lt_tail_reader *reader, struct lt_error *error)
{
    reader->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (reader->inotify_fd < 0 && errno != EMFILE && errno != ENOSYS)
        return lt_error_set_errno(error, errno, "cannot use inotify");
    if (reader->inotify_fd < 0)
        lt_log_warn("source tail: inotify cannot be used (%s): growth is seen every pollInterval "
                    "only; hint: fs.inotify.max_user_instances",
                    strerror(errno));
    reader->looked_us = reader->start->time_us;
    reader->scan_io = (struct lt_io){
        .kind = LT_IO_CALL, .call = run_scan, .call_context = reader, .done = scan_done};
    reader->event_wait = (struct lt_io){.kind = LT_IO_POLL,
                                        .fd = reader->inotify_fd,
                                        .flags = POLLIN,
                                        .done = events_wait_done,
                                        .context = reader};
    reader->event_io = (struct lt_io){.kind = LT_IO_READ,
                                      .fd = reader->inotify_fd,
                                      .buffer = reader->events,
                                      .size_bytes = sizeof reader->events,
                                      .offset = -1,
                                      .done = events_done};
    reader->scan_io.context = reader->event_io.context = reader;
    if (reader->inotify_fd >= 0)
        arm_events(reader);
    begin_scan(reader);
    return 0;
}

void lt_tail_follow_step(struct lt_tail_reader *reader, int64_t now_ns)
{
    bool follows = reader->stop == NULL;
    if (!reader->is_scanning && follows &&
        (reader->is_scan_wanted || now_ns >= reader->scan_due_ns))
        begin_scan(reader);
    if (reader->has_scanned && follows && !reader->is_scanning) /* it knows the files */
        let_go(reader, now_ns);
}

void lt_tail_follow_stop(struct lt_tail_reader *reader)
{
    reader->is_closing = true;
    lt_reactor_cancel_and_wait(reader->reactor, &reader->scan_io);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->event_wait);
    lt_reactor_cancel_and_wait(reader->reactor, &reader->event_io);
}

void lt_tail_follow_end(struct lt_tail_reader *reader)
{
    if (reader->inotify_fd >= 0)
        close(reader->inotify_fd);
    for (uint32_t i = 0; i < reader->file_count; i++)
        file_destroy(reader->files[i]);
    free(reader->files);
    reader->files = NULL;
    reader->file_count = 0;
}

bool lt_tail_is_at_stop(const struct lt_tail_reader *reader)
{
    if (reader->stop == NULL || !reader->has_scanned)
        return false;
    for (uint32_t i = 0; i < reader->file_count; i++) {
        const struct lt_tail_file *file = reader->files[i];
        if (file->offset != file->end)
            return false;
    }
    return true;
}
