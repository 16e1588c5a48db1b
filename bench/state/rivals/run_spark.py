#!/usr/bin/env python3
"""Spark, local[1]: what bench/state/rival.h asks for. JARS is a directory with its Kafka connector, HEAP the JVM's options.

A run is one query, from its start to its end, by Trigger.AvailableNow, with a checkpoint; what comes out is
counted and summed by Dataset.observe on its way to the sink noop. CPU time is that of all threads of the JVM:
compilation and garbage collection are in it, and this Python, which only waits, is not. RocksDB writes
changelogs, which is cheaper.
"""

import glob
import os
import sys
import time

PROCESS_CPU_CLOCK = 2  # with a process id, a clock of Linux: clock_getcpuclockid(3)
STATE = "spark.sql.streaming.stateStore."
PROVIDERS = {
    "memory": "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",
    "rocksdb": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
}
CONF = {
    "spark.driver.memory": "8g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    STATE + "rocksdb.changelogCheckpointing.enabled": "true",
    "spark.log.level": "ERROR",
}
INPUT_FIELDS = 7


class Spark:
    def __init__(self):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        from pyspark.errors import AnalysisException
        from pyspark.sql import SparkSession
        self.refusal = AnalysisException
        jars = sorted(glob.glob(os.path.join(os.environ["JARS"], "*.jar")))
        if not jars:
            raise ValueError("no Kafka connector in " + os.environ["JARS"])
        builder = SparkSession.builder.master("local[1]").config("spark.jars", ",".join(jars))
        for key, value in CONF.items():
            builder = builder.config(key, value)
        # The most of it is an option of Spark's own.
        heap = [option for option in os.environ["HEAP"].split() if not option.startswith("-Xmx")]
        builder = builder.config("spark.driver.extraJavaOptions", " ".join(["-XX:+UseSerialGC", *heap]))
        self.session = builder.getOrCreate()
        self.version = "PySpark " + self.session.version
        pid = self.session._jvm.java.lang.ProcessHandle.current().pid()
        self.clock = ~pid << 3 | PROCESS_CPU_CLOCK

    def view(self, bootstrap, limit, fields):
        view, topic, schema, columns, watermark, delay, distinct = fields
        rows = self.session.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap)
        rows = rows.option("subscribe", topic).option("startingOffsets", "earliest")
        rows = rows.option("maxOffsetsPerTrigger", limit).load()
        rows = rows.selectExpr("from_json(cast(value AS string), '%s') AS j" % schema)
        # A select list is not cut at commas here: Spark's own parser reads it.
        rows.createOrReplaceTempView("parsed")
        rows = self.session.sql("SELECT %s FROM parsed" % columns)
        if watermark != "-":
            rows = rows.withWatermark(watermark, delay)
        if distinct != "-":
            rows = rows.dropDuplicates([distinct])
        rows.createOrReplaceTempView(view)

    def run(self, store, bootstrap, checkpoint, limit, sql, column_count, mode, inputs):
        self.session.conf.set(STATE + "providerClass", PROVIDERS[store])
        for fields in inputs:
            self.view(bootstrap, limit, fields)
        rows = self.session.sql(sql)
        total = " + ".join("%d * `%s`" % (i + 1, name) for i, name in enumerate(rows.columns))
        if len(rows.columns) != column_count:
            raise ValueError("%d columns" % len(rows.columns))
        from pyspark.sql.functions import expr
        rows = rows.observe("answer", expr("count(*)").alias("count"), expr("sum(%s)" % total).alias("sum"))
        begin_ns = time.clock_gettime_ns(self.clock)
        query = rows.writeStream.format("noop").outputMode(mode).option(
            "checkpointLocation", checkpoint).trigger(availableNow=True).start()
        query.awaitTermination()
        ns = time.clock_gettime_ns(self.clock) - begin_ns
        answers = [progress["observedMetrics"]["answer"] for progress in query.recentProgress]
        self.session._jvm.java.lang.System.gc()  # so that engines can share a machine
        return sum(each["count"] for each in answers), sum(each["sum"] or 0 for each in answers), ns


def main():
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        spark = Spark()
    except Exception as reason:  # whatever keeps it from starting is told, and the bench goes on
        print("missing", " ".join(str(reason).split())[:200], sep="\t", file=out)
        return
    print("ready", spark.version, sep="\t", file=out)
    for line in sys.stdin:
        fields = line.rstrip("\n").split("\t")
        _, _, store, bootstrap, checkpoint, _, limit, sql, column_count, mode = fields[:10]
        inputs = [fields[i:i + INPUT_FIELDS] for i in range(10, len(fields), INPUT_FIELDS)]
        try:
            answer = spark.run(store, bootstrap, checkpoint, limit, sql, int(column_count), mode, inputs)
            print("answer", *answer, sep="\t", file=out)
        except spark.refusal as reason:  # of the query as such; what fails in a run ends the bench
            print("unknown", " ".join(str(reason).split())[:200], sep="\t", file=out)
    spark.session.stop()


main()
