import java.io.*;
import java.util.*;

/** A request of bench/state/rival.h, and the loop in which an engine answers one after the other. */
final class Request {
    interface Engine {
        /** Null: it does not know the query. */
        Answer run(Request request) throws Exception;
    }

    private static final int FIRST_INPUT = 10, INPUT_FIELDS = 7;

    final String id, bootstrap, directory;
    final boolean isInMemory;
    final long rows;
    final Map<String, String> topics = new LinkedHashMap<>();

    private Request(String[] fields) {
        id = fields[1];
        isInMemory = fields[2].equals("memory");
        bootstrap = fields[3];
        directory = fields[4];
        rows = Long.parseLong(fields[5]);
        for (int i = FIRST_INPUT; i < fields.length; i += INPUT_FIELDS) topics.put(fields[i], fields[i + 1]);
    }

    /** Until there are no more. Between two runs the heap is cleaned, so that engines can share a machine. */
    static void serve(String version, Engine engine) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
        System.setOut(System.err);
        out.println("ready\t" + version);
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
            for (String line; (line = in.readLine()) != null; System.gc()) {
                Answer answer = engine.run(new Request(line.split("\t")));
                out.println(answer == null ? "unknown\tnot written for it" : "answer\t" + answer.count + "\t" + answer.sum + "\t" + answer.cpuNs);
            }
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(1); // whatever else runs in here
        }
        System.exit(0);
    }
}
