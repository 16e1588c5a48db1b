#!/usr/bin/env python3
"""DuckDB, one thread: a table in memory."""

import sys
import time

sys.dont_write_bytecode = True
import serve  # noqa: E402

EXPRESSIONS = {
    "i": "{}",
    "d": "cast(floor({} * 1000) as bigint)",
    "x": "cast(floor({}) as bigint)",
    "m": "epoch_us({}) - %d" % serve.BEGIN_US,
    "t": "strlen({})",
}
BIDS = ("{'auction': 'BIGINT', 'bidder': 'BIGINT', 'price': 'BIGINT', 'channel': 'VARCHAR', "
        "'url': 'VARCHAR', 'time': 'BIGINT', 'extra': 'VARCHAR'}")
PLAIN = "header = false, quote = '', escape = '', auto_detect = false, nullstr = '\\N'"


class DuckDb:
    def __init__(self):
        import duckdb
        self.connection = duckdb.connect(config={"threads": 1})
        self.version = "DuckDB " + duckdb.__version__

    def load(self, name, path, count):
        if name == "bids":
            rows = ("SELECT auction, bidder, price, channel, url, make_timestamp(time) AS dateTime, "
                    "extra FROM read_csv('%s', delim = '\t', columns = %s, %s)" % (path, BIDS, PLAIN))
        else:
            rows = ("SELECT value FROM read_csv('%s', delim = '\x01', columns = {'value': 'VARCHAR'}, "
                    "%s)" % (path, PLAIN))
        self.connection.execute("CREATE TABLE %s AS %s" % (name, rows))
        loaded, = self.connection.execute("SELECT count(*) FROM %s" % name).fetchone()
        if loaded != count:
            raise ValueError("%s: %d rows instead of %d" % (name, loaded, count))

    def run(self, columns, query):
        statement = serve.checksum(query, columns, EXPRESSIONS)
        begin_ns = time.process_time_ns()
        count, total = self.connection.execute(statement).fetchone()
        return count, total, time.process_time_ns() - begin_ns


serve.serve(DuckDb)
