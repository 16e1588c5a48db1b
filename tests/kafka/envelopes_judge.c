/* Pairs equal records, finds the spine, walks the gaps. The header tells the rules.
 *
 * Equal ends are cut off first, so a faithful relay costs one pass. The rest takes a hash table of
 * chains in ascending order and the longest increasing subsequence in n log n.
 */
#include "envelopes_judge.h"

#include <stdbool.h>
#include <stdlib.h>

#define NONE SIZE_MAX

struct pairing {
    const struct lt_envelope_print *expected;
    const struct lt_envelope_print *found;
    size_t expected_count;
    size_t found_count;
    size_t first; /* how many equal records were cut off in front */
    size_t bucket_count;
    size_t *bucket;     /* first waiting expected index of each bucket */
    size_t *chain;      /* next waiting expected index in the same bucket */
    size_t *partner;    /* of each found record: the expected index, or NONE */
    bool *paired;       /* of each expected record */
    size_t *run_end;    /* of each run length: the found index on which the best run ends */
    size_t *run_before; /* of each found index: the one before it in its best run */
    bool *on_spine;     /* of each found record */
};

static bool prints_equal(const struct lt_envelope_print *a, const struct lt_envelope_print *b)
{
    return a->low == b->low && a->high == b->high;
}

static void add(struct lt_findings *findings, enum lt_finding_kind kind, size_t expected_index,
                size_t found_index)
{
    findings->totals[kind]++;
    if (findings->count < findings->capacity)
        findings->list[findings->count++] = (struct lt_finding){
            .kind = kind, .expected_index = expected_index, .found_index = found_index};
}

static void trim_equal_ends(struct pairing *p)
{
    while (p->expected_count > 0 && p->found_count > 0 && prints_equal(p->expected, p->found)) {
        p->expected++;
        p->found++;
        p->expected_count--;
        p->found_count--;
        p->first++;
    }
    while (p->expected_count > 0 && p->found_count > 0 &&
           prints_equal(&p->expected[p->expected_count - 1], &p->found[p->found_count - 1])) {
        p->expected_count--;
        p->found_count--;
    }
}

static int pairing_init(struct pairing *p)
{
    p->bucket_count = 16;
    while (p->bucket_count < p->expected_count * 2)
        p->bucket_count *= 2;
    p->bucket = calloc(p->bucket_count, sizeof(*p->bucket));
    p->chain = calloc(p->expected_count + 1, sizeof(*p->chain));
    p->partner = calloc(p->found_count + 1, sizeof(*p->partner));
    p->paired = calloc(p->expected_count + 1, sizeof(*p->paired));
    p->run_end = calloc(p->found_count + 1, sizeof(*p->run_end));
    p->run_before = calloc(p->found_count + 1, sizeof(*p->run_before));
    p->on_spine = calloc(p->found_count + 1, sizeof(*p->on_spine));
    return p->bucket && p->chain && p->partner && p->paired && p->run_end && p->run_before &&
                   p->on_spine
               ? 0
               : -1;
}

static void pairing_fini(struct pairing *p)
{
    free(p->bucket);
    free(p->chain);
    free(p->partner);
    free(p->paired);
    free(p->run_end);
    free(p->run_before);
    free(p->on_spine);
}

static void pair_equal_records(struct pairing *p)
{
    size_t mask = p->bucket_count - 1;
    for (size_t i = 0; i < p->bucket_count; i++)
        p->bucket[i] = NONE;
    for (size_t i = p->expected_count; i-- > 0;) {
        size_t *head = &p->bucket[p->expected[i].low & mask];
        p->chain[i] = *head;
        *head = i;
    }
    for (size_t j = 0; j < p->found_count; j++) {
        size_t *link = &p->bucket[p->found[j].low & mask];
        while (*link != NONE && !prints_equal(&p->expected[*link], &p->found[j]))
            link = &p->chain[*link];
        p->partner[j] = *link;
        if (*link == NONE)
            continue;
        p->paired[*link] = true;
        *link = p->chain[*link];
    }
}

/* The longest increasing run of partners; partners are distinct, so strictly increasing. */
static void find_spine(struct pairing *p)
{
    size_t longest = 0;
    for (size_t j = 0; j < p->found_count; j++) {
        if (p->partner[j] == NONE)
            continue;
        size_t low = 0;
        size_t high = longest;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (p->partner[p->run_end[middle]] < p->partner[j])
                low = middle + 1;
            else
                high = middle;
        }
        p->run_before[j] = low == 0 ? NONE : p->run_end[low - 1];
        p->run_end[low] = j;
        if (low == longest)
            longest++;
    }
    size_t j = longest == 0 ? NONE : p->run_end[longest - 1];
    while (j != NONE) {
        p->on_spine[j] = true;
        j = p->run_before[j];
    }
}

/* Judge what lies between two neighbours on the spine: expected [i, i_end) and found [j, j_end). */
static void judge_gap(const struct pairing *p, size_t i, size_t i_end, size_t j, size_t j_end,
                      struct lt_findings *findings)
{
    for (;;) {
        while (i < i_end && p->paired[i])
            i++;
        while (j < j_end && p->partner[j] != NONE) {
            findings->compared++;
            add(findings, LT_OUT_OF_ORDER, p->first + p->partner[j], p->first + j);
            j++;
        }
        if (i < i_end && j < j_end) {
            findings->compared++;
            add(findings, LT_DIFFERENT, p->first + i++, p->first + j++);
        } else if (i < i_end) {
            add(findings, LT_MISSING, p->first + i++, NONE);
        } else if (j < j_end) {
            add(findings, LT_EXTRA, NONE, p->first + j++);
        } else {
            return;
        }
    }
}

int lt_envelopes_judge(const struct lt_envelope_print *expected, size_t expected_count,
                       const struct lt_envelope_print *found, size_t found_count,
                       struct lt_findings *findings)
{
    struct pairing p = {.expected = expected,
                        .found = found,
                        .expected_count = expected_count,
                        .found_count = found_count};
    trim_equal_ends(&p);
    findings->compared += expected_count - p.expected_count;
    int status = pairing_init(&p);
    if (status == 0) {
        pair_equal_records(&p);
        find_spine(&p);
        size_t i = 0;
        size_t j = 0;
        for (size_t next = 0; next < p.found_count; next++) {
            if (!p.on_spine[next])
                continue;
            judge_gap(&p, i, p.partner[next], j, next, findings);
            findings->compared++;
            i = p.partner[next] + 1;
            j = next + 1;
        }
        judge_gap(&p, i, p.expected_count, j, p.found_count, findings);
    }
    pairing_fini(&p);
    return status;
}
