"""Writes the Delta tables of the tests below the folder given: what the `deltalake` package can write by that, the rest
by hand as the protocol describes it."""

import datetime as dt
import decimal
import json
import os
import pathlib
import sys
import uuid
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from deltalake.schema import Field, PrimitiveType, Schema

root = pathlib.Path(sys.argv[1])
UTC = dt.timezone.utc


def people(ids):
    ids = list(ids)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "Email": pa.array([f"p{i}@example.com" for i in ids]),
            "score": pa.array([i + 0.5 if i % 3 else None for i in ids], pa.float64()),
            "spend": pa.array([decimal.Decimal(i).scaleb(-2) for i in ids], pa.decimal128(12, 2)),
            "vip": pa.array([i % 2 == 0 for i in ids]),
            "seen": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, i, UTC) for i in ids], pa.timestamp("us", "UTC")),
            "local": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, i) for i in ids], pa.timestamp("us")),
            "born": pa.array([dt.date(1990, 1, 1 + i % 28) for i in ids], pa.date32()),
            "tags": pa.array([[f"t{i}", None] if i % 2 else None for i in ids], pa.list_(pa.string())),
            "home": pa.array([{"city": "Åbo", "zip": i} for i in ids], pa.struct([("city", pa.string()), ("zip", pa.int32())])),
            "land": pa.array([["FI", "SE", None, "a b/c=d%"][i % 4] for i in ids]),
            "day": pa.array([dt.date(2026, 1, 1 + i % 2) for i in ids], pa.date32()),
        }
    )


def at(path):
    return str(root / path)


# Three versions: eight people, four more, and then two of them deleted.
write_deltalake(at("people"), people(range(8)), partition_by=["land", "day"])
write_deltalake(at("people"), people(range(8, 12)), mode="append")
DeltaTable(at("people")).delete("id IN (1, 9)")
for version, time in enumerate([1_000_000_000, 1_000_000_100, 1_000_000_200]):
    os.utime(at(f"people/_delta_log/{version:020}.json"), (time, time))

# A column that comes later, and one that was deleted from the log's past.
write_deltalake(at("evolved"), pa.table({"id": pa.array([1, 2], pa.int64())}))
later = pa.table({"id": pa.array([3], pa.int64()), "city": ["Turku"]})
write_deltalake(at("evolved"), later, mode="append", schema_mode="merge")

# Many rows in one file, so that it has several batches.
ids = pa.array(range(50_000), pa.int64())
write_deltalake(at("large"), pa.table({"id": ids, "word": pa.array([f"word {i}" for i in range(50_000)])}))

# No rows.
DeltaTable.create(at("empty"), Schema([Field("id", PrimitiveType("long")), Field("name", PrimitiveType("string"))]))

# A log whose first versions were cleaned up behind a checkpoint.
for version in range(6):
    write_deltalake(at("cleaned"), pa.table({"id": pa.array([version], pa.int64())}), mode="append")
    if version == 3:
        DeltaTable(at("cleaned")).create_checkpoint()
for version in range(3):
    os.remove(at(f"cleaned/_delta_log/{version:020}.json"))


def field(name, kind, **metadata):
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata}


def metadata(fields, partitions=(), **configuration):
    schema = json.dumps({"type": "struct", "fields": fields})
    return {
        "metaData": {
            "id": str(uuid.UUID(int=1)),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema,
            "partitionColumns": list(partitions),
            "configuration": {key.replace("__", "."): value for key, value in configuration.items()},
            "createdTime": 0,
        }
    }


def protocol(*features, writer=()):
    if not features and not writer:
        return {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    both = [*features, *writer]
    return {
        "protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": list(features), "writerFeatures": both}
    }


def data(table, name, rows, partitions=None, stats=True, **more):
    path = root / table / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    add = {"path": name, "partitionValues": partitions or {}, "size": path.stat().st_size, "modificationTime": 0, "dataChange": True}
    if stats:
        add["stats"] = json.dumps({"numRecords": rows.num_rows})
    return {"add": add | more}


