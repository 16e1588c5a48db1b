/*
 * Publishing the files of a running query through the reactor: strictly one after the other, each
 * as one chain, without ever waiting.
 *
 *   open .F.leat.tmp, write, sync, close, rename to F, sync the folder
 *
 * The next file is begun when the chain of the last one has completed, so an earlier file is
 * durable before a later one exists. The first failure ends it: what is queued behind is not begun.
 *
 * Of a file whose content is known before its time the first four can be done ahead, while the
 * query waits for something else: two are left then, and one sync.
 *
 * F is durable then, and `done` is called. Its companion is written when the query catches up:
 *
 *   open .F.crc.leat.tmp, write, sync, close, rename to F.crc
 *
 * So what an epoch waits for is two syncs and not three, and a crash may leave its last files
 * without one: they are believed as they are, as files of a Spark that writes none.
 *
 * Deletions wait for that too. One that fails is said in the log and is no failure: the entry is
 * only old. So is it with companions; but one that is there already is another writer's, and stops
 * the next file.
 *
 * on: the coordinator's thread, which owns the reactor too.
 */
#ifndef LT_EPOCH_PUBLISHER_H
#define LT_EPOCH_PUBLISHER_H

#include "core/base/error.h"
#include "core/epoch/files.h"
#include "core/flow/reactor.h"

struct lt_publisher;

/* Called once from the reactor's poll or park: 0, or a negative code and an error that names the
 * file. What was not begun is answered with LT_E_CANCELLED by lt_publisher_destroy(). */
typedef void lt_publisher_done_fn(void *context, int code, const struct lt_error *error);

struct lt_publisher *lt_publisher_create(struct lt_reactor *reactor);
/* Waits for the chain that the kernel has, if any, and for what is being caught up with; answers
 * the rest. NULL is a no-op. */
void lt_publisher_destroy(struct lt_publisher *publisher);

/* Queues a new file; `folder` stays open until it is done, `name` and content are copied. One that
 * is there already was written by another query: LT_E_CHECKPOINT, with Spark's condition
 * CONCURRENT_STREAM_LOG_UPDATE, and it stays as it is. With more than LT_EPOCH_FILE_MAX_BYTES it is
 * not written: LT_E_LIMIT. */
void lt_publisher_write(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                        const char *name, const char *content, lt_publisher_done_fn *done,
                        void *context);
/* Queues a new file's first half, which nobody sees: if lt_publisher_write() is given the same file
 * and content then, it has the other half to do. It is no fault if that never comes, or is given
 * another content. */
void lt_publisher_write_ahead(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                              const char *name, const char *content);
/* Queues an answer in the place of a file that must not be written: `done` gets this error, and
 * what is queued behind is not begun. */
void lt_publisher_refuse(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name, const struct lt_error *error, lt_publisher_done_fn *done,
                         void *context);
/* Queues the deletion of a file and its companion, whether they are there or not. */
void lt_publisher_delete(struct lt_publisher *publisher, const struct lt_epoch_folder *folder,
                         const char *name);
/* An epoch is done: begins the companions and deletions that wait, as long as no file does. */
void lt_publisher_catch_up(struct lt_publisher *publisher);

#endif
