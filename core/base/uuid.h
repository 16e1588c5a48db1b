/*
 * Random UUIDs (version 4 of RFC 4122), as queries, runs and checkpoints are named by.
 *
 * on: any.
 */
#ifndef LT_BASE_UUID_H
#define LT_BASE_UUID_H

enum { LT_UUID_SIZE = 37 };

/* Writes 36 characters, "0b4b1b1e-0f9c-4b7e-8a55-6f1d2d3c4b5a", and a NUL. */
void lt_uuid_make(char out[LT_UUID_SIZE]);

#endif
