/* The judgement over one partition of a relay that promises at-least-once and was killed meanwhile.
 *
 * The records of the input carry increasing sequence numbers. In the output
 *   - the first deliveries of each number stand in increasing order;
 *   - a replay is a step back to a number that was delivered before, from where the output runs on
 * in order without gaps, through and beyond what was sent already, or until a further step back.
 * Whatever breaks this counts as reordered: a number that is delivered for the first time after a
 * higher one, and a jump ahead over numbers that were delivered before. A number that the whole
 * output lacks is lost, and a jump over lost numbers is not counted a second time.
 *
 * A replay reaches from where it restarts to the highest number delivered so far; that count is its
 * size, and it may be held against a bound: a largest size, or marks that say from where a restart
 * was allowed and how far had been sent.
 */
#ifndef LEAT_TESTS_KAFKA_AUDIT_JUDGE_H
#define LEAT_TESTS_KAFKA_AUDIT_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In place of a sequence number: the record's own checksum says that it is damaged. */
#define LT_AUDIT_CORRUPTED UINT64_MAX

/* No bound on the size of a replay, or none on how far had been sent. */
#define LT_AUDIT_UNBOUNDED INT64_MAX

/* One record of the input. */
struct lt_audit_input {
    uint64_t sequence;
    int64_t offset;
};

/* One legal restart: reading went on at input offset restart_offset, and the output held nothing at
 * or beyond input offset sent_until. */
struct lt_audit_mark {
    int64_t restart_offset;
    int64_t sent_until;
};

/* What to judge. All arrays are the caller's. */
struct lt_audit_case {
    const struct lt_audit_input *input; /* increasing in both fields */
    size_t input_count;
    const uint64_t *output; /* sequence numbers or LT_AUDIT_CORRUPTED, in the order of the output */
    size_t output_count;
    int64_t replay_max; /* largest legal replay, or LT_AUDIT_UNBOUNDED */
    bool has_marks;     /* a replay must fit into at least one of the marks */
    const struct lt_audit_mark *marks;
    size_t mark_count;
};

struct lt_audit_verdict {
    uint64_t delivered;  /* numbers of the input that the output has at least once */
    uint64_t lost;       /* numbers of the input that the output has nowhere */
    uint64_t duplicated; /* deliveries beyond the first */
    uint64_t reordered;
    uint64_t corrupted;
    uint64_t unknown; /* intact, but the input has no such number */
    uint64_t replays;
    uint64_t replays_too_far; /* replays that break the bound or fit no mark */
    uint64_t largest_replay;
    /* Where to look first; SIZE_MAX when there is none. */
    size_t first_lost;      /* index in the input */
    size_t first_reordered; /* index in the output, and so on */
    size_t first_corrupted;
    size_t first_unknown;
    size_t first_too_far;
};

/* Judge one partition. Pure but for its own memory. Returns 0, -1 when there is not enough memory,
 * or -2 when the input is not increasing and so cannot be judged by. */
int lt_audit_judge(const struct lt_audit_case *audit, struct lt_audit_verdict *verdict);

#endif
