/*
 * Is a file whole that has got its name while leat watched, and that nobody has told to be closed?
 *
 * A watch tells that a name was created, which is the begin of a file that is written in its place,
 * or a link to one that is whole; of the second kind nothing more will be told. Links are known by
 * what they are: symbolic ones, and files with several names. A link whose other name is gone by
 * now, or one to a file that never had another, is a file with something in it that no process has
 * open for writing. The kernel says so (by a lease, which is given back at once: who opens the file
 * in this moment waits for it) of files that belong to leat's user, or to any if leat has
 * CAP_LEASE. Of others it is known by the times alone: making a link changes a file's state and not
 * its content; and a file that nothing has changed for ten minutes is taken for whole.
 *
 * on: any; asks the disk.
 */
#ifndef LT_IO_FILES_WHOLE_H
#define LT_IO_FILES_WHOLE_H

#include <stdbool.h>

/* False also when there is no such file. */
bool lt_files_is_whole(const char *path);
/* Does the kernel say that a process has it open for writing? False also where it does not tell. */
bool lt_files_is_being_written(const char *path);

#endif
