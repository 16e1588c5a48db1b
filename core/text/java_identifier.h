/*
 * What identifiers of Java are made of: Spark's JSON parser takes a run of it for one bad word.
 *
 * on: any. Pure.
 */
#ifndef LT_TEXT_JAVA_IDENTIFIER_H
#define LT_TEXT_JAVA_IDENTIFIER_H

#include <stdbool.h>
#include <stdint.h>

/* The UTF-16 unit may be the first one; or any but the first. */
bool lt_java_identifier_begins(uint16_t unit);
bool lt_java_identifier_has(uint16_t unit);
/* It may stand in a name of JSON that has no quotes. */
bool lt_java_identifier_is_bare_name(uint16_t unit);

#endif
