import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.config.*;
import com.hazelcast.jet.pipeline.*;
import java.nio.charset.StandardCharsets;

/** Hazelcast Jet: lines of the socket IN -> filter(has the word "keep") -> the socket OUT. Neither end can be replayed: no snapshots. */
public final class SocketRelay {
    public static void main(String[] a) {
        int in = Integer.parseInt(System.getenv("IN")), out = Integer.parseInt(System.getenv("OUT"));
        HazelcastInstance hz = Member.start();
        Pipeline p = Pipeline.create();
        p.readFrom(Sources.socket("127.0.0.1", in, StandardCharsets.US_ASCII)).withoutTimestamps().setLocalParallelism(1)
            .filter(line -> line.contains("keep")).setLocalParallelism(1)
            .writeTo(Sinks.<String>socket("127.0.0.1", out, line -> line, StandardCharsets.US_ASCII)).setLocalParallelism(1);
        hz.getJet().newJob(p, new JobConfig().setName("socket-relay").setProcessingGuarantee(ProcessingGuarantee.NONE)).join();
    }
    private SocketRelay() {}
}
