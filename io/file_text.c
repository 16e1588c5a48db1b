#include "io/file_text.h"

#include <errno.h>
#include <unistd.h>

enum { PIECE_BYTES = 16 * 1024 };

int lt_file_read_text(int fd, size_t bytes_max, struct lt_text_buffer *out)
{
    char piece[PIECE_BYTES];
    size_t left = bytes_max;
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if ((size_t)got > left)
            return EFBIG;
        lt_text_append_n(out, piece, (size_t)got);
        left -= (size_t)got;
    }
    return 0;
}
