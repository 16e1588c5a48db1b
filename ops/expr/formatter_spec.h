/*
 * One conversion of a format string, read and checked as Java's Formatter does; formatter.c finds
 * its value, formatter_number.c writes numbers.
 */
#ifndef LT_OPS_EXPR_FORMATTER_SPEC_H
#define LT_OPS_EXPR_FORMATTER_SPEC_H

#include "ops/expr/formatter.h"

enum lt_format_flag {
    LT_FORMAT_LEFT = 1,         /* - */
    LT_FORMAT_ALTERNATE = 2,    /* # */
    LT_FORMAT_PLUS = 4,         /* + */
    LT_FORMAT_BLANK = 8,        /* ' ' */
    LT_FORMAT_ZERO = 16,        /* 0 */
    LT_FORMAT_GROUP = 32,       /* , */
    LT_FORMAT_PARENTHESES = 64, /* ( */
    LT_FORMAT_PREVIOUS = 128,   /* < */
};

/* The widest field, and the most digits after a point. */
enum { LT_FORMAT_WIDTH_MAX = 1024 * 1024 };

struct lt_format_spec {
    unsigned flags;
    uint32_t index;     /* from 1; 0: the next value, or the previous */
    int32_t width;      /* -1: none */
    int32_t precision;  /* -1: none */
    char conversion;    /* lower case */
    bool is_upper_case; /* %X and its like */
    struct lt_format_room *room;
};

/* Reads what stands behind a '%' and moves past it; NULL, or what is wrong. */
const char *lt_format_spec_read(struct lt_format_spec *spec, const uint8_t **at,
                                const uint8_t *end);

/* Append a text or number in its field. A fault is a reason, NULL is none. */
void lt_format_text(const struct lt_format_spec *spec, const char *text, size_t size_bytes,
                    struct lt_text_buffer *out);
/* d, o and x of an integer of `width_bytes`. */
void lt_format_integer(const struct lt_format_spec *spec, int64_t value, unsigned width_bytes,
                       struct lt_text_buffer *out);
/* e, f, g and a; a float is widened, but shows its own digits when `is_float`. */
void lt_format_double(const struct lt_format_spec *spec, double value, struct lt_text_buffer *out);

#endif
