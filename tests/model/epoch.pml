/*
 * The epoch protocol of core/epoch/protocol.h as a model for Spin: two lanes, two sinks, several epochs
 * in flight, and a process that may die between any two steps, during recovery too.
 *
 * Each `inline` that bears the name of a step is that step; a test compares them with
 * LT_EPOCH_STEP_MAP. Everything is one process that does, again and again, any step that is possible:
 * that is every interleaving of coordinator, lanes and sinks. What a step changes is durable (survives
 * `die`), outside (the sinks, as their readers see them) or volatile.
 *
 * The source keeps a log of its own: what is read is read again only by its entries, one an epoch, of
 * what was settled.
 *
 * Sinks:
 *   plain  at least once: shows a record when it is delivered
 *   file   one file a lane: a record is in it when it is delivered; a new life cuts it back (resume) to
 *          the length that the notes name - here where the epoch ends
 *   exact  an output per epoch and lane, prepared and later shown; a prepared one may be lost when the
 *          process dies (an aborted transaction). A new attempt makes a new output; notes name one.
 *
 * Safety, asserted:
 *   - exact shows each record once and in order (reveal)
 *   - file holds each record once and in order (deliver)
 *   - whenever the query goes on at a position, all sinks have everything before it, and exact and file
 *     have nothing after it (begin)
 *   - recovery never meets a gap, notes that are missing, or an epoch that the source's log does not
 *     reach (conclude, resume); no entry of that log is written over (log)
 * Progress: every step moves something forward that never moves back but by dying, and the process
 * dies at most DEATHS times. So there is no cycle (tests/model/run searches for one), and where
 * nothing more can be done, all epochs are done (the last assertion).
 *
 * A mutant is built with -DMUTANT_<name>; the names stand in tests/model/mutants.
 *
 * What this is not: a model of files. That one is visible only whole, and durable before the next, is
 * the business of the simulator (tests/core/epoch/test_simulate.c).
 */
#ifndef EPOCHS
#define EPOCHS 3
#endif
#ifndef RECORDS
#define RECORDS 2 /* per lane */
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define LANES 2
#define IN_FLIGHT 2
#define ATTEMPTS (DEATHS + 1) /* at one epoch's output of one lane: one per life */
#define NONE 7

#define AT(e, l) ((e) * LANES + (l))
#define OUTPUT(e, l, n) (AT(e, l) * ATTEMPTS + (n))

/* durable */
bit offsets[EPOCHS];        /* offsets/e */
byte ends[EPOCHS * LANES];  /* what it says */
byte notes[EPOCHS * LANES]; /* sinks/exact/e: an attempt, or NONE: no such file */
bit source_log[EPOCHS];     /* sources/0/e */
byte commits;               /* commits/e exists for all e below */
bit is_kept, kept;          /* sources/0/0, and the position in it */

/* outside */
bit latest;                 /* where a new query begins; moves when nobody looks */
bit is_begun;
byte plain_shown[LANES];    /* all records before this one were shown at some time */
byte exact_shown[LANES];
byte file_end[LANES];       /* all records before this one are in the file, once */
byte attempts[EPOCHS * LANES];
byte state[EPOCHS * LANES * ATTEMPTS];
byte from[EPOCHS * LANES * ATTEMPTS];
byte to[EPOCHS * LANES * ATTEMPTS];
#define OPEN 1
#define PREPARED 2
#define SHOWN 3
#define LOST 4

/* volatile: counts are of epochs, "below" */
bit is_running;
byte injected;                 /* the lanes were asked for their markers */
byte marked[LANES];            /* markers that the lane has put in */
byte position_of[EPOCHS * LANES];
byte output_of[EPOCHS * LANES];
bit is_prepared[EPOCHS * LANES]; /* exact's writer has said so */
bit is_settled[EPOCHS];        /* the source has said so */
byte logging[EPOCHS];          /* 0 not begun; how many of the three files are written */
byte logged;                   /* known to be durable */
byte committed[LANES];         /* shown by the lane's writers */
byte sinks_committed;
byte finished;                 /* commits/e is known to be durable */
byte read[LANES];              /* records read */
byte delivered[LANES];         /* to plain */
byte batch_from[LANES];        /* exact's running output */
byte recovered;                /* recovery: epochs below are done */
byte recovered_lane;
byte replayed;                 /* the attempt that a replay made, or NONE */
bit is_concluded;
bit source_resumed, sinks_resumed;
byte last;                     /* b + 1 of the recovery function */

byte deaths;
byte i, n;

/* ------------------------------------------------------------------------------------- what steps need */

