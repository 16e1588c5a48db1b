import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.WallclockTimestampExtractor;
import org.apache.kafka.streams.processor.api.*;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.*;

/**
 * The queries of bench/state for Kafka Streams.
 *
 * What is in its favour: the topic's key is the key of the query, and where it cannot be, processors look into stores of the same
 * partition, so that nothing is repartitioned; the record's time is the event time; results are updates out of a large cache in
 * place of one final row, and what there is in the end is read from the store by `look`, after the clock was stopped; of q5 the
 * counts are in a store and their greatest in the heap; commits are 30 s apart; nothing expires.
 *
 * on: the stream thread, but for build, look and finish. The latest row closes the others and is not part of the answer.
 */
final class Queries {
    private static final Duration WEEK = Duration.ofDays(7), GRACE = Duration.ofMillis(Columns.DISORDER_MS), WINDOW = Duration.ofMillis(Columns.WINDOW_MS);
    private static final byte[] THERE = {1};
    private static final Serde<long[]> LONGS = Serdes.serdeFrom((topic, numbers) -> {
        if (numbers == null) return null;
        ByteBuffer out = ByteBuffer.allocate(8 * numbers.length);
        for (long each : numbers) out.putLong(each);
        return out.array();
    }, (topic, bytes) -> {
        if (bytes == null) return null;
        long[] numbers = new long[bytes.length / 8];
        ByteBuffer.wrap(bytes).asLongBuffer().get(numbers);
        return numbers;
    });

    final AtomicLong read = new AtomicLong();
    final Answer answer = new Answer();
    private final Request request;
    private final StreamsBuilder builder;
    private final Map<Long, long[]> tops = new HashMap<>();
    private long latestMs;

    Queries(Request request, StreamsBuilder builder) {
        this.request = request;
        this.builder = builder;
    }

    /** False: it is not written for the query. */
    boolean build() {
        switch (request.id) {
            case "windows-few", "windows-many" -> windows("events", null, tumbling()).foreach((k, v) -> { });
            case "sessions" -> sessions("events", Columns.GAP_MS);
            case "duplicates" -> duplicates();
            case "join" -> join();
            case "q3" -> sales(person -> person.other == 1, auction -> auction.amount == Columns.CATEGORY, false);
            case "q5" -> windows("bids", null, tumbling().advanceBy(Duration.ofMillis(Columns.SLIDE_MS))).foreach(this::keepTop);
            case "q7" -> highestBids();
            case "q8" -> sales(person -> true, auction -> true, true);
            case "q11" -> sessions("bids", Columns.BIDDER_GAP_MS);
            case "q12" -> windows("bids", new WallclockTimestampExtractor(), tumbling()).foreach((k, v) -> { });
            default -> { return false; }
        }
        return true;
    }

    /** All rows have been read: what is in the store. */
    void look(KafkaStreams streams) {
        switch (request.id) {
            case "windows-few", "windows-many" -> lookAtWindows(streams);
            case "sessions" -> lookAtSessions(streams, Columns.GAP_MS);
            case "q7" -> lookAtBids(streams);
            case "q11" -> lookAtSessions(streams, Columns.BIDDER_GAP_MS);
            case "q12" -> lookAtCounts(streams);
            default -> { }
        }
    }

    /** It is closed: what it has sent as updates. */
    void finish() {
        tops.forEach((startMs, top) -> {
            if (startMs + Columns.WINDOW_MS <= latestMs) answer.add(Columns.mostBids(startMs, top[0], top[1]));
        });
        answer.addTotals();
    }

    // ------------------------------------------------------------------------------------------------------------- topologies

    private static long number(byte[] key) { return Long.parseLong(new String(key, StandardCharsets.ISO_8859_1)); }

    private static TimeWindows tumbling() { return TimeWindows.ofSizeAndGrace(WINDOW, GRACE); }

