import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Flink: lines of the socket IN -> filter(has the word "keep") -> the socket OUT, one chained task. Neither end can be replayed: no checkpoints. */
public final class SocketRelay {
    static final class Keeps implements FilterFunction<String> {
        @Override public boolean filter(String line) { return line.contains("keep"); }
    }
    static final class Line implements SerializationSchema<String> {
        @Override public byte[] serialize(String line) { return (line + "\n").getBytes(StandardCharsets.US_ASCII); }
    }

    public static void main(String[] a) throws Exception {
        int in = Integer.parseInt(System.getenv("IN")), out = Integer.parseInt(System.getenv("OUT"));
        StreamExecutionEnvironment env = Local.environment();
        env.socketTextStream("127.0.0.1", in, "\n").filter(new Keeps()).writeToSocket("127.0.0.1", out, new Line());
        env.execute("socket-relay");
    }
    private SocketRelay() {}
}
