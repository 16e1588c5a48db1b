#include "core/base/uuid.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/error.h"

void lt_uuid_make(char out[LT_UUID_SIZE])
{
    unsigned char bytes[16];
    const int code = getentropy(bytes, sizeof bytes); /* up to 256 bytes are given whole */
    lt_assert(code == 0);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4: random */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 4122 */
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        snprintf(out + at, 3, "%02x", bytes[i]);
        at += 2;
    }
}
