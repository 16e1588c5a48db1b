/*
 * What Spark makes of many expressions over rows, in one call: fuzz_spark has Spark's own compiler
 * (Janino) build this, so that an expression costs neither a job nor a conversation with Python.
 *
 * Expressions are analysed and optimised some at a time, as the items of one select list, and each
 * is then evaluated alone: by the code that Spark generates for it, as in a streaming query, which
 * is the answer; and by Catalyst's interpreter, whose answer is told where it is another. Where one
 * of them is refused, each half of them is asked again.
 *
 * It works in a thread of its own: an expression that takes longer than TIME_LIMIT_S is named,
 * stopped, and has the answer "time-out".
 */
import java.util.ArrayList;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.InterpretedMutableProjection;
import org.apache.spark.sql.catalyst.expressions.MutableProjection$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;

public class FuzzSpark {
    private static final String EXCLUDED_RULES = "spark.sql.optimizer.excludedRules";

    private static final String END = "\u001e";
    private static final int TIME_LIMIT_S = 60;

    /* The projections of an item, the first one first, compiled or interpreted. After a row that failed they are
     * made again, of copies: a map that was half made is still in the expressions, and would get the next row's
     * keys too. */
    private static class Steps {
        private final boolean isCompiled;
        private final ArrayList items = new ArrayList(), inputs = new ArrayList(), made = new ArrayList();

        Steps(boolean isCompiled) {
            this.isCompiled = isCompiled;
        }

        private Object make(int i) {
            Seq item = (Seq) ((Seq) items.get(i)).map(new AbstractFunction1() {
                public Object apply(Object expression) {
                    return ((Expression) expression).clone();
                }
            });
            Seq input = (Seq) inputs.get(i);
            return isCompiled ? (Object) MutableProjection$.MODULE$.create(item, input)
                              : new InterpretedMutableProjection(item, input);
        }

        void addFirst(Seq item, Seq input) {
            items.add(0, item);
            inputs.add(0, input);
            made.add(0, make(0));
        }

        InternalRow apply(InternalRow row) {
            for (int i = 0; i < made.size(); i++)
                row = (InternalRow) ((Function1) made.get(i)).apply(row);
            return row;
        }

        void makeAgain() {
            for (int i = 0; i < made.size(); i++)
                made.set(i, make(i));
        }
    }

    private final Dataset frame;
    private final InternalRow[] rows;
    private volatile String current; /* the expression that is being asked */
    private volatile int seconds; /* for so long */

    public FuzzSpark(Dataset frame) {
        this.frame = frame;
        Function1 objects = CatalystTypeConverters.createToCatalystConverter(frame.schema());
        Object[] collected = (Object[]) frame.collect();
        this.rows = new InternalRow[collected.length];
        for (int i = 0; i < rows.length; i++) // not bytes in a row: an index that Spark does not check is no crash then
            rows[i] = (InternalRow) objects.apply(collected[i]);
    }

