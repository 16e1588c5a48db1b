/* The judgement over one partition: what became of the expected records.
 *
 * Input are two arrays of fingerprints, expected and found, each in the order of its partition.
 * Records with the same fingerprint are paired, first with first. The longest run of pairs that
 * stands in the same order on both sides is the spine; a pair off the spine is out of order, so
 * that one record that moved counts once, not once for each record it passed. Between two
 * neighbours on the spine, what is left over on both sides is paired off as different; what is then
 * still left is missing (expected only) or extra (found only; a duplicate is one).
 */
#ifndef LEAT_TESTS_KAFKA_ENVELOPES_JUDGE_H
#define LEAT_TESTS_KAFKA_ENVELOPES_JUDGE_H

#include <stddef.h>
#include <stdint.h>

/* 128 bits over the whole envelope: two that differ never share it by accident. */
struct lt_envelope_print {
    uint64_t low;
    uint64_t high;
};

enum lt_finding_kind { LT_MISSING, LT_EXTRA, LT_DIFFERENT, LT_OUT_OF_ORDER, LT_FINDING_KINDS };

/* One finding; an index that does not apply is SIZE_MAX. */
struct lt_finding {
    enum lt_finding_kind kind;
    size_t expected_index;
    size_t found_index;
};

struct lt_findings {
    struct lt_finding *list; /* the caller's place for the first "capacity" findings */
    size_t capacity;
    size_t count;      /* how many of the list are filled */
    uint64_t compared; /* records that stand on both sides, equal or different */
    uint64_t totals[LT_FINDING_KINDS];
};

/* Judge one partition and add to "findings". Pure but for its own memory; returns 0, or -1 when
 * there is not enough of it. */
int lt_envelopes_judge(const struct lt_envelope_print *expected, size_t expected_count,
                       const struct lt_envelope_print *found, size_t found_count,
                       struct lt_findings *findings);

#endif
