/*
 * What the bench of files reads: lines of text of 100 bytes, of which 10 % hold one word and 90 %
 * another, and lines of JSON of about as many, of which one in nine passes the filter. The same
 * bytes in every run.
 *
 * on: main.
 */
#ifndef LT_BENCH_FILES_DATA_H
#define LT_BENCH_FILES_DATA_H

#include <stdint.h>

enum { DATA_FILES = 8, DATA_LINE_BYTES = 100 };

#define DATA_WORD_RARE "hit10"
#define DATA_WORD_FREQUENT "hit90"
#define DATA_SYMBOL "ABC"
#define DATA_PRICE 100

/* Makes `directory`/KIND, KIND being "text" or "json", with the DATA_FILES files lines-0.txt, ...
 * of about so many bytes in all, unless they are there already. What fails ends the program. */
void data_make_text(const char *directory, uint64_t total_bytes);
void data_make_json(const char *directory, uint64_t total_bytes);
/* Makes the directory `directory`/KIND-part with the first of those files, which is the same file
 * there. */
void data_make_part(const char *directory, const char *kind);

#endif