#define has_position(e, l) ((e) < marked[l])
#define plain_is_prepared(e, l) (has_position(e, l) && delivered[l] >= position_of[AT(e, l)])
#define all_positions(e) (has_position(e, 0) && has_position(e, 1))
#define all_prepared(e) (plain_is_prepared(e, 0) && plain_is_prepared(e, 1) && \
                         is_prepared[AT(e, 0)] && is_prepared[AT(e, 1)])

#ifdef MUTANT_LOG_BEFORE_PREPARED
#define may_settle(e) ((e) == logged && all_positions(e))
#elif defined(MUTANT_LOG_OUT_OF_ORDER)
#define may_settle(e) ((e) >= logged && (e) < injected && all_positions(e) && all_prepared(e))
#else
#define may_settle(e) ((e) == logged && all_positions(e) && all_prepared(e))
#endif

#ifdef MUTANT_LOG_BEFORE_SETTLED
#define may_log(e) (may_settle(e))
#else
#define may_log(e) (is_settled[e])
#endif

#ifdef MUTANT_COMMIT_BEFORE_LOG
#define may_commit(e) (all_positions(e) && all_prepared(e))
#else
#define may_commit(e) ((e) < logged)
#endif

#ifdef MUTANT_DONE_BEFORE_COMMIT
#define may_finish(e) ((e) < logged)
#else
#define may_finish(e) ((e) < sinks_committed)
#endif

#ifdef MUTANT_START_NOT_KEPT
#define start_position latest
#else
#define start_position kept
#endif

/* Where epoch e begins in lane l. */
inline find_begin(e, l, where)
{
    if
    :: e == 0 -> where = start_position
    :: else -> where = ends[AT(e - 1, l)]
    fi
}

/* What nobody will look at again is forgotten wherever that is so: fewer states, the same protocol. */
inline close_output(x, how)
{
    state[x] = how;
    from[x] = 0;
    to[x] = 0
}

inline reveal(e, l, x)
{
    if
    :: state[OUTPUT(e, l, x)] == PREPARED ->
        assert(from[OUTPUT(e, l, x)] == exact_shown[l]);
        exact_shown[l] = to[OUTPUT(e, l, x)];
        close_output(OUTPUT(e, l, x), SHOWN)
    :: else -> assert(state[OUTPUT(e, l, x)] == SHOWN)
    fi
}

inline make_output(e, l, first, end)
{
    n = attempts[AT(e, l)];
    assert(n < ATTEMPTS);
    attempts[AT(e, l)]++;
    from[OUTPUT(e, l, n)] = first;
    to[OUTPUT(e, l, n)] = end
}

/* ------------------------------------------------------------------------------------------- the run */

inline read_record(l)
{
    is_running && read[l] < RECORDS;
    read[l]++
}

inline deliver(l)
{
    is_running && delivered[l] < read[l];
    assert(file_end[l] == delivered[l]);
    delivered[l]++;
    file_end[l] = delivered[l];
    if
    :: plain_shown[l] < delivered[l] -> plain_shown[l] = delivered[l]
    :: else
    fi
}

/* With too many epochs open the tick passes. */
inline inject()
{
    is_running && injected < EPOCHS && injected - finished < IN_FLIGHT;
    injected++
}

/* The marker, between two records. */
inline position(l)
{
    is_running && marked[l] < injected;
    position_of[AT(marked[l], l)] = read[l];
    prepare(marked[l], l);
    marked[l]++
}
inline prepare(e, l)
{
    make_output(e, l, batch_from[l], read[l]);
    state[OUTPUT(e, l, n)] = OPEN;
    output_of[AT(e, l)] = n;
    batch_from[l] = read[l]
}

inline prepared(e, l)
{
    is_running && has_position(e, l) && !is_prepared[AT(e, l)] && e >= finished;
    state[OUTPUT(e, l, output_of[AT(e, l)])] = PREPARED;
    is_prepared[AT(e, l)] = 1
}

/* What the source has read of e can be read again once its entry is written. */
inline settle(e)
{
    is_running && may_settle(e) && !is_settled[e];
    is_settled[e] = 1
}

inline write_notes(e)
{
    notes[AT(e, 0)] = output_of[AT(e, 0)];
    notes[AT(e, 1)] = output_of[AT(e, 1)]
}
inline write_source_log(e)
{
    assert(!source_log[e]);
    source_log[e] = is_settled[e]
}
inline write_offsets(e)
{
    ends[AT(e, 0)] = position_of[AT(e, 0)];
    ends[AT(e, 1)] = position_of[AT(e, 1)];
    offsets[e] = 1
}
#ifdef MUTANT_OFFSETS_BEFORE_NOTES
#define write_first(e) write_offsets(e)
#define write_second(e) write_source_log(e)
#define write_third(e) write_notes(e)
#elif defined(MUTANT_OFFSETS_BEFORE_SOURCE_LOG)
#define write_first(e) write_notes(e)
#define write_second(e) write_offsets(e)
#define write_third(e) write_source_log(e)
#else
#define write_first(e) write_notes(e)
#define write_second(e) write_source_log(e)
#define write_third(e) write_offsets(e)
#endif
inline log(e)
{
    if
    :: is_running && logging[e] == 0 && may_log(e) -> write_first(e); logging[e] = 1
    :: is_running && logging[e] == 1 -> write_second(e); logging[e] = 2
    :: is_running && logging[e] == 2 -> write_third(e); logging[e] = 3
    :: is_running && logging[e] == 3 && logged == e -> logged++
    fi
}