def commit(table, version, *actions, name=None):
    path = root / table / "_delta_log" / (name or f"{version:020}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))


def ids_of(*values):
    return pa.table({"id": pa.array(values, pa.int64())})


ID = field("id", "long")

# A deletion vector inline in the log, the example of the protocol: it deletes rows 3, 4, 7, 11, 18 and 29.
inline = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
vector = {"storageType": "i", "pathOrInlineDv": inline, "sizeInBytes": 44, "cardinality": 6}
rows = data("vectors", "a.parquet", ids_of(*range(40)), deletionVector=vector)
commit("vectors", 0, protocol("deletionVectors"), metadata([ID], delta__enableDeletionVectors="true"), rows)
rows = data("short", "a.parquet", ids_of(*range(20)), deletionVector=vector)
commit("short", 0, protocol("deletionVectors"), metadata([ID], delta__enableDeletionVectors="true"), rows)

# The same in a file of its own, behind four bytes of size and before a checksum; named by its encoded UUID.
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85_decode(text):
    parts = [text[i : i + 5] for i in range(0, len(text), 5)]
    return b"".join(sum(Z85.index(c) * 85 ** (4 - i) for i, c in enumerate(part)).to_bytes(4, "big") for part in parts)


def z85_encode(raw):
    numbers = [int.from_bytes(raw[i : i + 4], "big") for i in range(0, len(raw), 4)]
    return "".join(Z85[number // 85 ** (4 - i) % 85] for number in numbers for i in range(5))


bitmap = z85_decode(inline)
name = uuid.UUID(int=9)
beside = vector | {"storageType": "u", "pathOrInlineDv": z85_encode(name.bytes), "offset": 1, "sizeInBytes": len(bitmap)}
rows = data("beside", "a.parquet", ids_of(*range(40)), deletionVector=beside)
body = b"\x01" + len(bitmap).to_bytes(4, "big") + bitmap + zlib.crc32(bitmap).to_bytes(4, "big")
(root / "beside" / f"deletion_vector_{name}.bin").write_bytes(body)
commit("beside", 0, protocol("deletionVectors"), metadata([ID], delta__enableDeletionVectors="true"), rows)

# Columns under other names in the files, by name and by id.
mapped = lambda name, kind, number: field(name, kind, **{"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"})
for mode in ["name", "id"]:
    names = ["col-1", "col-2"] if mode == "name" else ["other", "another"]
    columns = [pa.field(n, k, metadata={"PARQUET:field_id": str(i + 1)}) for i, (n, k) in enumerate(zip(names, [pa.int64(), pa.string()]))]
    rows = pa.table([pa.array([1, 2], pa.int64()), pa.array(["a", None])], schema=pa.schema(columns))
    fields = [mapped("id", "long", 1), mapped("first name", "string", 2), mapped("land", "string", 3)]
    meta = metadata(fields, ["land"], delta__columnMapping__mode=mode, delta__columnMapping__maxColumnId="3")
    commit(f"mapped-{mode}", 0, protocol("columnMapping"), meta, data(f"mapped-{mode}", "x.parquet", rows, {"col-3": "FI"}))

# A column that was an integer of 32 bits when the first file was written.
change = [{"fromType": "integer", "toType": "long"}]
narrow = data("widened", "a.parquet", pa.table({"id": pa.array([1, None], pa.int32())}))
meta = metadata([field("id", "long", **{"delta.typeChanges": change})], delta__enableTypeWidening="true")
commit("widened", 0, protocol("typeWidening"), meta, narrow, data("widened", "b.parquet", ids_of(1 << 40)))

# A checkpoint of the second kind: named by a UUID, its files in the checkpoint itself.
files = [data("checkpointed", f"{n}.parquet", ids_of(n)) for n in range(3)]
first = [protocol("v2Checkpoint"), metadata([ID], delta__checkpointPolicy="v2")]
for version, file in enumerate(files):
    commit("checkpointed", version, *(first if version == 0 else []), file)
kept = [{"add": file["add"] | {"dataChange": False}} for file in files[:2]]
head = {"checkpointMetadata": {"version": 1}}
commit("checkpointed", 1, head, *first, *kept, name=f"{1:020}.checkpoint.{uuid.UUID(int=7)}.json")
os.remove(at(f"checkpointed/_delta_log/{0:020}.json"))

# Timestamps in the commits, which the times of the files contradict.
meta = metadata([ID], delta__enableInCommitTimestamps="true")
for version in range(2):
    stamp = {"commitInfo": {"inCommitTimestamp": 1_700_000_000_000 + version * 10_000, "timestamp": 0, "operation": "WRITE"}}
    begin = [protocol(writer=["inCommitTimestamp"]), meta] if version == 0 else []
    commit("stamped", version, stamp, *begin, data("stamped", f"{version}.parquet", ids_of(version)))
    os.utime(at(f"stamped/_delta_log/{version:020}.json"), (version, version))

# What cannot be read, or not by everybody.
commit("future", 0, protocol("timeTravelToTheFuture"), metadata([ID]), data("future", "a.parquet", ids_of(1)))
commit("uncounted", 0, protocol(), metadata([ID]), data("uncounted", "a.parquet", ids_of(1, 2), stats=False))
commit("cloned", 0, protocol(), metadata([ID]), {"add": data("cloned", "a.parquet", ids_of(1))["add"] | {"path": "s3://elsewhere/a.parquet"}})
commit("headless", 0, protocol())
commit("misdated", 0, protocol(), metadata([ID, field("day", "date")], ["day"]), data("misdated", "a.parquet", ids_of(1), {"day": "hush"}))
