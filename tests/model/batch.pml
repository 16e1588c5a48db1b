/*
 * The batches of core/epoch/protocol.h as a model for Spin: two lanes, each with a partition of the
 * source, an instance with state and a writer of each of two sinks; one batch at a time; and a process
 * that may die between any two steps, during recovery too. Beside tests/model/epoch.pml, whose way it
 * goes: each `inline` that bears the name of a step is that step, and everything is one process that
 * does any step that is possible.
 *
 * The state counts the records that it was given. Version e + 1 is what batch e has made of version e;
 * a batch that is run again writes it over.
 *
 * Sinks:
 *   plain  at least once: shows a record when it is delivered
 *   exact  an output per batch and lane, prepared and later shown. What of a batch is prepared may be
 *          lost when the process dies, all of it, as long as nothing of it is shown
 *
 * Safety, asserted:
 *   - a batch of which something was shown has one range, however often it is run (deliver, prepare)
 *   - exact shows each record once and in order (reveal)
 *   - whenever the query goes on at a position, plain has everything before it, and exact and the state
 *     have that and nothing else (begin)
 *   - recovery never lacks notes of a batch that it finishes, and no entry of the source's log is
 *     written over (recover, log)
 * Progress: as in tests/model/epoch.pml; where nothing more can be done, all batches are.
 *
 * A mutant is built with -DMUTANT_<name>; the names stand in tests/model/mutants_batches.
 *
 * What this is not: a model of files, of watermarks, or of rows that are exchanged between lanes. Those
 * are the business of the simulator (tests/core/run/test_simulate_batches.c).
 */
#ifndef BATCHES
#define BATCHES 2
#endif
#ifndef RECORDS
#define RECORDS 2 /* per lane */
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define LANES 2
#define ATTEMPTS (DEATHS + 1) /* at one batch's output of one lane: one per life */
#define NONE 7

#define AT(e, l) ((e) * LANES + (l))
#define OUTPUT(e, l, n) (AT(e, l) * ATTEMPTS + (n))

/* durable */
bit source_log[BATCHES];          /* sources/0/e */
bit offsets[BATCHES];             /* offsets/e */
byte ends[BATCHES * LANES];       /* what it says */
byte notes[BATCHES * LANES];      /* sinks/exact/e: an attempt, or NONE: no such file */
bit prepared_file[BATCHES];       /* prepared/e */
byte commits;                     /* commits/e exists for all e below */
byte store[(BATCHES + 1) * LANES]; /* the state's versions; NONE: no such file */

/* outside */
byte told[BATCHES * LANES]; /* where the batch ends for whom has seen of it; NONE: nobody has */
byte plain_shown[LANES];    /* all records before this one were shown at some time */
byte exact_shown[LANES];
byte attempts[BATCHES * LANES];
byte state[BATCHES * LANES * ATTEMPTS];
byte from[BATCHES * LANES * ATTEMPTS];
byte to[BATCHES * LANES * ATTEMPTS];
#define OPEN 1
#define PREPARED 2
#define SHOWN 3
#define LOST 4

/* volatile */
bit is_running;
byte now;            /* the batch at hand */
byte step;
#define IDLE 0
#define SETTLES 1
#define LOGS 2
#define RUNS 3
#define CONCLUDES 4
#define COMMITS 5
bit is_pending;      /* now has its entry in offsets from a life before */
byte written;        /* of the files of a step */
byte end[LANES];     /* the plan */
byte read[LANES];    /* records read */
byte delivered[LANES];
byte begun_at[LANES];
byte held[LANES];    /* the state in memory */
bit marked[LANES];
byte output_of[LANES];
bit is_prepared[LANES], is_kept[LANES]; /* exact's writer has said so; the store has */
bit is_committed[LANES], sinks_committed;
bit is_concluded, is_finishing;
byte recovered_lane;

byte deaths;
byte i, n;

/* ------------------------------------------------------------------------------------- what steps need */

/* A batch is run while its entry in offsets is on its way, and shown when that is there. */
#define may_read (step == RUNS || step == LOGS)
#ifdef MUTANT_SHOWN_BEFORE_LOG
#define may_show (may_read)
#else
#define may_show (step == RUNS)
#endif

#ifdef MUTANT_CONCLUDE_BEFORE_STATE
#define all_prepared(l) (marked[l] && delivered[l] == end[l] && is_prepared[l])
#else
#define all_prepared(l) (marked[l] && delivered[l] == end[l] && is_prepared[l] && is_kept[l])
#endif

#ifdef MUTANT_SHOWN_BEFORE_PREPARED
#define may_commit (step == COMMITS || step == CONCLUDES)
#else
#define may_commit (step == COMMITS)
#endif

#ifdef MUTANT_DONE_BEFORE_SHOWN
#define may_finish (step == COMMITS)
#else
#define may_finish (step == COMMITS && sinks_committed)
#endif

/* Where a batch begins in lane l. */
inline find_begin(e, l, where)
{
    if
    :: e == 0 -> where = 0
    :: else -> where = ends[AT(e - 1, l)]
    fi
}

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