/* The writers of a lane show e; then, once per query, the sinks. */
inline commit(l)
{
    is_running && committed[l] < injected && may_commit(committed[l]);
    n = 0;
    do
    :: n < ATTEMPTS ->
        if
        :: state[OUTPUT(committed[l], l, n)] == PREPARED -> reveal(committed[l], l, n)
        :: else
        fi;
        n++
    :: else -> break
    od;
    n = 0;
    committed[l]++
}
inline commit_sinks()
{
    is_running && sinks_committed < committed[0] && sinks_committed < committed[1];
    sinks_committed++
}

inline forget(e)
{
    i = 0;
    do
    :: i < LANES ->
        position_of[AT(e, i)] = 0;
        output_of[AT(e, i)] = 0;
        is_prepared[AT(e, i)] = 0;
        i++
    :: else -> break
    od;
    i = 0
}

inline done()
{
    if
    :: is_running && commits == finished && finished < injected && may_finish(finished) -> commits++
    :: is_running && commits > finished -> forget(finished); finished++
    fi
}

/* --------------------------------------------------------------------------------------- death, recovery */

inline die()
{
    deaths < DEATHS;
    deaths++;
    if
    :: latest = 1
    :: skip
    fi;
    i = 0;
    do
    :: i < EPOCHS * LANES * ATTEMPTS ->
        if
        :: state[i] == PREPARED -> close_output(i, LOST)
        :: state[i] == OPEN -> close_output(i, LOST)
        :: state[i] != OPEN
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    is_running = 0;
    is_concluded = 0;
    injected = 0; logged = 0; sinks_committed = 0; finished = 0;
    recovered = 0; recovered_lane = 0; replayed = NONE; last = 0;
    source_resumed = 0; sinks_resumed = 0;
    do
    :: i < EPOCHS -> logging[i] = 0; is_settled[i] = 0; i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < EPOCHS * LANES -> position_of[i] = 0; output_of[i] = 0; is_prepared[i] = 0; i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < LANES ->
        marked[i] = 0; committed[i] = 0;
        read[i] = 0; delivered[i] = 0; batch_from[i] = 0;
        i++
    :: else -> break
    od;
    i = 0
}

inline discard(e)
{
    n = 0;
    do
    :: n < LANES * ATTEMPTS -> close_output(OUTPUT(e, 0, n), 0); n++
    :: else -> break
    od;
    attempts[AT(e, 0)] = 0;
    attempts[AT(e, 1)] = 0
}

/* The recovery function; stale notes are deleted. */
inline conclude()
{
    recovered = commits;
    last = commits;
#ifdef MUTANT_RECOVER_FORGETS_LOGGED
    do
    :: last < EPOCHS && offsets[last] -> offsets[last] = 0; last++
    :: else -> break
    od;
    last = commits;
#endif
    do
    :: last < EPOCHS && offsets[last] ->
        assert(notes[AT(last, 0)] != NONE && notes[AT(last, 1)] != NONE);
        last++
    :: else -> break
    od;
#ifdef MUTANT_RECOVER_SKIPS_UNFINISHED
    recovered = last;
    commits = last;
#endif
    assert(commits == 0 || offsets[commits - 1]);
    i = last;
    do
    :: i < EPOCHS ->
        assert(!offsets[i]); /* a gap */
        notes[AT(i, 0)] = NONE;
        notes[AT(i, 1)] = NONE;
        i++
    :: else -> break
    od;
    i = 0;
    is_concluded = 1
}

/* The source reads its log, and forgets what lies beyond the last logged epoch. */
inline resume_source()
{
    i = commits;
    do
    :: i < last -> assert(source_log[i]); i++
    :: else -> break
    od;
#ifndef MUTANT_SOURCE_NOT_RESUMED
    do
    :: i < EPOCHS -> source_log[i] = 0; i++
    :: else -> break
    od;
#endif
    i = 0;
    source_resumed = 1
}

/* The sinks cut back, and drop what was prepared for epochs that never were. */
inline resume_sinks()
{
    i = last;
    do
    :: i < EPOCHS ->
#ifndef MUTANT_STALE_PREPARATION_KEPT
        discard(i);
#endif
        i++
    :: else -> break
    od;
    i = 0;
#ifndef MUTANT_SINK_NOT_CUT
    do
    :: is_begun && i < LANES ->
        find_begin(last, i, n);
        file_end[i] = n;
        i++
    :: else -> break
    od;
#endif
    i = 0;
    n = 0;
    sinks_resumed = 1
}

