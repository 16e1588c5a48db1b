#!/usr/bin/env python3
"""Spark, local[1]: a batch, or with the argument `stream` a stream.

    batch   a cached, uncompressed table of one partition. What is measured are the rows that the query
            hands on, one by one, as it would to a sink; they are only counted there, which is less
            than any sink does. Planning is left out.
    stream  Parquet files, uncompressed, by one micro-batch (AvailableNow) to the sink noop, with a
            checkpoint: from the start of the query to its end.

The rows are there COPIES times, so that what a run costs once does not weigh. CPU time is that of all
threads of the JVM: compilation and garbage collection are in it. The checksum is another run of the
same query, once.
"""

import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
import serve  # noqa: E402

COPIES = 10
PROCESS_CPU_CLOCK = 2  # with a process id, a clock of Linux: clock_getcpuclockid(3)
CONF = {
    "spark.driver.memory": "4g",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -Xms4g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.log.level": "ERROR",
}
EXPRESSIONS = {
    "i": "cast({} as bigint)",
    "d": "cast(floor({} * 1000) as bigint)",
    "x": "floor({})",
    "m": "unix_micros({}) - %d" % serve.BEGIN_US,
    "t": "octet_length({})",
}
BIDS = ("auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, time BIGINT, "
        "extra STRING")


class Spark:
    def __init__(self):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        from pyspark.sql import SparkSession
        builder = SparkSession.builder.master("local[1]")
        for key, value in CONF.items():
            builder = builder.config(key, value)
        self.session = builder.getOrCreate()
        self.version = "PySpark " + self.session.version
        pid = self.session._jvm.java.lang.ProcessHandle.current().pid()
        self.prepared = {}  # by query: the count and checksum of its rows, and how to run it
        self.clock = ~pid << 3 | PROCESS_CPU_CLOCK

    def read(self, name, path):
        if name != "bids":
            return self.session.read.text(path).coalesce(1)
        rows = self.session.read.csv(path, sep="\t", schema=BIDS, quote="", emptyValue="")
        return rows.selectExpr("auction", "bidder", "price", "channel", "url",
                               "timestamp_micros(time) as dateTime", "extra").coalesce(1)

    def load(self, name, path, count):
        rows = self.read(name, path)
        copies = rows
        for _ in range(COPIES - 1):
            copies = copies.union(rows)
        copies = self.keep(name, path, copies.coalesce(1))
        copies.createOrReplaceTempView(name)
        if copies.count() != COPIES * count:
            raise ValueError("%s: not %d rows" % (name, count))

    def cpu_ns(self):
        return time.clock_gettime_ns(self.clock)

    def check(self, columns, query):
        statement = serve.checksum(query, columns, EXPRESSIONS)
        count, total = (int(each or 0) for each in self.session.sql(statement).collect()[0])
        if count % COPIES != 0 or total % COPIES != 0:
            raise ValueError("copies of the rows differ")
        return count // COPIES, total // COPIES

    def run(self, columns, query):
        if query not in self.prepared:
            self.prepared[query] = *self.check(columns, query), self.prepare(query)
        count, total, prepared = self.prepared[query]
        begin_ns = self.cpu_ns()
        counted = self.perform(prepared)
        ns = self.cpu_ns() - begin_ns
        if counted != COPIES * count:
            raise ValueError("%d rows, and %d before" % (counted, COPIES * count))
        return count, total, ns / COPIES


class Batch(Spark):
    def keep(self, name, path, rows):
        return rows.cache()

    def prepare(self, query):
        return self.session.sql(query)._jdf.queryExecution().toRdd()

    def perform(self, rows):
        return rows.count()


class Stream(Spark):
    """Views of streams have the names of the rows with `stream_` before them."""

    def keep(self, name, path, rows):
        self.directory = os.path.dirname(path)
        files = path + ".parquet"
        rows.write.mode("overwrite").option("compression", "none").parquet(files)
        kept = self.session.read.parquet(files)
        stream = self.session.readStream.schema(kept.schema).parquet(files)
        stream.createOrReplaceTempView("stream_" + name)
        return kept

    def prepare(self, query):
        for name in ("orders", "visits", "bids"):
            query = query.replace("FROM " + name, "FROM stream_" + name)
        return self.session.sql(query)

    def perform(self, rows):
        checkpoint = os.path.join(self.directory, "checkpoint")
        shutil.rmtree(checkpoint, ignore_errors=True)
        query = rows.writeStream.format("noop").option("checkpointLocation", checkpoint).trigger(
            availableNow=True).start()
        query.awaitTermination()
        return sum(progress["sink"]["numOutputRows"] for progress in query.recentProgress)


serve.serve(Stream if sys.argv[1:] == ["stream"] else Batch)