    /* "expression F row F row ... R expression ...": for each row "answer ANSWER ... R", an answer being
     * "way F kind F type F result", where F, R and ANSWER are the characters 31, 30 and 29. The first is
     * Spark's; what follows is for a person. So many expressions at a time as `together` says. */
    public String ask(final String questions, final int together) {
        final StringBuilder out = new StringBuilder();
        Thread worker = new Thread() {
            public void run() {
                String[] records = questions.split("\u001e");
                String[][] parts = new String[records.length][];
                for (int i = 0; i < records.length; i++)
                    parts[i] = records[i].split("\u001f");
                for (int i = 0; i < parts.length; i += together)
                    ask(parts, i, Math.min(i + together, parts.length), out);
            }
        };
        begin("");
        worker.start();
        try {
            while (worker.isAlive()) {
                worker.join(1000); // counted, not looked up: the process may be stopped for a while
                if (worker.isAlive() && ++seconds > TIME_LIMIT_S) {
                    System.err.println("longer than " + TIME_LIMIT_S + " s: " + current);
                    seconds = 0;
                    worker.stop();
                }
            }
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
        return out.toString();
    }

    private void begin(String expression) {
        current = expression;
        seconds = 0;
    }

    private void ask(String[][] parts, int begin, int end, StringBuilder out) {
        DataType[] types = new DataType[end - begin];
        Steps[][] steps = new Steps[end - begin][];
        boolean isAnalysed = false;
        begin(parts[begin][0]);
        try {
            String[] items = new String[end - begin];
            for (int i = begin; i < end; i++)
                items[i - begin] = "(" + parts[i][0] + ") AS x" + i;
            Dataset made = (Dataset) frame.selectExpr(items);
            for (int i = begin; i < end; i++) {
                types[i - begin] = made.schema().fields()[i - begin].dataType();
                items[i - begin] = shown(types[i - begin], "x" + i);
            }
            isAnalysed = true;
            LogicalPlan plan = ((Dataset) made.selectExpr(items)).queryExecution().optimizedPlan();
            prepare(plan, parts, begin, steps);
        } catch (Throwable error) {
            if (end - begin > 1) {
                int middle = (begin + end) / 2;
                ask(parts, begin, middle, out);
                ask(parts, middle, end, out);
            } else if (!isAnalysed) {
                for (int i = 1; i < parts[begin].length; i++)
                    out.append(said("compiled", kindOf(error, "analysis-error"), "-", conditionOf(error))).append(END);
            } else {
                askUnfolded(parts[begin], types[0], error, out);
            }
            return;
        }
        for (int i = begin; i < end; i++) {
            begin(parts[i][0]);
            for (int j = 1; j < parts[i].length; j++)
                evaluate(steps[i - begin], types[i - begin].simpleString(), rows[Integer.parseInt(parts[i][j])], out);
        }
    }

    /* A constant part failed, and with it the query. As a second answer, what each row gives when constants are
     * evaluated for each row, and only where it needs them. */
    private void askUnfolded(String[] part, DataType type, Throwable error, StringBuilder out) {
        String rules = frame.sparkSession().conf().get(EXCLUDED_RULES);
        frame.sparkSession().conf().set(EXCLUDED_RULES, rules + ",org.apache.spark.sql.catalyst.optimizer.ConstantFolding");
        Steps[][] steps = new Steps[1][];
        try {
            Dataset made = (Dataset) frame.selectExpr(new String[] {"(" + part[0] + ") AS x"});
            String[] items = new String[] {shown(type, "x")};
            prepare(((Dataset) made.selectExpr(items)).queryExecution().optimizedPlan(), new String[][] {part}, 0, steps);
        } catch (Throwable again) {
            steps[0] = null;
        }
        frame.sparkSession().conf().set(EXCLUDED_RULES, rules);
        for (int i = 1; i < part.length; i++) {
            out.append(said("folded", kindOf(error, "runtime-error"), type.simpleString(), conditionOf(error)));
            if (steps[0] != null)
                out.append('\u001d').append(evaluated("unfolded", steps[0][0], type.simpleString(),
                                                      rows[Integer.parseInt(part[i])]));
            out.append(END);
        }
    }

    /* The one column as text, as tests/conformance renders it; an int stays one: Spark counts what is written in
     * size(map(...)) only where that is not within a larger constant. */
    private static String shown(DataType type, String name) {
        if (type instanceof IntegerType)
            return name;
        if (type instanceof BinaryType)
            return "hex(" + name + ") AS " + name;
        if (type instanceof ArrayType || type instanceof MapType || type instanceof StructType)
            return "to_json(" + name + ", map('ignoreNullFields', 'false')) AS " + name;
        return "CAST(" + name + " AS STRING) AS " + name;
    }

    /* What each item is computed by, compiled and interpreted: its part of a plan of one projection; all of several. */
    private void prepare(LogicalPlan plan, String[][] parts, int begin, Steps[][] steps) {
        Project project = (Project) plan;
        if (project.child() instanceof Project && steps.length > 1)
            throw new IllegalStateException("several projections");
        for (int i = 0; i < steps.length; i++) {
            steps[i] = new Steps[] {new Steps(true), new Steps(false)};
            begin(parts[begin + i][0]);
            for (LogicalPlan at = plan; at instanceof Project; at = ((Project) at).child()) {
                Project one = (Project) at;
                Seq items = one == plan ? (Seq) one.projectList().slice(i, i + 1) : one.projectList();
                steps[i][0].addFirst(items, one.child().output());
                steps[i][1].addFirst(items, one.child().output());
            }
        }
    }

    private static void evaluate(Steps[] steps, String type, InternalRow row, StringBuilder out) {
        String compiled = evaluated("compiled", steps[0], type, row), interpreted = evaluated("interpreted", steps[1], type, row);
        boolean isSame = compiled.substring(compiled.indexOf('\u001f')).equals(interpreted.substring(interpreted.indexOf('\u001f')));
        out.append(compiled).append(isSame ? "" : '\u001d' + interpreted).append(END);
    }

    private static String evaluated(String way, Steps steps, String type, InternalRow row) {
        try {
            row = steps.apply(row);
            if (row.isNullAt(0))
                return said(way, "null", type, "");
            return said(way, "value", type, type.equals("int") ? "" + row.getInt(0) : row.getUTF8String(0).toString());
        } catch (Throwable error) {
            steps.makeAgain();
            return said(way, kindOf(error, "runtime-error"), type, conditionOf(error));
        }
    }

    private static String said(String way, String kind, String type, String result) {
        for (char sign = '\u001c'; sign < ' '; sign++) // a character of the result is none of the answer
            result = result.replace(sign, '\u001b');
        return way + '\u001f' + kind + '\u001f' + type + '\u001f' + result;
    }

    private static String kindOf(Throwable error, String otherwise) {
        return error instanceof ThreadDeath ? "time-out" : error instanceof OutOfMemoryError ? "out-of-memory" : otherwise;
    }

    /* CONDITION SQLSTATE; the class of an exception of Java, which has none. */
    private static String conditionOf(Throwable error) {
        if (!(error instanceof SparkThrowable) || ((SparkThrowable) error).getCondition() == null)
            return error.getClass().getName();
        String state = ((SparkThrowable) error).getSqlState();
        return ((SparkThrowable) error).getCondition() + " " + (state == null ? "-" : state);
    }
}
