/*
 * The list of what io offers. A connector is added here and nowhere else.
 */
#include "io/catalog.h"

#include "io/append.h"
#include "io/console.h"
#include "io/files_sink.h"
#include "io/files_source.h"
#include "io/foreach.h"
#include "io/http_sink.h"
#include "io/kafka_sink.h"
#include "io/kafka_source.h"
#include "io/memory.h"
#include "io/nexmark.h"
#include "io/noop.h"
#include "io/rate.h"
#include "io/reactor.h"
#include "io/stdin.h"
#include "io/stdout.h"
#include "io/tail.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "io/unix.h"

const struct lt_catalog *lt_io_catalog(void)
{
    static const struct lt_source_type *const sources[] = {
        &lt_files_csv_source_type,
        &lt_files_json_source_type,
        &lt_files_raw_source_type,
        &lt_files_text_source_type,
        &lt_kafka_source_type,
        &lt_memory_source_type,
        &lt_nexmark_source_type,
        &lt_rate_source_type,
        &lt_socket_source_type,
        &lt_stdin_source_type,
        &lt_tail_source_type,
        &lt_tcp_listen_source_type,
        &lt_tcp_source_type,
        &lt_udp_source_type,
        &lt_unix_source_type,
    };
    static const struct lt_sink_type *const sinks[] = {
        &lt_append_sink_type,
        &lt_console_sink_type,
        &lt_csv_sink_type,
        &lt_foreach_sink_type,
        &lt_foreach_batch_sink_type,
        &lt_http_sink_type,
        &lt_json_sink_type,
        &lt_kafka_sink_type,
        &lt_memory_sink_type,
        &lt_noop_sink_type,
        &lt_stdout_sink_type,
        &lt_tcp_sink_type,
        &lt_text_sink_type,
        &lt_udp_sink_type,
        &lt_unix_sink_type,
    };
    static const struct lt_catalog catalog = {
        .sources = sources,
        .source_count = sizeof sources / sizeof sources[0],
        .sinks = sinks,
        .sink_count = sizeof sinks / sizeof sinks[0],
        .create_reactor = lt_reactor_create,
    };
    return &catalog;
}
