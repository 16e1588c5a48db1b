/*
 * The source `nexmark`: the events of an online auction, as the Nexmark benchmark's generators make
 * them. People register, put auctions up, and bid: of 50 events one is a person, three are auctions
 * and 46 are bids, and a few auctions, sellers and bidders are hot.
 *
 * Events are numbered from 0. What an event is, who takes part in it and when it happened follows
 * from its number and the options alone, so the same position gives the same event again, in
 * whatever number of partitions. Rows come on rate's schedule, and its positions are rate's too.
 *
 * `events` says what a row is: an event of any kind, in three structs of which two are null, as in
 * the SQL of the benchmark; or, flat, one of a kind - then the numbers of the others are left out.
 */
#ifndef LT_IO_NEXMARK_H
#define LT_IO_NEXMARK_H

#include "core/flow/connector.h"

extern const struct lt_source_type lt_nexmark_source_type;

#endif
