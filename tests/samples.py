"""Writes the people of the demo in every format that docs and README show: tests/samples.py PEOPLE.parquet FOLDER"""

import gzip
import json
import pathlib
import sqlite3
import sys

import deltalake
import fastavro
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

people = pyarrow.parquet.read_table(sys.argv[1])
folder = pathlib.Path(sys.argv[2])
plain = people.drop_columns(["interests", "birthday", "last_order"])
rows = plain.to_pylist()

pyarrow.csv.write_csv(plain, folder / "people.csv")
with gzip.open(folder / "people.jsonl.gz", "wt") as out:
    out.writelines(json.dumps(row) + "\n" for row in rows)
with pa.ipc.new_file(folder / "people.arrow", people.schema) as out:
    out.write_table(people)
with pa.ipc.new_stream(folder / "people.arrows", people.schema) as out:
    out.write_table(people)
with open(folder / "people.avro", "wb") as out:
    text = [{"name": name, "type": ["null", "string"]} for name in plain.column_names if name != "score"]
    schema = {"type": "record", "name": "Person", "fields": [*text, {"name": "score", "type": ["null", "int"]}]}
    fastavro.writer(out, fastavro.parse_schema(schema), rows, codec="deflate")

deltalake.write_deltalake(str(folder / "lake/customers"), plain.slice(0, 4000))
deltalake.write_deltalake(str(folder / "lake/customers"), plain.slice(4000), mode="append")


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


columns = ", ".join(f"{name} {'int' if name == 'score' else 'varchar(255)'}" for name in plain.column_names)
statements = [f"CREATE TABLE customers ({columns})"]
for start in range(0, len(rows), 1000):
    values = ", ".join(f"({', '.join(map(literal, row.values()))})" for row in rows[start : start + 1000])
    statements.append(f"INSERT INTO customers VALUES {values}")
(folder / "customers.sql").write_text(";\n".join(statements) + ";\n")
with sqlite3.connect(folder / "people.db") as database:
    database.executescript((folder / "customers.sql").read_text())

# An export of Customer Insights: model.json, partitions without a header in a dated folder.
tables = {
    "Customer": plain.rename_columns(
        [{"customer_id": "CustomerId", "email": "EMailAddress1"}.get(name, name) for name in plain.column_names]
    ),
    "SegmentMembership": pa.table({
        "CustomerId": plain["customer_id"],
        "Segments": ['["VIP customers"]' if tier == "Gold" else '["Everybody else"]' for tier in plain["tier"].to_pylist()],
    }),
}
entities = []
for name, table in tables.items():
    path = pathlib.Path(name, "2026", "11", "22", "0600")
    (folder / "export" / path).mkdir(parents=True)
    half = len(table) // 2
    partitions = []
    for part, piece in enumerate([table.slice(0, half), table.slice(half)], 1):
        file = path / f"{name}_{part}.csv"
        pyarrow.csv.write_csv(piece, folder / "export" / file, pyarrow.csv.WriteOptions(include_header=False))
        location = f"https://crm.dfs.core.windows.net/exports/CustomerInsights_1/{file}"
        partitions.append({"name": f"{name}_{part}", "location": location})
    kinds = {"int32": "int64"}
    attributes = [
        {"name": field.name, "dataType": kinds.get(str(field.type), "string")} for field in table.schema
    ]
    entities.append({"$type": "LocalEntity", "name": name, "attributes": attributes, "partitions": partitions})
(folder / "export/model.json").write_text(
    json.dumps({"name": "CustomerInsights", "version": "1.0", "entities": entities}, indent=2)
)
(folder / "sources.yaml").write_text("""\
version: 1
sources:
  crm: { url: "${CRM}" }
  lake: { path: lake/customers }
  vips: { path: export, segment: VIP customers }
""")
