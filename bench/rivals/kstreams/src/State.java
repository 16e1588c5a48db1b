import com.fasterxml.jackson.core.*;
import java.io.*;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.*;
import org.apache.kafka.streams.state.*;

/**
 * The queries of bench/state for Kafka Streams, by the lines of bench/state/rival.h. Each run is an application of its own, which
 * reads all rows and is closed; the CPU time is that of the process, from the start to the end of the close, without the look into
 * the store that checks the answer.
 *
 * What is in its favour: the topic's key is the key of the query, so that nothing is repartitioned; the record's time is the event
 * time; results are updates out of a large cache instead of one final row; commits are 30 s apart; nothing expires.
 */
public final class State {
    static final long BEGIN_MS = 1767225600000L, WINDOW_MS = 10000, GAP_MS = 5001, PAIR_MS = 10000;
    static final Duration WEEK = Duration.ofDays(7), GRACE = Duration.ofSeconds(5);
    static final JsonFactory JSON = new JsonFactory();

    /** One row, and what it is worth where it is aggregated: the same sixteen bytes. */
    record Pair(long a, long b) {}

    static final Serde<Pair> PAIR = Serdes.serdeFrom((topic, p) -> p == null ? null : ByteBuffer.allocate(16).putLong(p.a).putLong(p.b).array(),
        (topic, data) -> { if (data == null) return null; ByteBuffer in = ByteBuffer.wrap(data); return new Pair(in.getLong(), in.getLong()); });

    /** {"key":..,"amount":..,"at":..}: the amount and the time. The topic's key has the rest. */
    static Pair parse(byte[] value) {
        long amount = 0, at = 0, left = 3;
        try (JsonParser in = JSON.createParser(value)) {
            in.nextToken();
            while (left > 0 && in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                switch (name) {
                    case "amount" -> { amount = in.getLongValue(); left--; }
                    case "at" -> { at = in.getLongValue(); left--; }
                    case "key" -> { in.getLongValue(); left--; }
                    default -> in.skipChildren();
                }
            }
        } catch (IOException e) { throw new UncheckedIOException(e); }
        return new Pair(amount, at);
    }

    final Map<String, String> topics = new LinkedHashMap<>();
    final AtomicLong read = new AtomicLong();
    final boolean inMemory;
    long count, sum, latestMs;  // on: the stream thread; the latest row closes the others and is not part of the answer

    State(boolean inMemory) { this.inMemory = inMemory; }

    void add(long... columns) {
        count++;
        for (int i = 0; i < columns.length; i++) sum += (i + 1) * columns[i];
    }

    static long number(byte[] key) { return Long.parseLong(new String(key, StandardCharsets.ISO_8859_1)); }

    KStream<byte[], Pair> rows(StreamsBuilder builder, String view) {
        return builder.stream(topics.get(view), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).mapValues(v -> {
            Pair row = parse(v);
            latestMs = Math.max(latestMs, row.b);
            return row;
        });
    }

    <K, V> KStream<K, V> counted(KStream<K, V> stream) { return stream.peek((k, v) -> read.incrementAndGet()); }

    // ------------------------------------------------------------------------------------------------------------- topologies

