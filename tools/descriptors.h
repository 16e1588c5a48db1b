/*
 * How many files the process may have open. A relay needs some for itself and some for each broker,
 * and where there are too few the libraries below report what they could not do, such as connect,
 * rather than why.
 *
 * on: main.
 */
#ifndef LT_TOOLS_DESCRIPTORS_H
#define LT_TOOLS_DESCRIPTORS_H

/* Warns on stderr when the limit is below what a relay needs. */
void lt_tool_check_descriptors(void);

#endif
