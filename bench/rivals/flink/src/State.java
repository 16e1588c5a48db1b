import java.time.Duration;
import org.apache.flink.configuration.*;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.minicluster.*;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the queries of bench/state on Flink: one cluster within the process, a job for each run, from the beginnings of the topics
 * to their ends. The CPU time is that of the process, from the making of the job to its end; the cluster has been started before.
 *
 * In its favour: checkpoints are ten seconds apart, incremental in RocksDB, and there is none at the end.
 */
public final class State {
    private static final String ROCKSDB_MEMORY = "512m";
    private static final long CHECKPOINT_MS = 10000;

    private static Configuration settings(Request request) {
        Configuration c = Local.configuration();
        c.set(StateBackendOptions.STATE_BACKEND, request.isInMemory ? "hashmap" : "rocksdb");
        c.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, !request.isInMemory);
        c.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + request.directory);
        c.set(CheckpointingOptions.ENABLE_CHECKPOINTS_AFTER_TASKS_FINISH, false);
        c.set(RocksDBOptions.LOCAL_DIRECTORIES, request.directory);
        return c;
    }

    private static MiniCluster start() throws Exception {
        Configuration c = Local.configuration();
        c.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.parse(ROCKSDB_MEMORY));
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(c)
            .setNumTaskManagers(1).setNumSlotsPerTaskManager(1).build());
        cluster.start();
        return cluster;
    }

    private static Answer run(MiniCluster cluster, Request request) throws Exception {
        Answer answer = new Answer();
        long beginNs = Answer.cpuNs();
        StreamExecutionEnvironment env = new StreamExecutionEnvironment(settings(request));
        env.setParallelism(1);
        env.enableCheckpointing(CHECKPOINT_MS, CheckpointingMode.EXACTLY_ONCE);
        if (!new Queries(request, env).build(answer)) return null;
        cluster.executeJobBlocking(env.getStreamGraph().getJobGraph());
        answer.cpuNs = Answer.cpuNs() - beginNs;
        answer.addTotals();
        return answer;
    }

    public static void main(String[] a) throws Exception {
        MiniCluster cluster = start();
        Request.serve("Flink " + EnvironmentInformation.getVersion(), request -> run(cluster, request));
    }

    private State() {}
}
