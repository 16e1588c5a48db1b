/*
 * The connector contracts: how records come in and go out.
 *
 * A connector has two levels. The *source* and the *sink* are one per query: they resolve options
 * and schema, discover partitions, translate positions to the text that stands in the checkpoint,
 * and show what is committed. A *reader* and a *writer* are one per lane and sit on the lane's
 * thread: they move records.
 *
 * Nothing on the lane's side waits: poll, write, prepare and commit are bounded steps that say how
 * far they got.
 *
 * Epochs (core/epoch/protocol.h) at a connector:
 *   reader   position()   right before the marker of e is injected: where e ends
 *   writer   prepare(e)   the marker has arrived: everything written before it is to become durable
 *            prepared(e)  asked until it is; the note is what the sink must remember (sinks/i/e)
 *   source   settle(e)    asked until e can be read again by what the source has logged: only then
 *                         are the notes, its log entry (sources/i/...) and offsets/e written
 *   writer   commit(e)    offsets/e is on disk: show it; idempotent
 *            committed(e) asked until it is shown
 *   sink     commit(e)    the part of showing that is done once per query (a manifest), after every
 *                         writer's
 *   source   commit(e)    commits/e is on disk: the source may forget what lies before
 * In micro-batches the range of e comes first; offsets/e is on its way to the disk while it is
 * read, and is there before a writer is given anything that it would show before commit:
 *   source   latest, mend, admit   where the batch is to end, and that it can be read
 *   source   settle(e)       as above, before anything of e is read; with it offsets/e is written
 *   reader   extend          it reads on, exactly up to there, and stays open for the next batch
 * and the rest is as above, but that the notes are followed by prepared/e.
 * At every start, and each time that a run begins again (core/run/recover.h):
 *   source   connect, resume (reads its own log), initial or positions_from_json
 *   sink     connect, recover (unfinished epochs), resume (cuts back, drops what never was)
 * and then readers and writers are opened.
 * So at-least-once, exactly-once by staged files and exactly-once by transactions are one protocol.
 *
 * Positions are two words per partition, with the meaning of the source's choice: Kafka uses
 * `offset` alone (the next offset to read), rate keeps its value and its time, a file its index and
 * byte. -1 in `offset`: nothing known yet.
 */
#ifndef LT_FLOW_CONNECTOR_H
#define LT_FLOW_CONNECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counters.h"
#include "core/base/options.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/fault.h"
#include "core/flow/operator.h"
#include "core/flow/reactor.h"

struct lt_position {
    int64_t offset, extra;
};

/* What a connector may ask of the engine. Lives as long as the query. */
struct lt_connector_env {
    const struct lt_clock *clock;
    struct lt_counters *counters;
    const char *counter_prefix; /* "lane0.source.", "source." */
    /* Query level: what this source kept when the query was new, NUL-terminated after
     * kept_size_bytes; NULL if nothing. The runner stores it in sources/<index>/0. */
    const char *kept;
    size_t kept_size_bytes;
    const char *query_id; /* UUID text */
    uint32_t index;       /* of the source or sink in the plan */
    uint32_t lane;
    bool in_batches;    /* the query runs in micro-batches */
    bool is_shared;     /* this lane's rows are released on other threads than the reader's */
    uint32_t lane_rows; /* rows and borrowed bytes that may be in flight in the lane */
    uint64_t lane_bytes;
    struct lt_reactor *reactor; /* of the worker that runs it; NULL at query level */
    /* Wakes that worker; raise a struct lt_signal built on it from a library's callbacks. */
    struct lt_waker *waker;
    /* Puts the calling thread where libraries' threads belong (off the lanes' CPUs). on: the new
     * thread. */
    void (*place_thread)(void *context, const char *thread_name);
    void *place_context;
    /* For connect: give up then (--startup-timeout). On lt_clock_system(), whatever `clock` is: who
     * waits for another process waits in the machine's time. */
    int64_t deadline_ns;
    /* True once the query is to end: who has waited for another process in vain need not begin
     * anew. NULL: nobody says so. on: any. */
    bool (*is_stopping)(void *context);
    void *stop_context;
};

