/*
 * For a test that has folders which cannot be listed to their end: a broken disk, or a file that a
 * network no longer finds.
 *
 * This header defines the C library's readdir: it is included by one file of a program.
 */
#ifndef LT_TESTS_FAILING_READDIR_H
#define LT_TESTS_FAILING_READDIR_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* So many names are told, of all folders together, before a call fails; -1: none does. */
static int failing_readdir_names = -1;

struct dirent *readdir(DIR *directory)
{
    static struct dirent *(*real)(DIR *);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "readdir");
        memcpy(&real, &found, sizeof real);
    }
    if (failing_readdir_names == 0) {
        errno = EIO;
        return NULL;
    }
    failing_readdir_names -= failing_readdir_names > 0;
    return real(directory);
}

#endif
