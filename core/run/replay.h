/*
 * A replay: exactly the range of one logged epoch is read again, for one sink that has lost what it
 * had prepared of it (core/epoch/protocol.h). The other sinks have the epoch.
 *
 * It is a lane like any other, fused, on the thread that starts the query, from where epoch e-1
 * ends to where e ends. The other sinks, and dead letters if it is not theirs, are stood in for by
 * one that lets all rows go, so that sinks keep their numbers and operators see the same rows. At
 * the end one marker passes:
 *
 *   READS       every row of the range to have gone into the lane
 *   PREPARES    the sink to have prepared e anew
 *   COMMITS     its notes are on disk, in place of the old: the writer to have shown e
 *   SHOWS       the sink's own part of showing e
 *   DONE
 *
 * The process may die at any point: the epoch is still unfinished, and the notes on disk are of the
 * preparation that may have been shown.
 *
 * What this is not: a way to make again the dead letters that a sink itself asked for by refusing a
 * record. Those of operators are made again; that others may be missing is said in the log.
 *
 * on: the thread that starts the query; waits for source and sink, but not for ever.
 */
#ifndef LT_RUN_REPLAY_H
#define LT_RUN_REPLAY_H

#include "core/run/recover.h"

int lt_replay(const struct lt_recover_options *options, uint32_t sink, uint64_t epoch,
              struct lt_error *error) LT_MUST_USE;

#endif