static inline bool lt_connector_is_stopping(const struct lt_connector_env *env)
{
    return env->is_stopping != NULL && env->is_stopping(env->stop_context);
}

/* A counter of a reader's or a writer's, by its name behind the prefix; NULL: nobody counts. */
struct lt_shared_u64 *lt_connector_counter(const struct lt_connector_env *env,
                                           enum lt_counter_kind kind, const char *name,
                                           const char *unit, const char *help);

/* ------------------------------------------------------------------------------------ sources */

struct lt_source;
struct lt_reader;

/* A record as it arrived, for dead letters. Pointers live as long as the row they were asked
 * for. */
struct lt_original {
    const struct lt_bytes *key, *value; /* NULL: null */
    struct lt_array *headers;           /* array<struct<key:string,value:binary>>; NULL: none */
    int64_t timestamp_us;
    bool has_timestamp;
};

enum { LT_SOURCE_LOG_NAME_SIZE = 40 }; /* "17", "9.compact" */

enum lt_source_traits {
    LT_SOURCE_REPLAYABLE = 1, /* reads the same again from a position */
    LT_SOURCE_BOUNDED = 2,    /* can say where it ends now (latest) */
    LT_SOURCE_CONTINUOUS = 4, /* Spark lets it run in continuous mode too */
    LT_SOURCE_OF_PROGRAM = 8, /* memory of the process: a crash takes what it holds anyway */
    LT_SOURCE_EMPTY_FIRST = 16, /* a new query runs a first batch though there is nothing yet */
    LT_SOURCE_IN_BATCHES = 32,  /* its readers have `extend` */
    /* It may hold much, and no limit cuts that into batches: AvailableNow without state reads it
     * continuously, so that what dies goes on from its last epoch and not from the beginning. */
    LT_SOURCE_IN_EPOCHS = 64,
    /* In micro-batches it cannot say where it ends now: not for AvailableNow and Once. */
    LT_SOURCE_ENDLESS = 128,
    /* Progress has null where it ends, as Spark's sources that limit a batch themselves. */
    LT_SOURCE_TELLS_NO_END = 256,
};

/* What a source that keeps a log of its own adds to it for an epoch, as files sources/<i>/<name> of
 * the checkpoint. Zeroed by the caller but for the buffers, which are initialised and empty. */
struct lt_source_log {
    /* The file to write before offsets/e; "": none. A name that is not there: a resume has deleted
     * what never was. No slash, no leading dot. */
    char name[LT_SOURCE_LOG_NAME_SIZE];
    struct lt_text_buffer content; /* text, without a zero byte */
    /* Names of files that are needed no more once commits/e is on disk, each ended by a line feed:
     * what a compacted one has replaced. */
    struct lt_text_buffer deleted;
};

/* A source's folder sources/<i>/ of the checkpoint, at start. Valid during the call. */
struct lt_source_log_reader {
    void *context;
    /* The source's offset JSON at the end of the last logged epoch; NULL: there was none. What lies
     * in the log beyond it never was. */
    const char *positions;
    /* Appends the names, in no order, each ended by a line feed. Temporary files and companions
     * (.crc) are not among them. */
    int (*list)(void *context, struct lt_text_buffer *names, struct lt_error *error);
    /* Appends a file, its checksum verified. LT_E_NOT_FOUND without a text: there is none. */
    int (*read)(void *context, const char *name, struct lt_text_buffer *out,
                struct lt_error *error);
    /* Deletes a file, durably, if it is there. */
    int (*remove)(void *context, const char *name, struct lt_error *error);
};

