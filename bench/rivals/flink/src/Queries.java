import java.io.Serializable;
import java.time.Duration;
import java.util.UUID;
import org.apache.flink.api.common.eventtime.*;
import org.apache.flink.api.common.functions.*;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.state.*;
import org.apache.flink.api.common.typeinfo.*;
import org.apache.flink.api.connector.sink2.*;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.*;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.*;
import org.apache.flink.streaming.api.functions.co.*;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.*;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * The queries of bench/state for Flink.
 *
 * What is in its favour: one slot has all keys, so that streams count as keyed without an exchange, and a query of one topic is
 * one chained task; q12 has its windows by the time at which a row is read, as event time, so that the end of the topic closes them.
 *
 * The functions are serialised with the job and run in this process: what they share with it is static. The latest row is an hour
 * ahead of the others: a window that it lies in is not part of the answer.
 */
final class Queries {
    private static final TypeInformation<long[]> LONGS = PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO;
    private static final Duration WINDOW = Duration.ofMillis(Columns.WINDOW_MS), SLIDE = Duration.ofMillis(Columns.SLIDE_MS);
    private static long latestMs; // on: the task that reads the only topic of a query with windows
    private static Answer answer; // on: main, and the sink while a job runs

    private final Request request;
    private final StreamExecutionEnvironment env;

    Queries(Request request, StreamExecutionEnvironment env) {
        this.request = request;
        this.env = env;
    }

    /** False: it is not written for the query. */
    boolean build(Answer into) {
        answer = into;
        latestMs = 0;
        DataStream<long[]> rows = switch (request.id) {
            case "windows-few", "windows-many" -> windows(events("events"), row -> row.key, TumblingEventTimeWindows.of(WINDOW), new Sums(),
                new Closed((key, window, sums) -> Columns.window(key, window.getStart(), sums[0], sums[1])));
            case "sessions" -> sessions(events("events"), row -> row.key, Columns.GAP_MS);
            case "duplicates" -> keyed(rows("events", WatermarkStrategy.noWatermarks()), row -> row.key).process(new First());
            case "join" -> join();
            case "q3" -> keyed(events("people").filter(person -> person.other == 1), person -> person.key)
                .connect(keyed(events("auctions").filter(auction -> auction.amount == Columns.CATEGORY), auction -> auction.other)).process(new Sold());
            case "q5" -> mostBids();
            case "q7" -> windows(events("bids"), bid -> 0L, TumblingEventTimeWindows.of(WINDOW), new Highest(),
                new Closed((key, window, bid) -> Columns.highestBid(window.getStart(), bid[0], bid[1], bid[2])));
            case "q8" -> events("people").join(events("auctions")).where(person -> person.key, Types.LONG).equalTo(auction -> auction.other, Types.LONG)
                .window(TumblingEventTimeWindows.of(WINDOW))
                .apply((JoinFunction<Row, Row, long[]>) (person, auction) -> Columns.soldIn(person.key, auction.key, Columns.windowOf(person.at)), LONGS);
            case "q11" -> sessions(events("bids"), bid -> bid.other, Columns.BIDDER_GAP_MS);
            case "q12" -> windows(rows("bids", byArrival()), bid -> bid.other, TumblingEventTimeWindows.of(WINDOW), new Sums(),
                new Closed((key, window, sums) -> new long[] {key, sums[0]}));
            default -> null;
        };
        if (rows == null) return false;
        rows.sinkTo(request.id.equals("q12") ? new Adder((into1, row) -> into1.addPart(row[0], row[1])) : new Adder(Answer::add));
        return true;
    }

    // ------------------------------------------------------------------------------------------------------------------- rows

    static final class Documents extends AbstractDeserializationSchema<Row> {
        private final Row.Kind kind;
        Documents(Row.Kind kind) { this.kind = kind; }
        @Override public Row deserialize(byte[] document) {
            Row row = Row.parse(kind, document);
            latestMs = Math.max(latestMs, row.at);
            return row;
        }
    }

    private DataStream<Row> rows(String view, WatermarkStrategy<Row> times) {
        KafkaSource<Row> source = KafkaSource.<Row>builder().setBootstrapServers(request.bootstrap).setTopics(request.topics.get(view))
            .setGroupId("bench-" + UUID.randomUUID()).setStartingOffsets(OffsetsInitializer.earliest()).setBounded(OffsetsInitializer.latest())
            .setValueOnlyDeserializer(new Documents(Row.Kind.of(view)))
            .setProperty("max.poll.records", "10000").setProperty("partition.discovery.interval.ms", "-1").build();
        return env.fromSource(source, times, view);
    }

    private static WatermarkStrategy<Row> late(long disorderMs) {
        return WatermarkStrategy.<Row>forBoundedOutOfOrderness(Duration.ofMillis(disorderMs)).withTimestampAssigner((row, timestamp) -> row.at);
    }

    private static WatermarkStrategy<Row> byArrival() {
        return WatermarkStrategy.<Row>forMonotonousTimestamps().withTimestampAssigner((row, timestamp) -> System.currentTimeMillis());
    }

    private DataStream<Row> events(String view) { return rows(view, late(Columns.DISORDER_MS)); }

    private static <T> KeyedStream<T, Long> keyed(DataStream<T> rows, KeySelector<T, Long> key) {
        return DataStreamUtils.reinterpretAsKeyedStream(rows, key, Types.LONG);
    }

    // ---------------------------------------------------------------------------------------------------------------- windows

    private static <T> DataStream<long[]> windows(DataStream<T> rows, KeySelector<T, Long> key, WindowAssigner<Object, TimeWindow> windows,
                                                  AggregateFunction<T, long[], long[]> values, Closed closed) {
        return keyed(rows, key).window(windows).aggregate(values, closed, LONGS, LONGS, LONGS);
    }