/* ------------------------------------------------------------------------------------------- the run */

/* Where the batch ends: anywhere that there is; or where the last life has said. */
inline plan()
{
    is_running && step == IDLE && now < BATCHES;
    i = 0;
    do
    :: i < LANES && is_pending -> end[i] = ends[AT(now, i)]; i++
    :: i < LANES && !is_pending && read[i] < RECORDS -> end[i] = read[i] + 1; i++
    :: i < LANES && !is_pending -> end[i] = read[i]; i++
    :: i == LANES -> break
    od;
    i = 0;
    if
    :: is_pending -> step = RUNS
    :: else -> step = SETTLES
    fi
}

inline settle()
{
    is_running && step == SETTLES;
    step = LOGS;
    written = 0
}

inline log()
{
    if
    :: is_running && step == LOGS && written == 0 ->
        assert(!source_log[now]);
        source_log[now] = 1;
        written = 1
    :: is_running && step == LOGS && written == 1 ->
        ends[AT(now, 0)] = end[0];
        ends[AT(now, 1)] = end[1];
        offsets[now] = 1;
        written = 2
    :: is_running && step == LOGS && written == 2 -> step = RUNS
    fi
}

/* It is counted, too. */
inline read_record(l)
{
    is_running && may_read && read[l] < end[l];
    read[l]++;
    held[l]++
}

inline deliver(l)
{
    is_running && may_show && delivered[l] < read[l];
    assert(told[AT(now, l)] == NONE || told[AT(now, l)] == end[l]);
    told[AT(now, l)] = end[l];
    delivered[l]++;
    if
    :: plain_shown[l] < delivered[l] -> plain_shown[l] = delivered[l]
    :: else
    fi
}

/* The marker, behind the last record. */
inline prepare(l)
{
    is_running && may_read && read[l] == end[l] && !marked[l];
    assert(told[AT(now, l)] == NONE || told[AT(now, l)] == end[l]);
    n = attempts[AT(now, l)];
    assert(n < ATTEMPTS);
    attempts[AT(now, l)]++;
    from[OUTPUT(now, l, n)] = begun_at[l];
    to[OUTPUT(now, l, n)] = read[l];
    state[OUTPUT(now, l, n)] = OPEN;
    output_of[l] = n;
    marked[l] = 1;
    n = 0
}

inline prepared(l)
{
    is_running && marked[l] && !is_prepared[l];
    state[OUTPUT(now, l, output_of[l])] = PREPARED;
    is_prepared[l] = 1
}
inline prepare_state(l)
{
    is_running && marked[l] && !is_kept[l];
    store[AT(now + 1, l)] = held[l];
    is_kept[l] = 1
}

inline write_notes()
{
    notes[AT(now, 0)] = output_of[0];
    notes[AT(now, 1)] = output_of[1]
}
#ifdef MUTANT_PREPARED_BEFORE_NOTES
#define write_first() prepared_file[now] = 1
#define write_second() write_notes()
#else
#define write_first() write_notes()
#define write_second() prepared_file[now] = 1
#endif
inline conclude()
{
    if
    :: is_running && step == RUNS && all_prepared(0) && all_prepared(1) ->
        step = CONCLUDES;
        written = 0
    :: is_running && step == CONCLUDES && written == 0 -> write_first(); written = 1
    :: is_running && step == CONCLUDES && written == 1 -> write_second(); written = 2
    :: is_running && step == CONCLUDES && written == 2 -> step = COMMITS; written = 0
    fi
}

inline commit(l)
{
    is_running && may_commit && !is_committed[l];
    reveal(now, l, output_of[l]);
    is_committed[l] = 1
}
inline commit_sinks()
{
    is_running && step == COMMITS && is_committed[0] && is_committed[1] && !sinks_committed;
    sinks_committed = 1
}

/* What nobody will look at again is forgotten: versions before the batch's own, and, for the model
 * alone, what else is of it. */
inline forget()
{
    i = 0;
    do
    :: i < LANES ->
        store[AT(now, i)] = NONE;
        notes[AT(now, i)] = NONE;
        told[AT(now, i)] = NONE;
        begun_at[i] = read[i];
        marked[i] = 0; output_of[i] = 0; is_prepared[i] = 0; is_kept[i] = 0; is_committed[i] = 0;
        end[i] = 0;
        i++
    :: else -> break
    od;
    i = 0;
    sinks_committed = 0;
    is_pending = 0;
    written = 0
}

inline done()
{
    if
    :: is_running && may_finish && written == 0 -> commits++; written = 1
    :: is_running && step == COMMITS && written == 1 -> forget(); step = IDLE; now++
    fi
}

/* --------------------------------------------------------------------------------------- death, recovery */

/* What is open is lost, and of what is prepared everything, or nothing. */
inline lose_outputs()
{
    i = 0;
    n = 0;
    do
    :: i < BATCHES * LANES * ATTEMPTS -> n = n + (state[i] == SHOWN && i / (LANES * ATTEMPTS) == commits); i++
    :: else -> break
    od;
    if
    :: n == 0 -> n = 1
    :: n = 0
    fi;
    i = 0;
    do
    :: i < BATCHES * LANES * ATTEMPTS ->
        if
        :: state[i] == OPEN || (state[i] == PREPARED && n == 1) -> close_output(i, LOST)
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    n = 0
}