struct lt_source_ops {
    /* Opens connections and finds the partitions: partition_count and partition names. May wait
     * until env->deadline_ns. Called again, with no reader open, when the query begins again: what
     * is open stays, the partitions are found anew. Optional: partition_count is set by bind. */
    int (*connect)(struct lt_source *source, const struct lt_connector_env *env,
                   struct lt_error *error);
    /* Reads the source's own log, and deletes what lies beyond log->positions: it was written for
     * an epoch that never was. Called with a checkpoint only, after connect and before initial and
     * positions_from_json, at every start and each time that a run begins again. Optional, for a
     * source that has `settle`. */
    int (*resume)(struct lt_source *source, const struct lt_connector_env *env,
                  const struct lt_source_log_reader *log, struct lt_error *error);
    /* Initial positions of a new query, by its options (startingOffsets, ...), or by env->kept if a
     * first start got as far as keeping them. Fills `keep` with what sources/<i>/0 is to hold
     * (Kafka: a zero byte, "v1", line feed, JSON), or leaves it empty; a source that has `settle`
     * leaves it empty, for the folder is its log's. `positions` has partition_count entries. */
    int (*initial)(struct lt_source *source, struct lt_position *positions,
                   struct lt_text_buffer *keep, struct lt_error *error);
    /* Where each partition ends now. May wait; not for the record path. Optional
     * (LT_SOURCE_BOUNDED). */
    int (*latest)(struct lt_source *source, struct lt_position *positions, struct lt_error *error);
    /* As latest, by what the source's readers have heard between two batches (has_more): asks
     * nobody. True: `positions` is filled, none before `start`, and there may be more by now.
     * False: not all is heard; latest is to be asked. on: control; never waits. Optional. */
    bool (*at_hand)(struct lt_source *source, const struct lt_position *start,
                    struct lt_position *positions);
    /* A batch would begin at `start`, and the source ends at `latest`, as it has just said: fills
     * `from` with where it can begin, which is `start` unless records were lost there, and may then
     * be before it: a topic that was made again. A partition that is gone has its `latest` set to
     * `start`. Negative where a loss is to end the query. When `end` of such a batch is before the
     * position of a reader, it begins anew by itself (`extend`). on: control; waits for a moment
     * where something is amiss. Optional: nothing is ever lost. */
    int (*mend)(struct lt_source *source, const struct lt_position *start,
                struct lt_position *latest, struct lt_position *from, struct lt_error *error);
    /* Where a batch that begins at `start` is to end: at `latest` (NULL: the source has no such
     * function), or before, by the source's own limits; never before `start`. 1: `end` is filled;
     * 0: the batch is to wait for more; negative: failed. on: control; never waits. Optional: at
     * `latest`. */
    int (*admit)(struct lt_source *source, const struct lt_position *start,
                 const struct lt_position *latest, struct lt_position *end,
                 struct lt_error *error);
    /* True when nothing will ever come behind what `latest` says from now on: a query in batches
     * ends there by itself. on: control; never waits. Optional: there may always be more. */
    bool (*has_ended)(const struct lt_source *source);
    /* The offset JSON of Spark's log and progress, and back. Partitions that the text does not name
     * start where the source's rules say (Kafka: earliest). A partition that the text names and the
     * source has no more is an error or a warning by failOnDataLoss. */
    void (*positions_to_json)(struct lt_source *source, const struct lt_position *positions,
                              struct lt_text_buffer *out);
    int (*positions_from_json)(struct lt_source *source, const char *json,
                               struct lt_position *positions, struct lt_error *error);
    /* A partition's name for people: "orders[3]". Optional: its number. */
    void (*partition_name)(struct lt_source *source, uint32_t partition, char *out,
                           size_t out_size);
    /* What `root`, a row of this source, was read from, whatever columns the plan uses; memory from
     * `into`'s scratch. Optional: a dead letter is then made from the row's columns. on: any thread
     * that holds the row. */
    void (*original)(struct lt_source *source, struct lt_row *root, struct lt_row *into,
                     struct lt_original *out);
    /* True when partitions were added or removed since connect: the runner ends an epoch, closes
     * the readers and connects again. on: control thread, once a second: epochs wait while it does,
     * and with leat_do_work the lane too, so it may wait for seconds at most, and seldom. Optional.
     */
    bool (*needs_reconfiguration)(struct lt_source *source);
    /* True when a row that a sink writes to `partition` of `target` of `store` (negative: to some
     * partition or other) would come back as a record of this source; all are what sinks and
     * sources of one kind agree on (Kafka: cluster, topic, partition). on: any thread, after
     * connect; does not wait. Optional: no sink can feed it. */
    bool (*reads)(const struct lt_source *source, const char *store, const char *target,
                  int32_t partition);
    /* Epoch e ends at these positions, all lanes have said so, and every sink has prepared it; or
     * a batch is to be read up to them, and nothing of it has been read yet: 1 when the
     * source can read up to there again after a crash, with what it puts into `log`, which
     * becomes durable before offsets/e is written; 0 not yet (ask again: nothing of e is logged);
     * negative failed. Asked for one epoch after the other, each until it says 1, and only then for
     * positions_to_json of e. Without a checkpoint it is asked all the same, and `log` is thrown
     * away. on: control thread; never waits. Optional: what has been read can be read again. */
    int (*settle)(struct lt_source *source, uint64_t epoch, const struct lt_position *positions,
                  struct lt_source_log *log, struct lt_error *error);
    /* A reader for these partitions (indices), to start at `start`, and to stop at `end` if that is
     * not NULL. */
    int (*open_reader)(struct lt_source *source, const struct lt_connector_env *env,
                       const uint32_t *partitions, uint32_t partition_count,
                       const struct lt_position *start, const struct lt_position *end,
                       struct lt_reader **out, struct lt_error *error);
    /* Epoch e is committed up to these positions. on: control thread; may not wait. Optional. */
    void (*commit)(struct lt_source *source, uint64_t epoch, const struct lt_position *positions);
    /* Frees it; its readers are closed. */
    void (*close)(struct lt_source *source);
};

