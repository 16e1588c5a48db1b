/*
 * The query whose state is recovered: a count by key and the number of its last record, over
 * numbered records, with a sink that checks every row. It reads a directory of text files, one for
 * each batch, in which a line stands for several records, "FIRST COUNT": an operator makes them.
 *
 * Record r has the key (r mod keys) * STRIDE mod keys, so `keys` records in a row are one pass:
 * each key once. So the row of a key says by its last record alone how often it must have been
 * counted, and a change that was lost, or made twice, is found in the next pass.
 *
 * It runs in a process of its own (recovery_query_run is that process's main), which is told by
 * lines what to do:
 *
 *   it says   open                 the stores are open, and the next batch may begin
 *             ready ROWS           what had been asked for before is done, ROWS of it just now
 *   is told   go END               the file of the records up to END is there: one batch
 *   it says   done EPOCH ENTRIES   the batch is committed; entries of the state
 *
 * When its input ends, so does it.
 */
#ifndef LT_BENCH_RECOVERY_QUERY_H
#define LT_BENCH_RECOVERY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

enum { RECOVERY_KEY_BYTES = 90 }; /* so that an entry of the state has RECOVERY_ENTRY_BYTES */
enum { RECOVERY_ENTRY_BYTES = 128, RECOVERY_LINE_RECORDS = 256 };

struct recovery_spec {
    const char *input, *checkpoint; /* directories */
    const char *store; /* "memory", "rocksdb" */
    int64_t keys;
    int64_t min_deltas; /* for a snapshot */
    /* Records below `done` have been committed; those below `asked` may be. */
    int64_t done, asked;
};

/* The arguments that recovery_query_run reads a spec from: `recovery_bench query`, and seven. */
enum { RECOVERY_ARGUMENTS = 9, RECOVERY_ARGUMENT_BYTES = 512 };
void recovery_spec_write(const struct recovery_spec *spec,
                         char out[RECOVERY_ARGUMENTS][RECOVERY_ARGUMENT_BYTES]);
int recovery_query_run(int count, char **arguments);

#endif
