/*
 * The optimal string alignment distance, row by row: a cell needs the row above, and the one above
 * that for a swap of neighbours.
 */
#include "core/base/nearest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned lt_nearest_distance(const char *a, const char *b)
{
    size_t columns = strlen(b) + 1;
    unsigned *cells = lt_alloc_array(3 * columns, sizeof *cells);
    unsigned *before_last = cells;
    unsigned *last = cells + columns;
    unsigned *row = cells + 2 * columns;
    for (size_t j = 0; j < columns; j++)
        row[j] = (unsigned)j;

    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        unsigned *oldest = before_last;
        before_last = last;
        last = row;
        row = oldest;
        char a_char = lt_ascii_lower(a[i - 1]);
        row[0] = (unsigned)i;
        for (size_t j = 1; j < columns; j++) {
            char b_char = lt_ascii_lower(b[j - 1]);
            unsigned replaced = last[j - 1] + (a_char != b_char);
            row[j] = least(replaced, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a_char == lt_ascii_lower(b[j - 2]) &&
                b_char == lt_ascii_lower(a[i - 2]))
                row[j] = least(row[j], before_last[j - 2] + 1);
        }
    }
    unsigned distance = row[columns - 1];
    free(cells);
    return distance;
}

const char *lt_nearest(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    unsigned nearest_distance = UINT_MAX;
    size_t name_bytes = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t other_bytes = strlen(names[i]);
        size_t longer = name_bytes > other_bytes ? name_bytes : other_bytes;
        size_t shorter = name_bytes > other_bytes ? other_bytes : name_bytes;
        if (longer - shorter > longer / 3)
            continue; /* the difference in size alone is too far; saves the work on absurd input */
        unsigned distance = lt_nearest_distance(name, names[i]);
        if (distance <= longer / 3 && distance < nearest_distance) {
            nearest = names[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}
