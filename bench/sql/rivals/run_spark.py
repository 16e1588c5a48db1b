#!/usr/bin/env python3
"""Spark, local[1]: whole-stage code over a cached, uncompressed table of one partition.

The rows stand in the table COPIES times, so that what a query costs once (tasks, planning that is not
left out) does not weigh. CPU time is the JVM's own count of all its threads: compilation and garbage
collection are in it.
"""

import os
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
        self.checked = {}  # by query: its rows, their count and checksum
        self.clock = ~pid << 3 | PROCESS_CPU_CLOCK

    def load(self, name, path, count):
        if name == "bids":
            rows = self.session.read.csv(path, sep="\t", schema=BIDS, quote="", emptyValue="")
            rows = rows.selectExpr("auction", "bidder", "price", "channel", "url",
                                   "timestamp_micros(time) as dateTime", "extra")
        else:
            rows = self.session.read.text(path)
        rows = rows.coalesce(1)
        copies = rows
        for _ in range(COPIES - 1):
            copies = copies.union(rows)
        copies = copies.coalesce(1).cache()
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
        rows = self.session.sql(query)._jdf.queryExecution().toRdd()
        return rows, count // COPIES, total // COPIES

    def run(self, columns, query):
        if query not in self.checked:
            self.checked[query] = self.check(columns, query)
        rows, count, total = self.checked[query]
        begin_ns = self.cpu_ns()
        counted = rows.count()
        ns = self.cpu_ns() - begin_ns
        if counted != COPIES * count:
            raise ValueError("%d rows, and %d before" % (counted, COPIES * count))
        return count, total, ns / COPIES


serve.serve(Spark)
