#!/usr/bin/env python3
"""Spark, local[1]: a directory of JSON lines or of text, filtered, into a directory, by one micro-batch (AvailableNow).

    run_spark.py text|json DIRECTORY OUT

The same once before, over the first file, so that what is measured is warm. Prints the CPU seconds of all threads of the JVM,
from the start of the query to its end, and the rows that passed.
"""

import os
import shutil
import sys
import time

PROCESS_CPU_CLOCK = 2  # with a process id, a clock of Linux: clock_getcpuclockid(3)


def run(session, kind, path, out):
    shutil.rmtree(out, ignore_errors=True)
    if kind == "text":
        rows = session.readStream.text(path).where("contains(value, 'hit10')")
    else:
        rows = session.readStream.schema("sym string, price double").json(path).where("price > 100 and sym = 'ABC'")
    query = (rows.writeStream.format("text" if kind == "text" else "json").option("path", out + "/data")
             .option("checkpointLocation", out + "/checkpoint").trigger(availableNow=True).start())
    query.awaitTermination()
    return session.read.text(out + "/data").count()


def main():
    kind, directory, out = sys.argv[1:4]
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession
    session = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
               .config("spark.driver.memory", "2g").config("spark.driver.extraJavaOptions", "-XX:+UseSerialGC")
               .config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR").getOrCreate())
    clock = ~session._jvm.java.lang.ProcessHandle.current().pid() << 3 | PROCESS_CPU_CLOCK
    names = sorted(os.listdir(directory))
    warm = out + "-warm"
    os.makedirs(warm, exist_ok=True)
    shutil.copy(os.path.join(directory, names[0]), warm)
    run(session, kind, warm, out)
    begin = time.clock_gettime(clock)
    rows = run(session, kind, directory, out)
    # The rows are counted by another query, behind the measured one; what that costs Spark is a hundredth.
    print("%.3f %d" % (time.clock_gettime(clock) - begin, rows))
    session.stop()
    shutil.rmtree(warm)


main()