    private static DataStream<long[]> sessions(DataStream<Row> rows, KeySelector<Row, Long> key, long gapMs) {
        return windows(rows, key, EventTimeSessionWindows.withGap(Duration.ofMillis(gapMs)), new Sums(),
            new Closed((of, window, sums) -> Columns.session(of, window.getStart(), window.getEnd(), sums[0], sums[1])));
    }

    private DataStream<long[]> mostBids() {
        DataStream<long[]> counts = windows(events("bids"), bid -> bid.key, SlidingEventTimeWindows.of(WINDOW, SLIDE), new Sums(),
            new Closed((auction, window, sums) -> new long[] {sums[0], auction}));
        // A result has the time at which its window ends, and one window of SLIDE has all that end then.
        return windows(counts, count -> 0L, TumblingEventTimeWindows.of(SLIDE), new Most(),
            new Closed((key, window, most) -> Columns.mostBids(window.getEnd() - Columns.WINDOW_MS, most[0], most[1])));
    }

    /** What a closed window gives. */
    interface Result extends Serializable { long[] of(long key, TimeWindow window, long[] value); }

    static final class Closed extends ProcessWindowFunction<long[], long[], Long, TimeWindow> {
        private final Result result;
        Closed(Result result) { this.result = result; }
        @Override public void process(Long key, Context context, Iterable<long[]> values, Collector<long[]> out) {
            TimeWindow window = context.window();
            boolean hasLatest = window.getStart() <= latestMs && latestMs < window.getEnd();
            if (!hasLatest) out.collect(result.of(key, window, values.iterator().next()));
        }
    }

    /** {count, sum}. */
    static final class Sums implements AggregateFunction<Row, long[], long[]> {
        @Override public long[] createAccumulator() { return new long[2]; }
        @Override public long[] add(Row row, long[] sums) { sums[0]++; sums[1] += row.amount; return sums; }
        @Override public long[] getResult(long[] sums) { return sums; }
        @Override public long[] merge(long[] a, long[] b) { a[0] += b[0]; a[1] += b[1]; return a; }
    }

    /** {price, bidder, auction}. */
    static final class Highest implements AggregateFunction<Row, long[], long[]> {
        @Override public long[] createAccumulator() { return new long[] {-1, -1, -1}; }
        @Override public long[] add(Row bid, long[] highest) { return Columns.isHigher(bid, highest) ? new long[] {bid.amount, bid.other, bid.key} : highest; }
        @Override public long[] getResult(long[] highest) { return highest; }
        @Override public long[] merge(long[] a, long[] b) { throw new IllegalStateException("windows of a fixed size"); }
    }

    /** {count, auction}. */
    static final class Most implements AggregateFunction<long[], long[], long[]> {
        @Override public long[] createAccumulator() { return new long[2]; }
        @Override public long[] add(long[] count, long[] most) { return Columns.hasMore(count, most, 0) ? count : most; }
        @Override public long[] getResult(long[] most) { return most; }
        @Override public long[] merge(long[] a, long[] b) { throw new IllegalStateException("windows of a fixed size"); }
    }

    // ---------------------------------------------------------------------------------------------------------- first and pairs

    static final class First extends KeyedProcessFunction<Long, Row, long[]> {
        private transient ValueState<Boolean> seen;
        @Override public void open(OpenContext context) { seen = getRuntimeContext().getState(new ValueStateDescriptor<>("seen", Types.BOOLEAN)); }
        @Override public void processElement(Row row, Context context, Collector<long[]> out) throws Exception {
            if (seen.value() != null) return;
            seen.update(true);
            out.collect(new long[] {row.key, row.amount});
        }
    }

    private DataStream<long[]> join() {
        WatermarkStrategy<Row> times = late(Columns.JOIN_DISORDER_MS);
        return keyed(rows("shown", times), row -> row.key).intervalJoin(keyed(rows("clicked", times), row -> row.key))
            .between(Duration.ZERO, Duration.ofMillis(Columns.PAIR_MS)).process(new Apart(), LONGS);
    }

    static final class Apart extends ProcessJoinFunction<Row, Row, long[]> {
        @Override public void processElement(Row shown, Row clicked, Context context, Collector<long[]> out) {
            out.collect(new long[] {shown.key, clicked.at - shown.at});
        }
    }

    /** People and what they sell, whichever comes first. */
    static final class Sold extends KeyedCoProcessFunction<Long, Row, Row, long[]> {
        private transient ValueState<Boolean> person;
        private transient ListState<Long> auctions;
        @Override public void open(OpenContext context) {
            person = getRuntimeContext().getState(new ValueStateDescriptor<>("person", Types.BOOLEAN));
            auctions = getRuntimeContext().getListState(new ListStateDescriptor<>("auctions", Types.LONG));
        }
        @Override public void processElement1(Row row, Context context, Collector<long[]> out) throws Exception {
            person.update(true);
            for (long auction : auctions.get()) out.collect(Columns.sold(row.key, auction));
        }
        @Override public void processElement2(Row row, Context context, Collector<long[]> out) throws Exception {
            auctions.add(row.key);
            if (person.value() != null) out.collect(Columns.sold(row.other, row.key));
        }
    }

    // ----------------------------------------------------------------------------------------------------------------- the end

    interface Add extends Serializable { void to(Answer into, long[] row); }

    static final class Adder implements Sink<long[]> {
        private final Add add;
        Adder(Add add) { this.add = add; }
        @Override public SinkWriter<long[]> createWriter(WriterInitContext context) {
            Answer into = answer;
            return new SinkWriter<>() {
                @Override public void write(long[] row, Context context) { add.to(into, row); }
                @Override public void flush(boolean isEnd) {}
                @Override public void close() {}
            };
        }
    }
}