/* First member of a source's own struct. Constant after connect. */
struct lt_source {
    const struct lt_source_ops *ops;
    const struct lt_source_type *type;
    /* After bind. Columns that need only be read when they are named are hidden, and come last; a
     * name that another column has is not among them. */
    const struct lt_type *schema;
    char description[256];        /* progress: "KafkaSource[Subscribe[t]]" */
    uint32_t partition_count;     /* after connect */
    /* After connect: partitions of that of its topics that has most; 0: it has nothing of the kind.
     * A sink that keeps partition numbers must have as many. */
    uint32_t partition_width;
    unsigned traits;      /* what the options add to those of the type. Set by bind */
    /* How often a query in batches asks for `latest` where nothing tells it that there is more: a
     * source whose `latest` is dear, or whose readers tell, asks for longer. 0: 10 ms. Set by
     * bind. */
    int64_t look_interval_ns;
    bool reads_committed; /* records of a transaction are read when it is committed. Set by bind */
    const uint64_t *used_columns; /* bit set: the plan uses the column; NULL: all. Set by the
                                     planner before open_reader */
};

void lt_source_partition_name(struct lt_source *source, uint32_t partition, char *out,
                              size_t out_size);

enum lt_poll_status {
    LT_POLL_MORE,   /* emitted what it was allowed to; there may be more at hand */
    LT_POLL_IDLE,   /* nothing at hand now */
    LT_POLL_ENDED,  /* reached `end`, or a source that ends has ended: nothing will ever come */
    LT_POLL_FAILED, /* reader->error says why */
};