#define noted(e, l) OUTPUT(e, l, notes[AT(e, l)])
#define is_finishing (is_concluded && source_resumed && !is_running && recovered < last)
#define is_finished (is_concluded && source_resumed && !is_running && recovered == last)

/* One lane of one unfinished epoch of exact: shown, or replayed, or gone on from. Replaying takes three
 * steps: the new output is prepared, the notes name it, it is shown. */
inline recover()
{
    if
    :: !is_concluded && !is_running -> conclude()
    :: is_finishing && recovered_lane == LANES ->
        commits++;
        recovered++;
        recovered_lane = 0
    :: is_finishing && recovered_lane < LANES && replayed == NONE &&
       state[noted(recovered, recovered_lane)] != LOST ->
        reveal(recovered, recovered_lane, notes[AT(recovered, recovered_lane)]);
        recovered_lane++
    :: is_finishing && recovered_lane < LANES && replayed == NONE &&
       state[noted(recovered, recovered_lane)] == LOST ->
        find_begin(recovered, recovered_lane, i);
        make_output(recovered, recovered_lane, i, ends[AT(recovered, recovered_lane)]);
        i = 0;
        state[OUTPUT(recovered, recovered_lane, n)] = PREPARED;
        replayed = n;
        n = 0
    :: is_finishing && replayed != NONE ->
#ifdef MUTANT_REPLAY_SHOWN_BEFORE_NOTES
        if
        :: state[OUTPUT(recovered, recovered_lane, replayed)] == PREPARED ->
            reveal(recovered, recovered_lane, replayed)
        :: else ->
            notes[AT(recovered, recovered_lane)] = replayed;
            replayed = NONE
        fi
#else
        notes[AT(recovered, recovered_lane)] = replayed;
        replayed = NONE
#endif
    :: is_finished && last == 0 && !is_kept ->
        is_kept = 1;
        kept = latest
    fi
}

inline resume()
{
    if
    :: is_concluded && !is_running && !source_resumed -> resume_source()
    :: is_finished && (last > 0 || is_kept) && !sinks_resumed -> resume_sinks()
    :: is_finished && sinks_resumed -> begin()
    fi
}

inline begin()
{
    i = 0;
    do
    :: i < LANES ->
        find_begin(last, i, n);
        if
        :: !is_begun -> plain_shown[i] = n; exact_shown[i] = n; file_end[i] = n
        :: else
        fi;
        assert(plain_shown[i] >= n);
        assert(exact_shown[i] == n);
        assert(file_end[i] == n);
        read[i] = n; delivered[i] = n; batch_from[i] = n;
        marked[i] = last; committed[i] = last;
        i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < last ->
        if
        :: i + 1 < last -> ends[AT(i, 0)] = 0; ends[AT(i, 1)] = 0
        :: else
        fi;
        notes[AT(i, 0)] = 0; notes[AT(i, 1)] = 0;
        is_settled[i] = 0;
        discard(i);
        i++
    :: else -> break
    od;
    i = 0;
    n = 0;
    injected = last; logged = last; sinks_committed = last; finished = last;
    is_begun = 1;
    is_running = 1;
    is_concluded = 0; source_resumed = 0; sinks_resumed = 0;
    recovered = 0;
    last = 0
}

init {
    d_step {
        do
        :: i < EPOCHS * LANES -> notes[i] = NONE; i++
        :: else -> break
        od;
        i = 0;
        replayed = NONE
    }
    do
    :: d_step { read_record(0) }
    :: d_step { read_record(1) }
    :: d_step { deliver(0) }
    :: d_step { deliver(1) }
    :: d_step { inject() }
    :: d_step { position(0) }
    :: d_step { position(1) }
    :: d_step { prepared(0, 0) }
    :: d_step { prepared(0, 1) }
    :: d_step { prepared(1, 0) }
    :: d_step { prepared(1, 1) }
    :: d_step { settle(0) }
    :: d_step { settle(1) }
    :: d_step { log(0) }
    :: d_step { log(1) }
#if EPOCHS > 2
    :: d_step { prepared(2, 0) }
    :: d_step { prepared(2, 1) }
    :: d_step { settle(2) }
    :: d_step { log(2) }
#endif
    :: d_step { commit(0) }
    :: d_step { commit(1) }
    :: d_step { commit_sinks() }
    :: d_step { done() }
    :: atomic { die() }
    :: d_step { recover() }
    :: d_step { resume() }
    :: else -> break
    od;
    assert(commits == EPOCHS && finished == EPOCHS)
}
