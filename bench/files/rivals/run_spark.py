#!/usr/bin/env python3
"""Spark, local[1]: a directory of JSON lines or of text, filtered, into a directory, by one micro-batch (AvailableNow).

What it answers to bench/files/spark.c: one line for each request, fields between tabs.

    at the start              ready VERSION | missing REASON
    text|json DIRECTORY OUT   answer NANOSECONDS ROWS
    the end of the input      the process ends

NANOSECONDS is the CPU time of all threads of the JVM, from the start of the query to its end; ROWS are those that passed. What
Spark prints besides goes to its log.
"""

import os
import shutil
import sys
import time

PROCESS_CPU_CLOCK = 2  # with a process id, a clock of Linux: clock_getcpuclockid(3)


def start_session():
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession
    return (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
            .config("spark.driver.memory", "2g").config("spark.driver.extraJavaOptions", "-XX:+UseSerialGC")
            .config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR").getOrCreate())


def run(session, clock, kind, path, out):
    shutil.rmtree(out, ignore_errors=True)
    if kind == "text":
        rows = session.readStream.text(path).where("contains(value, 'hit10')")
    else:
        rows = session.readStream.schema("sym string, price double").json(path).where("price > 100 and sym = 'ABC'")
    begin_ns = time.clock_gettime_ns(clock)
    query = (rows.writeStream.format("text" if kind == "text" else "json").option("path", out + "/data")
             .option("checkpointLocation", out + "/checkpoint").trigger(availableNow=True).start())
    query.awaitTermination()
    ns = time.clock_gettime_ns(clock) - begin_ns
    count = session.read.text(out + "/data").count()
    shutil.rmtree(out)
    return ns, count


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        session = start_session()
    except Exception as reason:  # whatever keeps it from starting is told, and the bench goes on
        print("missing", " ".join(str(reason).split())[:200], sep="\t", file=answers)
        return
    print("ready", session.version, sep="\t", file=answers)
    clock = ~session._jvm.java.lang.ProcessHandle.current().pid() << 3 | PROCESS_CPU_CLOCK
    for line in sys.stdin:
        ns, count = run(session, clock, *line.rstrip("\n").split("\t"))
        print("answer", ns, count, sep="\t", file=answers)
    session.stop()


main()