    /** Null: the record's time. */
    private KStream<byte[], Row> rows(String view, TimestampExtractor times) {
        Row.Kind kind = Row.Kind.of(view);
        return builder.stream(request.topics.get(view), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()).withTimestampExtractor(times)).mapValues(document -> {
            Row row = Row.parse(kind, document);
            latestMs = Math.max(latestMs, row.at);
            return row;
        });
    }

    private <V> KStream<byte[], V> counted(KStream<byte[], V> stream) { return stream.peek((k, v) -> read.incrementAndGet()); }

    private <T> KGroupedStream<byte[], T> byKey(KStream<byte[], T> stream) { return stream.groupByKey(Grouped.keySerde(Serdes.ByteArray())); }

    private KStream<Windowed<byte[]>, long[]> windows(String view, TimestampExtractor times, TimeWindows windows) {
        var store = request.isInMemory ? Stores.inMemoryWindowStore("state", WEEK, WINDOW, false)
            : Stores.persistentTimestampedWindowStore("state", WEEK, WINDOW, false);
        return byKey(counted(rows(view, times))).windowedBy(windows)
            .aggregate(() -> new long[2], (k, row, all) -> new long[] {all[0] + 1, all[1] + row.amount},
                Materialized.<byte[], long[]>as(store).withKeySerde(Serdes.ByteArray()).withValueSerde(LONGS).withCachingEnabled())
            .toStream();
    }

    private void keepTop(Windowed<byte[]> auction, long[] value) {
        long[] own = {value[0], number(auction.key())};
        tops.merge(auction.window().start(), own, (top, other) -> Columns.hasMore(other, top, 0) ? other : top);
    }

    private void sessions(String view, long gapMs) {
        var store = request.isInMemory ? Stores.inMemorySessionStore("state", WEEK) : Stores.persistentSessionStore("state", WEEK);
        byKey(counted(rows(view, null))).windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(gapMs), GRACE))
            .aggregate(() -> new long[2], (k, row, all) -> new long[] {all[0] + 1, all[1] + row.amount},
                (k, one, other) -> new long[] {one[0] + other[0], one[1] + other[1]},
                Materialized.<byte[], long[]>as(store).withKeySerde(Serdes.ByteArray()).withValueSerde(LONGS).withCachingEnabled())
            .toStream().foreach((k, v) -> { });
    }

    private <K, V> void addStore(String name, Serde<K> keys, Serde<V> values) {
        var store = request.isInMemory ? Stores.inMemoryKeyValueStore(name) : Stores.persistentKeyValueStore(name);
        builder.addStateStore(Stores.keyValueStoreBuilder(store, keys, values).withCachingEnabled());
    }

    /** What is done with each row and the store "state". */
    private <K, V> void onEach(KStream<byte[], Row> rows, BiConsumer<Record<byte[], Row>, KeyValueStore<K, V>> work) {
        rows.process(() -> new ContextualProcessor<byte[], Row, Void, Void>() {
            private KeyValueStore<K, V> store;
            @Override public void init(ProcessorContext<Void, Void> context) {
                super.init(context);
                store = context.getStateStore("state");
            }
            @Override public void process(Record<byte[], Row> row) { work.accept(row, store); }
        }, "state");
    }

    private void duplicates() {
        addStore("state", Serdes.ByteArray(), Serdes.ByteArray());
        this.<byte[], byte[]>onEach(rows("events", null), (row, seen) -> {
            if (seen.putIfAbsent(row.key(), THERE) == null) answer.add(row.value().key, row.value().amount);
            read.incrementAndGet();
        });
    }

    private void highestBids() {
        addStore("state", Serdes.Long(), LONGS);
        this.<Long, long[]>onEach(counted(rows("bids", null)), (row, store) -> {
            Row bid = row.value();
            long window = Columns.windowOf(bid.at);
            long[] highest = store.get(window);
            if (highest == null || Columns.isHigher(bid, highest)) store.put(window, new long[] {bid.amount, bid.other, bid.key});
        });
    }

    private void join() {
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, Duration.ofMillis(Columns.JOIN_DISORDER_MS))
            .after(Duration.ofMillis(Columns.PAIR_MS));
        var joined = StreamJoined.with(Serdes.ByteArray(), Serdes.Long(), Serdes.Long());
        if (request.isInMemory) {
            Duration keep = Duration.ofMillis(windows.size() + windows.gracePeriodMs()), size = Duration.ofMillis(windows.size());
            joined = joined.withThisStoreSupplier(Stores.inMemoryWindowStore("shown", keep, size, true))
                .withOtherStoreSupplier(Stores.inMemoryWindowStore("clicked", keep, size, true));
        }
        times("shown").join(times("clicked"), (shown, clicked) -> clicked - shown, windows, joined)
            .foreach((k, apart) -> answer.add(number(k), apart));
    }

    private KStream<byte[], Long> times(String view) { return counted(rows(view, null).mapValues(row -> row.at)); }

    /** People and what they sell, at any time or in the same window: what has come first waits for the other. */
    private abstract class Sale extends ContextualProcessor<byte[], Row, Void, Void> {
        KeyValueStore<long[], byte[]> people, auctions;
        @Override public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            people = context.getStateStore("people");
            auctions = context.getStateStore("auctions");
        }
    }

    private void sales(Predicate<Row> isSeller, Predicate<Row> isOffer, boolean isWindowed) {
        addStore("people", LONGS, Serdes.ByteArray());
        addStore("auctions", LONGS, Serdes.ByteArray());
        counted(rows("people", null)).process(() -> new Sale() {
            @Override public void process(Record<byte[], Row> record) {
                Row person = record.value();
                if (!isSeller.test(person)) return;
                long window = isWindowed ? Columns.windowOf(person.at) : 0;
                people.put(new long[] {person.key, window}, THERE);
                try (var offers = auctions.range(new long[] {person.key, window, 0}, new long[] {person.key, window, Long.MAX_VALUE})) {
                    offers.forEachRemaining(offer -> addSale(person.key, offer.key[2], window, isWindowed));
                }
            }
        }, "people", "auctions");
        counted(rows("auctions", null)).process(() -> new Sale() {
            @Override public void process(Record<byte[], Row> record) {
                Row auction = record.value();
                if (!isOffer.test(auction)) return;
                long window = isWindowed ? Columns.windowOf(auction.at) : 0;
                auctions.put(new long[] {auction.other, window, auction.key}, THERE);
                if (people.get(new long[] {auction.other, window}) != null) addSale(auction.other, auction.key, window, isWindowed);
            }
        }, "people", "auctions");
    }

    private void addSale(long person, long auction, long startMs, boolean isWindowed) {
        answer.add(isWindowed ? Columns.soldIn(person, auction, startMs) : Columns.sold(person, auction));
    }

    // --------------------------------------------------------------------------------------------------- what is in the store

    private <T> T store(KafkaStreams streams, QueryableStoreType<T> type) {
        return streams.store(StoreQueryParameters.fromNameAndType("state", type));
    }

    private void lookAtWindows(KafkaStreams streams) {
        long last = Columns.windowOf(latestMs);
        ReadOnlyWindowStore<byte[], long[]> store = store(streams, QueryableStoreTypes.windowStore());
        try (var all = store.all()) {
            all.forEachRemaining(each -> {
                long start = each.key.window().start();
                if (start != last) answer.add(Columns.window(number(each.key.key()), start, each.value[0], each.value[1]));
            });
        }
    }

    private void lookAtSessions(KafkaStreams streams, long gapMs) {
        ReadOnlySessionStore<byte[], long[]> store = store(streams, QueryableStoreTypes.sessionStore());
        try (var all = store.fetch(null, null)) {
            all.forEachRemaining(each -> {
                Window w = each.key.window();
                if (w.end() != latestMs)
                    answer.add(Columns.session(number(each.key.key()), w.start(), w.end() + gapMs, each.value[0], each.value[1]));
            });
        }
    }

    private void lookAtBids(KafkaStreams streams) {
        long last = Columns.windowOf(latestMs);
        ReadOnlyKeyValueStore<Long, long[]> store = store(streams, QueryableStoreTypes.keyValueStore());
        try (var all = store.all()) {
            all.forEachRemaining(each -> {
                if (each.key != last) answer.add(Columns.highestBid(each.key, each.value[0], each.value[1], each.value[2]));
            });
        }
    }

    /** The last row was read, and may not have reached the store yet: it counts here. */
    private void lookAtCounts(KafkaStreams streams) {
        ReadOnlyWindowStore<byte[], long[]> store = store(streams, QueryableStoreTypes.windowStore());
        Map<Long, Long> counts = new HashMap<>();
        long total;
        do {
            counts.clear();
            try (var all = store.all()) {
                all.forEachRemaining(each -> counts.merge(number(each.key.key()), each.value[0], Long::sum));
            }
            total = counts.values().stream().mapToLong(Long::longValue).sum();
        } while (total < request.rows);
        counts.forEach(answer::addPart);
    }
}
