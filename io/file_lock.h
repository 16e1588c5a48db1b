/*
 * The lock of what one process at a time may write to: a file, or a directory (flock).
 *
 * A process that was killed does not always let go of its files when it ends. What io_uring had
 * under way for it, a sync that the disk has not answered, is taken down behind it, by the kernel
 * and in the kernel's time. Who starts a query again at once would find the lock held, by nobody
 * that could be named. So a lock that is held is asked for again for a while before it counts as
 * another's; and as long as it is held nothing of the dead process can reach the file any more
 * behind the back of the living one.
 */
#ifndef LT_IO_FILE_LOCK_H
#define LT_IO_FILE_LOCK_H

enum { LT_FILE_LOCK_WAIT_MS = 3000 };

/* Locks the open file for this descriptor alone, until that is closed. 0, or errno; EWOULDBLOCK:
 * another has held it for LT_FILE_LOCK_WAIT_MS. Waits. on: control. */
int lt_file_lock(int fd);

#endif
