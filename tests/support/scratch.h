/*
 * A folder of a test's own: in TMPDIR if that is set, else in memory where the machine has such a
 * place.
 */
#ifndef LT_TESTS_SCRATCH_H
#define LT_TESTS_SCRATCH_H

enum { SCRATCH_PATH_SIZE = 64 };

/* Makes a new folder and writes its path. Aborts if it cannot. It is removed when the program ends,
 * unless it crashes. */
void scratch_create(char path[SCRATCH_PATH_SIZE]);
/* Removes a file, or a folder with all that is in it; a missing one is no fault. */
void scratch_remove(const char *path);

/* Writes or reads a whole file; makes its folder. `path` is formatted. Aborts if it cannot. Reading
 * gives NULL when there is none; free() it. */
void scratch_write(const char *content, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
char *scratch_read(const char *path, ...) __attribute__((format(printf, 1, 2)));

#endif
