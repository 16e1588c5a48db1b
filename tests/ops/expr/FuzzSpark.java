/*
 * What Spark makes of many expressions over rows, in one call: fuzz_spark has Spark's own compiler
 * (Janino) build this, so that an expression costs neither a job nor a conversation with Python.
 *
 * Expressions are analysed and optimised some at a time, as the items of one select list, and each
 * is then evaluated alone by Catalyst's interpreter. Where one of them is refused, each half of
 * them is asked again.
 */
import java.util.ArrayList;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.InterpretedMutableProjection;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.immutable.Seq;

public class FuzzSpark {
    private static final String EXCLUDED_RULES = "spark.sql.optimizer.excludedRules";

    private final Dataset frame;
    private final InternalRow[] rows;

    public FuzzSpark(Dataset frame) {
        this.frame = frame;
        Function1 objects = CatalystTypeConverters.createToCatalystConverter(frame.schema());
        Object[] collected = (Object[]) frame.collect();
        this.rows = new InternalRow[collected.length];
        for (int i = 0; i < rows.length; i++) // not bytes in a row: an index that Spark does not check is no crash then
            rows[i] = (InternalRow) objects.apply(collected[i]);
    }

    /* "expression F row F row ... R expression ...": for each row "kind F type F result R", or two such
     * answers with an F between them (askUnfolded), where F and R are the characters 31 and 30. So many expressions at a time as `together` says. */
    public String ask(String questions, int together) {
        String[] records = questions.split("\u001e");
        String[][] parts = new String[records.length][];
        for (int i = 0; i < records.length; i++)
            parts[i] = records[i].split("\u001f");
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < parts.length; i += together)
            ask(parts, i, Math.min(i + together, parts.length), out);
        return out.toString();
    }

    private void ask(String[][] parts, int begin, int end, StringBuilder out) {
        DataType[] types = new DataType[end - begin];
        InterpretedMutableProjection[][] steps = new InterpretedMutableProjection[end - begin][];
        boolean isAnalysed = false;
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
            prepare(plan, steps);
        } catch (Throwable error) {
            if (end - begin > 1) {
                int middle = (begin + end) / 2;
                ask(parts, begin, middle, out);
                ask(parts, middle, end, out);
            } else if (!isAnalysed) {
                for (int i = 1; i < parts[begin].length; i++)
                    say(out, "analysis-error", "-", conditionOf(error), "\u001e");
            } else {
                askUnfolded(parts[begin], types[0], conditionOf(error), out);
            }
            return;
        }
        for (int i = begin; i < end; i++)
            for (int j = 1; j < parts[i].length; j++)
                evaluate(steps[i - begin], types[i - begin].simpleString(), rows[Integer.parseInt(parts[i][j])], out);
    }

    /* A constant part failed, and with it the query. As a second answer, what each row gives when constants are
     * evaluated for each row, and only where it needs them. */
    private void askUnfolded(String[] part, DataType type, String condition, StringBuilder out) {
        String rules = frame.sparkSession().conf().get(EXCLUDED_RULES);
        frame.sparkSession().conf().set(EXCLUDED_RULES, rules + ",org.apache.spark.sql.catalyst.optimizer.ConstantFolding");
        InterpretedMutableProjection[][] steps = new InterpretedMutableProjection[1][];
        try {
            Dataset made = (Dataset) frame.selectExpr(new String[] {"(" + part[0] + ") AS x"});
            prepare(((Dataset) made.selectExpr(new String[] {shown(type, "x")})).queryExecution().optimizedPlan(), steps);
        } catch (Throwable error) {
            steps[0] = null;
        }
        frame.sparkSession().conf().set(EXCLUDED_RULES, rules);
        for (int i = 1; i < part.length; i++) {
            say(out, "runtime-error", type.simpleString(), condition, steps[0] == null ? "\u001e" : "\u001f");
            if (steps[0] != null)
                evaluate(steps[0], type.simpleString(), rows[Integer.parseInt(part[i])], out);
        }
    }

    /* The one column as text, as tests/conformance renders it. */
    private static String shown(DataType type, String name) {
        if (type instanceof BinaryType)
            return "hex(" + name + ") AS " + name;
        if (type instanceof ArrayType || type instanceof MapType || type instanceof StructType)
            return "to_json(" + name + ", map('ignoreNullFields', 'false')) AS " + name;
        return "CAST(" + name + " AS STRING) AS " + name;
    }

    /* What each item is computed by: its part of a plan of one projection; all of several projections. */
    private static void prepare(LogicalPlan plan, InterpretedMutableProjection[][] steps) {
        Project project = (Project) plan;
        if (!(project.child() instanceof Project)) {
            for (int i = 0; i < steps.length; i++)
                steps[i] = new InterpretedMutableProjection[] {projection(project, i, i + 1)};
            return;
        }
        if (steps.length > 1)
            throw new IllegalStateException("several projections");
        ArrayList chain = new ArrayList();
        for (; plan instanceof Project; plan = ((Project) plan).child())
            chain.add(0, projection((Project) plan, 0, ((Project) plan).projectList().size()));
        steps[0] = (InterpretedMutableProjection[]) chain.toArray(new InterpretedMutableProjection[0]);
    }

    private static InterpretedMutableProjection projection(Project project, int begin, int end) {
        return new InterpretedMutableProjection((Seq) project.projectList().slice(begin, end), project.child().output());
    }

    private static void evaluate(InterpretedMutableProjection[] steps, String type, InternalRow row, StringBuilder out) {
        try {
            for (int i = 0; i < steps.length; i++)
                row = (InternalRow) steps[i].apply(row);
            if (row.isNullAt(0))
                say(out, "null", type, "", "\u001e");
            else
                say(out, "value", type, row.getUTF8String(0).toString(), "\u001e");
        } catch (Throwable error) {
            say(out, "runtime-error", type, conditionOf(error), "\u001e");
        }
    }

    private static void say(StringBuilder out, String kind, String type, String result, String end) {
        out.append(kind).append('\u001f').append(type).append('\u001f').append(result).append(end);
    }

    /* CONDITION SQLSTATE; nothing where Spark gives none. */
    private static String conditionOf(Throwable error) {
        if (!(error instanceof SparkThrowable) || ((SparkThrowable) error).getCondition() == null)
            return "";
        String state = ((SparkThrowable) error).getSqlState();
        return ((SparkThrowable) error).getCondition() + " " + (state == null ? "-" : state);
    }
}
