import com.hazelcast.config.*;
import com.hazelcast.core.*;
import java.util.*;

/** A cluster of one, tuned for low latency: one thread for cooperative work, and short sleeps. */
final class Member {
    static String env(String k, String d) { String v = System.getenv(k); return v == null || v.isEmpty() ? d : v; }

    static HazelcastInstance start() {
        Config c = new Config().setClusterName("rival-" + UUID.randomUUID());
        c.setProperty("hazelcast.phone.home.enabled", "false");
        c.setProperty("hazelcast.socket.bind.any", "false");
        c.setProperty("hazelcast.operation.thread.count", "2");
        c.setProperty("hazelcast.operation.generic.thread.count", "2");
        c.setProperty("hazelcast.partition.count", "11");
        // How long idle workers sleep (defaults: cooperative 25..500 us, non-cooperative 25..5000 us).
        c.setProperty("hazelcast.jet.idle.cooperative.min.microseconds", "25");
        c.setProperty("hazelcast.jet.idle.cooperative.max.microseconds", env("IDLE_COOP_US", "50"));
        c.setProperty("hazelcast.jet.idle.noncooperative.min.microseconds", "25");
        c.setProperty("hazelcast.jet.idle.noncooperative.max.microseconds", env("IDLE_NONCOOP_US", "50"));
        NetworkConfig n = c.getNetworkConfig().setPort(Integer.parseInt(env("HZ_PORT", "5701"))).setPortAutoIncrement(true);
        n.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        n.getJoin().getAutoDetectionConfig().setEnabled(false);
        n.getJoin().getMulticastConfig().setEnabled(false);
        n.getJoin().getTcpIpConfig().setEnabled(false);
        c.getMetricsConfig().setEnabled(false);
        c.getJetConfig().setEnabled(true).setCooperativeThreadCount(1).setBackupCount(0);
        return Hazelcast.newHazelcastInstance(c);
    }
    private Member() {}
}