    void windows(StreamsBuilder builder) {
        var store = inMemory ? Stores.inMemoryWindowStore("state", WEEK, Duration.ofMillis(WINDOW_MS), false)
            : Stores.persistentTimestampedWindowStore("state", WEEK, Duration.ofMillis(WINDOW_MS), false);
        counted(rows(builder, "events")).groupByKey(Grouped.with(Serdes.ByteArray(), PAIR))
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(WINDOW_MS), GRACE))
            .aggregate(() -> new Pair(0, 0), (k, row, all) -> new Pair(all.a + 1, all.b + row.a),
                Materialized.<byte[], Pair>as(store).withKeySerde(Serdes.ByteArray()).withValueSerde(PAIR).withCachingEnabled())
            .toStream().foreach((k, v) -> { });
    }

    void sessions(StreamsBuilder builder) {
        var store = inMemory ? Stores.inMemorySessionStore("state", WEEK) : Stores.persistentSessionStore("state", WEEK);
        counted(rows(builder, "events")).groupByKey(Grouped.with(Serdes.ByteArray(), PAIR))
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(GAP_MS), GRACE))
            .aggregate(() -> new Pair(0, 0), (k, row, all) -> new Pair(all.a + 1, all.b + row.a),
                (k, one, other) -> new Pair(one.a + other.a, one.b + other.b),
                Materialized.<byte[], Pair>as(store).withKeySerde(Serdes.ByteArray()).withValueSerde(PAIR).withCachingEnabled())
            .toStream().foreach((k, v) -> { });
    }

    void duplicates(StreamsBuilder builder) {
        var supplier = inMemory ? Stores.inMemoryKeyValueStore("state") : Stores.persistentKeyValueStore("state");
        builder.addStateStore(Stores.keyValueStoreBuilder(supplier, Serdes.ByteArray(), Serdes.ByteArray()));
        byte[] seen = {1};
        counted(rows(builder, "events").processValues(() -> new FixedKeyProcessor<byte[], Pair, Pair>() {
            FixedKeyProcessorContext<byte[], Pair> context;
            KeyValueStore<byte[], byte[]> store;
            @Override public void init(FixedKeyProcessorContext<byte[], Pair> c) { context = c; store = c.getStateStore("state"); }
            @Override public void process(FixedKeyRecord<byte[], Pair> row) {
                if (store.putIfAbsent(row.key(), seen) == null) add(number(row.key()), row.value().a);
                context.forward(row);
            }
        }, "state"));
    }

    void join(StreamsBuilder builder) {
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, Duration.ofSeconds(30)).after(Duration.ofMillis(PAIR_MS));
        var joined = StreamJoined.with(Serdes.ByteArray(), PAIR, PAIR);
        if (inMemory) {
            Duration keep = Duration.ofMillis(windows.size() + windows.gracePeriodMs()), size = Duration.ofMillis(windows.size());
            joined = joined.withThisStoreSupplier(Stores.inMemoryWindowStore("shown", keep, size, true))
                .withOtherStoreSupplier(Stores.inMemoryWindowStore("clicked", keep, size, true));
        }
        counted(rows(builder, "shown")).join(counted(rows(builder, "clicked")), (shown, clicked) -> clicked.b - shown.b, windows, joined)
            .foreach((k, apart) -> add(number(k), apart));
    }

    // --------------------------------------------------------------------------------------------------- what is in the store

    void addWindows(KafkaStreams streams) {
        long last = latestMs / WINDOW_MS * WINDOW_MS;
        ReadOnlyWindowStore<byte[], Pair> store = streams.store(StoreQueryParameters.fromNameAndType("state", QueryableStoreTypes.windowStore()));
        try (var all = store.all()) {
            all.forEachRemaining(each -> {
                Pair v = each.value;
                long start = each.key.window().start();
                if (start != last) add(number(each.key.key()), (start - BEGIN_MS) / 1000, v.a, v.b, v.a * v.a);
            });
        }
    }

    void addSessions(KafkaStreams streams, long keys) {
        ReadOnlySessionStore<byte[], Pair> store = streams.store(StoreQueryParameters.fromNameAndType("state", QueryableStoreTypes.sessionStore()));
        for (long key = 0; key < keys; key++)
            try (var all = store.fetch(Long.toString(key).getBytes(StandardCharsets.ISO_8859_1))) {
                all.forEachRemaining(each -> {
                    Pair v = each.value;
                    Window w = each.key.window();
                    if (w.end() != latestMs) add(number(each.key.key()), w.start() - BEGIN_MS, w.end() + GAP_MS - BEGIN_MS, v.a, v.b, v.a * v.a);
                });
            }
    }

    // ------------------------------------------------------------------------------------------------------------------- runs

    static Properties settings(String bootstrap, String id, String directory) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 30000);
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 512L << 20);
        p.put(StreamsConfig.STATE_DIR_CONFIG, directory);
        p.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        p.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, "org.apache.kafka.streams.processor.FailOnInvalidTimestamp");
        p.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, 0);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10000);
        return p;
    }

    static long cpuNs() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static void forget(String bootstrap, String id) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            List<String> own = admin.listTopics().names().get().stream().filter(each -> each.startsWith(id)).toList();
            admin.deleteTopics(own).all().get();
        }
    }

    /** What it answers to a request; null: it does not know the query. */
    static String run(String[] f) throws Exception {
        String id = "bench-" + UUID.randomUUID();
        State state = new State(f[2].equals("memory"));
        for (int i = 10; i < f.length; i += 7) state.topics.put(f[i], f[i + 1]);
        long rows = Long.parseLong(f[5]) * state.topics.size();
        StreamsBuilder builder = new StreamsBuilder();
        switch (f[1]) {
            case "windows-few", "windows-many" -> state.windows(builder);
            case "sessions" -> state.sessions(builder);
            case "duplicates" -> state.duplicates(builder);
            case "join" -> state.join(builder);
            default -> { return null; }
        }
        Properties settings = settings(f[3], id, f[4]);
        long beginNs = cpuNs();
        KafkaStreams streams = new KafkaStreams(builder.build(settings), settings);
        streams.setUncaughtExceptionHandler(e -> { e.printStackTrace(); System.exit(1); return StreamThreadExceptionResponse.SHUTDOWN_CLIENT; });
        streams.start();
        while (state.read.get() < rows) Thread.sleep(5);
        long readNs = cpuNs();
        if (f[1].startsWith("windows")) state.addWindows(streams);
        if (f[1].equals("sessions")) state.addSessions(streams, 50000);
        long lookedNs = cpuNs();
        if (!streams.close(Duration.ofMinutes(2))) throw new IllegalStateException("it does not close");
        long ns = readNs - beginNs + cpuNs() - lookedNs;
        forget(f[3], id);
        return "answer\t" + state.count + "\t" + state.sum + "\t" + ns;
    }

    public static void main(String[] a) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
        System.setOut(System.err);
        out.println("ready\tKafka Streams " + org.apache.kafka.common.utils.AppInfoParser.getVersion());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            String answer = run(line.split("\t"));
            out.println(answer == null ? "unknown\tnot written for it" : answer);
        }
    }
}
