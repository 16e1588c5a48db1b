/*
 * The texts of KAFKA_DATA_LOSS and its reasons.
 */
#include "io/kafka_loss.h"

#include <stdarg.h>
#include <stdio.h>

static const char preamble[] =
    "Some data may have been lost because they are not available in Kafka any more;\n"
    "either the data was aged out by Kafka or the topic may have been deleted before all the data "
    "in the\n"
    "topic was processed.\n"
    "If you don't want your streaming query to fail on such cases, set the source option "
    "failOnDataLoss to false.\n"
    "Reason: ";

/* Behind the partitions' names. */
static const char group_reason[] =
    "\nKafka option 'kafka.group.id' has been set on this query, it is\n"
    "not recommended to set this option. This option is unsafe to use since multiple concurrent\n"
    "queries or sources using the same group id will interfere with each other as they are part\n"
    "of the same consumer group. Restarted queries may also suffer interference from the\n"
    "previous run having the same group id. The user should have only one query per group id,\n"
    "and/or set the option 'kafka.session.timeout.ms' to be very small so that the Kafka\n"
    "consumers from the previous query are marked dead by the Kafka group coordinator before the\n"
    "restarted query starts running.";

int lt_kafka_lose(struct lt_error *error, const char *reason, const char *format, ...)
{
    char text[LT_ERROR_TEXT_MAX], condition[LT_ERROR_CONDITION_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)snprintf(condition, sizeof condition, "KAFKA_DATA_LOSS.%s", reason);
    lt_error_set(error, LT_E_DATA_LOSS, "%s%s", preamble, text);
    return lt_error_condition(error, condition, "22000");
}

/* A set as Scala prints it: above four elements it is one by hashes. */
static const char *set_of(uint32_t count)
{
    enum { SMALL_SET = 4 };
    return count > SMALL_SET ? "HashSet" : "Set";
}

int lt_kafka_lose_partitions(struct lt_error *error, const char *names, uint32_t count,
                             bool has_group)
{
    return lt_kafka_lose(
        error, has_group ? "PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT" : "PARTITIONS_DELETED",
        "Partitions %s(%s) have been deleted.%s", set_of(count), names,
        has_group ? group_reason : "");
}

int lt_kafka_lose_added(struct lt_error *error, const char *names, uint32_t count)
{
    return lt_kafka_lose(
        error, "INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS",
        "Cannot find initial offsets for partitions %s(%s). They may have been deleted.",
        set_of(count), names);
}
