#include "io/file_lock.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>

enum { LOOK_MS = 5, LOOKS = LT_FILE_LOCK_WAIT_MS / LOOK_MS };

int lt_file_lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || i == LOOKS)
            return errno;
        (void)nanosleep(&pause, NULL); /* a signal makes it shorter: as good */
    }
    return 0;
}
