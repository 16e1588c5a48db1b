import java.time.Duration;
import org.apache.flink.configuration.*;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A cluster within the process: one slot, nothing copied between operators. */
final class Local {
    static String env(String k, String d) { String v = System.getenv(k); return v == null || v.isEmpty() ? d : v; }

    static Configuration configuration() {
        Configuration c = new Configuration();
        c.set(PipelineOptions.OBJECT_REUSE, true);
        c.set(PipelineOptions.OPERATOR_CHAINING, true);
        c.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        c.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + env("CKPT", "/dev/shm/rivals-flink-" + ProcessHandle.current().pid()));
        c.set(TaskManagerOptions.NUM_TASK_SLOTS, 1);
        c.set(RestOptions.BIND_PORT, "0");
        c.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        c.set(RestOptions.ADDRESS, "127.0.0.1");
        c.set(JobManagerOptions.ADDRESS, "127.0.0.1");
        c.set(TaskManagerOptions.HOST, "127.0.0.1");
        c.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        return c;
    }

    /** Tuned for low latency: nothing is held back. */
    static StreamExecutionEnvironment environment() {
        Configuration c = configuration();
        c.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ZERO);
        c.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, c);
        env.setBufferTimeout(0);
        return env;
    }
    private Local() {}
}