struct lt_reader_ops {
    /* Emits at most `limit` rows into `out`, the last one at hand flagged LT_ROW_END_OF_BATCH;
     * *count says how many, and counts besides what became no row since the operator behind `out`
     * would leave it out (lt_out's preview); the rows of one record may exceed the limit. Never
     * waits. on: the lane's source thread. */
    enum lt_poll_status (*poll)(struct lt_reader *reader, struct lt_out *out, uint32_t limit,
                                uint32_t *count);
    /* True once records that arrive now would be read: its first request has been answered.
     * Optional: at once. */
    bool (*is_ready)(struct lt_reader *reader);
    /* After an idle poll: false when poll would find something now (the last look before parking).
     * Optional: poll's own answer counts. */
    bool (*is_idle)(struct lt_reader *reader);
    /* When poll must be called again even if nothing wakes the worker; LT_NEVER_NS if never.
     * Optional. */
    int64_t (*deadline_ns)(struct lt_reader *reader);
    /* The position after the last row emitted, for each of its partitions, in their order. on:
     * source thread. */
    void (*position)(struct lt_reader *reader, struct lt_position *positions);
    /* Reads on from there. What was emitted is not this call's business. Optional. The continuous
     * runner opens readers anew instead; a source keeps to this all the same, for a runner that
     * reads ranges again on an open reader. */
    int (*seek)(struct lt_reader *reader, const struct lt_position *positions,
                struct lt_error *error);
    /* A reader that was opened with an end, and has come to it or was not polled yet, reads on up
     * to `end`, a position for each of its partitions; of one that is before the reader's position
     * (source's `mend`) it reads from the earliest record. For sources with LT_SOURCE_IN_BATCHES.
     * on: source thread; may wait for a moment. */
    int (*extend)(struct lt_reader *reader, const struct lt_position *end, struct lt_error *error);
    /* After the end was come to, and before the first `extend`: looks at what has come, and says
     * whether there is something beyond the end; true also where the reader has failed meanwhile,
     * and then reader->has_failed. Such a reader wakes the worker when that comes. Cheap when
     * nothing has. Optional: the source is asked for `latest` now and then. */
    bool (*has_more)(struct lt_reader *reader);
    /* Between two batches, after has_more: the source was asked since, and what had come is nothing
     * that is read. So has_more is false until more comes. Optional: it goes by where the end is.
     */
    void (*listen)(struct lt_reader *reader);
    /* Records behind the newest known, summed (-1: not known), and milliseconds behind (-1); cheap.
     * Optional. */
    void (*lag)(struct lt_reader *reader, int64_t *records, int64_t *ms);
    /* Ends what it has under way with the lane's reactor, and waits for that: the worker's thread
     * goes, and only close follows. on: source thread. Optional: it has nothing there. */
    void (*stop)(struct lt_reader *reader);
    /* Frees it; every row it emitted has been released. on: any, after stop. */
    void (*close)(struct lt_reader *reader);
};

struct lt_reader {
    const struct lt_reader_ops *ops;
    struct lt_error error; /* valid after LT_POLL_FAILED, and with: */
    bool has_failed;       /* between two batches, where nobody polls; has_more has said true */
    bool reads_ahead;      /* its deadlines hold between two batches, too */
};

struct lt_source_type {
    const char *name; /* "kafka": format(), USING, scheme of a URL */
    const char *doc;
    unsigned traits;
    const struct lt_option_spec *options;
    size_t option_count;
    /* What reads it as a table that ends, where some options mean another thing then. It stands in
     * no catalog, and bears the same name. NULL: the type itself, up to where it ends. */
    const struct lt_source_type *table;
    /* Checks the options and fixes schema and description; no input or output, but for looking at
     * what the schema depends on (a directory's partitions). `user_schema` may be NULL; a source of
     * fixed schema refuses one with Spark's text. */
    int (*bind)(const struct lt_source_type *type, const struct lt_options *options,
                const struct lt_type *user_schema, struct lt_arena *arena, struct lt_source **out,
                struct lt_error *error);
};

/* What the source can do: by its type, and with its options (a spool). */
static inline unsigned lt_source_traits(const struct lt_source *source)
{
    return source->type->traits | source->traits;
}

/* -------------------------------------------------------------------------------------- sinks */

struct lt_sink;
struct lt_writer;

enum lt_guarantee { LT_AT_MOST_ONCE, LT_AT_LEAST_ONCE, LT_EXACTLY_ONCE };