inline die()
{
    deaths < DEATHS;
    deaths++;
    lose_outputs();
    is_running = 0; is_concluded = 0; is_finishing = 0; is_pending = 0;
    now = 0; step = IDLE; written = 0; sinks_committed = 0; recovered_lane = 0;
    do
    :: i < LANES ->
        end[i] = 0; read[i] = 0; delivered[i] = 0; begun_at[i] = 0; held[i] = 0;
        marked[i] = 0; output_of[i] = 0; is_prepared[i] = 0; is_kept[i] = 0; is_committed[i] = 0;
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
    n = 0;
    attempts[AT(e, 0)] = 0;
    attempts[AT(e, 1)] = 0
}

/* The batch behind the last commit is finished, or run again; its notes say nothing then. */
inline find_batch()
{
    now = commits;
    if
    :: now < BATCHES && offsets[now] && prepared_file[now] ->
#ifdef MUTANT_PREPARED_FORGOTTEN
        prepared_file[now] = 0;
        is_pending = 1
#else
        is_finishing = 1
#endif
    :: now < BATCHES && offsets[now] && !prepared_file[now] ->
#ifdef MUTANT_PENDING_PLANNED_ANEW
        offsets[now] = 0
#else
        is_pending = 1
#endif
    :: else
    fi;
    if
    :: now < BATCHES && !is_finishing -> notes[AT(now, 0)] = NONE; notes[AT(now, 1)] = NONE
    :: else
    fi;
    is_concluded = 1
}

#define noted(l) OUTPUT(now, l, notes[AT(now, l)])

/* The state has gone on: what a sink has lost is made again from where the batch began. */
inline withdraw()
{
    prepared_file[now] = 0;
    notes[AT(now, 0)] = NONE;
    notes[AT(now, 1)] = NONE;
    is_finishing = 0;
    is_pending = 1;
    recovered_lane = 0
}

inline recover()
{
    if
    :: !is_concluded && !is_running -> find_batch()
    :: is_finishing && recovered_lane < LANES ->
        assert(notes[AT(now, recovered_lane)] != NONE);
        if
        :: state[noted(recovered_lane)] != LOST ->
            reveal(now, recovered_lane, notes[AT(now, recovered_lane)]);
            recovered_lane++
#ifdef MUTANT_LOSS_NOT_WITHDRAWN
        :: else -> recovered_lane++
#else
        :: else -> withdraw()
#endif
        fi
    :: is_finishing && recovered_lane == LANES ->
        commits++;
        now++;
        recovered_lane = 0;
        is_finishing = 0
    fi
}

#ifdef MUTANT_STATE_OF_LATER
#define version (now + (is_pending && store[AT(now + 1, 0)] != NONE && store[AT(now + 1, 1)] != NONE))
#else
#define version (now)
#endif

/* The source deletes what lies beyond the last entry of offsets, sinks what was prepared of what never
 * was, stores are opened at the version that the batch begins with. */
inline resume()
{
    is_concluded && !is_running && !is_finishing;
    if
    :: now < BATCHES -> discard(now); source_log[now] = is_pending
    :: else
    fi;
    begin()
}

inline begin()
{
    i = 0;
    do
    :: i < LANES ->
        find_begin(now, i, n);
        if
        :: version == 0 -> held[i] = 0
        :: else -> held[i] = store[AT(version, i)]
        fi;
        assert(held[i] == n);
        assert(plain_shown[i] >= n);
        assert(exact_shown[i] == n);
        read[i] = n; delivered[i] = n; begun_at[i] = n;
        i++
    :: else -> break
    od;
    i = 0;
    n = 0;
    is_running = 1;
    is_concluded = 0
}

init {
    d_step {
        do
        :: i < BATCHES * LANES -> notes[i] = NONE; told[i] = NONE; i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < (BATCHES + 1) * LANES -> store[i] = NONE; i++
        :: else -> break
        od;
        i = 0
    }
    do
    :: atomic { plan() }
    :: d_step { settle() }
    :: d_step { log() }
    :: d_step { read_record(0) }
    :: d_step { read_record(1) }
    :: d_step { deliver(0) }
    :: d_step { deliver(1) }
    :: d_step { prepare(0) }
    :: d_step { prepare(1) }
    :: d_step { prepared(0) }
    :: d_step { prepared(1) }
    :: d_step { prepare_state(0) }
    :: d_step { prepare_state(1) }
    :: d_step { conclude() }
    :: d_step { commit(0) }
    :: d_step { commit(1) }
    :: d_step { commit_sinks() }
    :: d_step { done() }
    :: atomic { die() }
    :: d_step { recover() }
    :: d_step { resume() }
    :: else -> break
    od;
    assert(commits == BATCHES && now == BATCHES)
}
