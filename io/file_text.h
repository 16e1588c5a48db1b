/*
 * A whole file as a text: what sinks have written down for themselves, and what is short.
 *
 * on: control; waits for the disk.
 */
#ifndef LT_IO_FILE_TEXT_H
#define LT_IO_FILE_TEXT_H

#include "core/base/text_buffer.h"

/* Appends what the open file has, from where it stands to its end. 0, or errno; EFBIG: it has more
 * than `bytes_max`. With an errno `out` may have a part of it. */
int lt_file_read_text(int fd, size_t bytes_max, struct lt_text_buffer *out);

#endif