/* Where a sink goes on. Valid during the call. */
struct lt_sink_resume {
    /* The first epoch that writers will be given. What was prepared for it or a later one never
     * was, and is to be dropped: the numbers are used again. */
    uint64_t next_epoch;
    /* Of the epoch before, a line per lane; NULL: none (a new query, a new sink, no checkpoint). A
     * plan that was changed may put another sink in this one's place: notes name what they speak
     * of, and a sink looks. */
    const char *notes;
    /* True: next_epoch is a logged one that is read again, for this sink has lost it. It counts,
     * and later ones may: what the sink still has of them is not dropped. */
    bool is_replay;
    bool has_checkpoint; /* false: nothing is remembered, and the sink begins as a new one */
    const char *query_id;
    /* For a sink that begins as a new one: what its notes would be as it stands now, before its
     * first row (a file: its size). At the next start they are its notes, if no epoch has come to
     * be logged until then: or the rows of a first run that died early would stay. NULL without a
     * checkpoint, or where there are notes. */
    struct lt_text_buffer *keep;
};

struct lt_sink_ops {
    /* Opens connections. Called again, with no writer open, when the query begins again. Optional.
     */
    int (*connect)(struct lt_sink *sink, const struct lt_connector_env *env,
                   struct lt_error *error);
    /* Called once at start: epoch `epoch` has offsets but no commit; `notes` are what its writers
     * left in sinks/i/epoch. The sink finishes it, or says through *must_replay that the epoch has
     * to be read again: the next writer gets exactly its rows, of all partitions, to drop those
     * that the sink still has; then prepare, commit and the sink's commit of that epoch. The
     * writer's note takes the place of all that were there. Optional: a sink without it needs
     * nothing finished. */
    int (*recover)(struct lt_sink *sink, uint64_t epoch, const char *notes, bool *must_replay,
                   struct lt_error *error);
    /* Makes the sink's output what it was at the end of the last logged epoch: cuts back a file,
     * drops what was staged for epochs that never were. Called at every start and each time that a
     * run begins again, after every unfinished epoch was finished, right before writers are opened;
     * and before the writer of a replay is. Idempotent. Optional. */
    int (*resume)(struct lt_sink *sink, const struct lt_connector_env *env,
                  const struct lt_sink_resume *at, struct lt_error *error);
    int (*open_writer)(struct lt_sink *sink, const struct lt_connector_env *env,
                       struct lt_writer **out, struct lt_error *error);
    /* The control thread's reactor, for what commit does: given when the run begins; NULL before
     * that reactor ends, and what is under way ends first. Without one (a replay, whose thread may
     * wait) commit waits. on: control thread. Optional. */
    void (*use_reactor)(struct lt_sink *sink, struct lt_reactor *reactor);
    /* The once-per-query part of showing epoch e. 0 done, 1 not yet (ask again), negative failed.
     * on: control thread; never waits. Optional. */
    int (*commit)(struct lt_sink *sink, uint64_t epoch, const char *notes, struct lt_error *error);
    void (*close)(struct lt_sink *sink);
};

struct lt_sink {
    const struct lt_sink_ops *ops;
    const struct lt_sink_type *type;
    const struct lt_type *schema; /* of the rows it is given */
    char description[256];
    enum lt_guarantee guarantee;
    const uint64_t *used_columns; /* bit set: the sink reads the column; NULL: all. Set by bind */
    uint32_t partition_count;     /* after connect; 0: no partitions */
    int64_t linger_ns;     /* how long it may hold a row to send it with others. Set by bind, as: */
    bool shows_at_commit;  /* rows are seen with their epoch's commit, not before */
    bool one_lane;         /* its rows have one order: the query runs in one lane. Set by bind */
    bool keeps_partitions; /* rows keep their partition's number: counts must agree */
    /* The query's, which a sink asks before it writes where the query would read it again. Set by
     * the runner before connect; NULL: nobody to ask. */
    const struct lt_source *source;
};

