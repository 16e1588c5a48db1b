import java.lang.management.ManagementFactory;
import java.util.*;

/** What came out of a run, as the two numbers of bench/sql/answer.h, and what it cost. */
final class Answer {
    long count, sum, cpuNs;
    private final Map<Long, Long> totals = new HashMap<>();

    void add(long... columns) {
        count++;
        for (int i = 0; i < columns.length; i++) sum += (i + 1) * columns[i];
    }

    /** A part of what is counted for a key; addTotals makes one row of all parts. */
    void addPart(long key, long n) { totals.merge(key, n, Long::sum); }

    void addTotals() { totals.forEach(this::add); }

    /** Of all threads of this process. */
    static long cpuNs() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
