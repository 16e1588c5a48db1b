"""What a compared engine answers to bench/sql/main.c: one line for each request, fields between tabs.

    at the start              ready VERSION | missing REASON
    rows NAME PATH COUNT      loaded           the rows of a kind, as lines; bids as columns
    run COLUMNS QUERY         answer COUNT SUM NANOSECONDS
    the end of the input      the process ends

NANOSECONDS is the CPU time that all rows once took in every thread of the engine; COUNT and SUM are those
of bench/sql/answer.h. What an engine prints besides goes to its log.
"""

import os
import sys

# Microseconds since 1970 of 2015-07-15, from which timestamps count in a checksum.
BEGIN_US = 1436918400000000
NULL = 5


def checksum(query, columns, expressions):
    """The statement that counts and sums what `query` gives; `expressions` has one format a letter, in
    which {} is the column."""
    names = ["k%d" % i for i in range(len(columns))]
    terms = [
        "%d * coalesce(%s, %d)" % (i + 1, expressions[letter].format(name), NULL)
        for i, (letter, name) in enumerate(zip(columns, names))
    ]
    return "SELECT count(*), sum(%s) FROM (%s) AS q(%s)" % (" + ".join(terms), query,
                                                            ", ".join(names))


def serve(engine):
    """`engine()` makes an object with version, load(name, path, count) and run(columns, query)."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        rival = engine()
    except Exception as reason:  # whatever keeps it from starting is told, and the bench goes on
        print("missing", " ".join(str(reason).split())[:200], sep="\t", file=out)
        return
    print("ready", rival.version, sep="\t", file=out)
    for line in sys.stdin:
        verb, *fields = line.rstrip("\n").split("\t")
        if verb == "rows":
            rival.load(fields[0], fields[1], int(fields[2]))
            print("loaded", file=out)
        else:
            count, total, ns = rival.run(*fields)
            print("answer", count, int(total or 0), int(ns), sep="\t", file=out)