enum lt_write {
    LT_WRITE_DONE,   /* took the row's reference: it is released when the sink needs it no more */
    LT_WRITE_FULL,   /* took nothing: offer the same row again */
    LT_WRITE_FAILED, /* took nothing; *fault says why this record cannot be written */
    LT_WRITE_BROKEN, /* took nothing; the sink itself failed: writer->error */
};

struct lt_writer_ops {
    /* on: the lane's sink thread, as all of these. */
    enum lt_write (*write)(struct lt_writer *writer, struct lt_row *row, struct lt_fault **fault);
    /* The rows at hand are through: send what was held together. Optional. */
    void (*flush)(struct lt_writer *writer);
    /* Completions (delivery reports, finished writes); returns a work count; 0 when nothing was
     * there. A record that failed after it was taken is handed to `out->fail`. -1: broken, see
     * writer->error. Optional. */
    int (*poll)(struct lt_writer *writer, struct lt_out *out);
    bool (*is_idle)(struct lt_writer *writer);        /* as of a reader; optional */
    int64_t (*deadline_ns)(struct lt_writer *writer); /* as of a reader; optional */
    void (*prepare)(struct lt_writer *writer, uint64_t epoch);
    /* 1 durable, 0 not yet, negative failed (writer->error). Appends the note, one line without
     * line feed, at 1. Asked for the oldest unprepared epoch only, until it says 1. */
    int (*prepared)(struct lt_writer *writer, uint64_t epoch, struct lt_text_buffer *note);
    void (*commit)(struct lt_writer *writer, uint64_t epoch);   /* optional */
    int (*committed)(struct lt_writer *writer, uint64_t epoch); /* optional; as prepared */
    /* Forget what is not prepared. After it only close may follow. Every row is released.
     * Optional. */
    void (*abort)(struct lt_writer *writer);
    void (*close)(struct lt_writer *writer);
};

struct lt_writer {
    const struct lt_writer_ops *ops;
    struct lt_error error;
    /* Filled by the runner before the first write; the sink records what it can measure; NULL:
     * nowhere. */
    struct lt_histogram *ack_latency_ns; /* ingest to durable, per record */
    struct lt_shared_u64 *acked_records, *acked_bytes;
};

/* Counts a row that is delivered with its write alone, and lets it go. on: worker. */
static inline void lt_writer_deliver(struct lt_writer *writer, const struct lt_clock *clock,
                                     struct lt_row *row)
{
    if (writer->ack_latency_ns != NULL)
        lt_histogram_record(writer->ack_latency_ns, lt_clock_now_ns(clock) - row->ingest_ns);
    if (writer->acked_records != NULL)
        lt_counter_add(writer->acked_records, 1);
    lt_row_release(row);
}

struct lt_sink_type {
    const char *name;
    const char *doc;
    const struct lt_option_spec *options;
    size_t option_count;
    bool needs_checkpoint; /* refuses to run without a checkpoint location, as Spark's sinks but
                              memory, console, ... */
    bool needs_batches; /* it is given micro-batches, and no epochs of continuous mode */
    bool only_appends;  /* what it has written stays as it is: no output mode but append */
    /* What it writes to takes no second sink, not even of the same query: a union of streams comes
     * to it in micro-batches. */
    bool has_one_writer;
    bool takes_plain_letters; /* dead letters come to it in columns that any format can write
                                 (core/run/dead_letter.h), and not as the records they were */
    /* Checks the options and that `schema` can be written (Spark's errors: topic, value, ...). */
    int (*bind)(const struct lt_sink_type *type, const struct lt_options *options,
                const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                struct lt_error *error);
};

/* What `io` offers; core/run sees only this. Looked up by name; errors name the nearest. */
struct lt_catalog {
    const struct lt_source_type *const *sources;
    size_t source_count;
    const struct lt_sink_type *const *sinks;
    size_t sink_count;
    lt_reactor_create_fn *create_reactor;
};

#endif
