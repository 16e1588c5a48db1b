import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs the queries of bench/state on Kafka Streams. Each run is an application of its own, which reads all rows and is closed; the
 * CPU time is that of the process, from the start to the end of the close, without the look into the store that checks the answer.
 */
public final class State {
    static Properties settings(Request request, String application) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, request.bootstrap);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 30000);
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 512L << 20);
        p.put(StreamsConfig.STATE_DIR_CONFIG, request.directory);
        p.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        p.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, "org.apache.kafka.streams.processor.FailOnInvalidTimestamp");
        p.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, 0);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10000);
        return p;
    }

    static void forget(String bootstrap, String application) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            List<String> own = admin.listTopics().names().get().stream().filter(each -> each.startsWith(application)).toList();
            admin.deleteTopics(own).all().get();
        }
    }

    static Answer run(Request request) throws Exception {
        String application = "bench-" + UUID.randomUUID();
        StreamsBuilder builder = new StreamsBuilder();
        Queries queries = new Queries(request, builder);
        if (!queries.build()) return null;
        Properties settings = settings(request, application);
        long beginNs = Answer.cpuNs();
        KafkaStreams streams = new KafkaStreams(builder.build(settings), settings);
        streams.setUncaughtExceptionHandler(e -> { e.printStackTrace(); System.exit(1); return StreamThreadExceptionResponse.SHUTDOWN_CLIENT; });
        streams.start();
        while (queries.read.get() < request.rows) Thread.sleep(5);
        long readNs = Answer.cpuNs();
        queries.look(streams);
        long lookedNs = Answer.cpuNs();
        if (!streams.close(Duration.ofMinutes(2))) throw new IllegalStateException("it does not close");
        long closedNs = Answer.cpuNs();
        queries.finish();
        queries.answer.cpuNs = readNs - beginNs + closedNs - lookedNs;
        forget(request.bootstrap, application);
        return queries.answer;
    }

    public static void main(String[] a) {
        Request.serve("Kafka Streams " + org.apache.kafka.common.utils.AppInfoParser.getVersion(), State::run);
    }

    private State() {}
}
