"""Reads a table to its end with ADBC or connectorx, and prints what it took as JSON.

    python benches/readers.py adbc|connectorx-stream|connectorx URL

The password is taken from the variable ENLIST_BENCH_PASSWORD. Imports are not part of the time; connecting is.
"""

import json
import os
import re
import sys
import time
from urllib.parse import urlsplit

QUERY = "SELECT * FROM people"


def main(reader, url):
    password = os.environ.get("ENLIST_BENCH_PASSWORD", "")
    url = re.sub(r"@", f":{password}@", url, count=1) if password else url
    read = {"adbc": adbc, "connectorx-stream": connectorx_stream, "connectorx": connectorx}[reader]
    started, rows, schema = read(url)
    seconds = time.perf_counter() - started
    types = ", ".join(str(field.type) for field in schema)
    print(json.dumps({"rows": rows, "seconds": seconds, "megabytes": peak_megabytes(), "types": types}))


def adbc(url):
    if url.startswith("sqlite:"):
        import adbc_driver_sqlite.dbapi as driver

        url = "file:" + urlsplit(url).path
    else:
        import adbc_driver_postgresql.dbapi as driver
    started = time.perf_counter()
    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY)
        return (started, *count(cursor.fetch_record_batch()))


def connectorx_stream(url):
    import connectorx

    started = time.perf_counter()
    return (started, *count(connectorx.read_sql(url, QUERY, return_type="arrow_stream", batch_size=10_000)))


def connectorx(url):
    import connectorx

    started = time.perf_counter()
    table = connectorx.read_sql(url, QUERY, return_type="arrow")
    return started, table.num_rows, table.schema


def count(batches):
    return sum(batch.num_rows for batch in batches), batches.schema


def peak_megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


main(*sys.argv[1:])
