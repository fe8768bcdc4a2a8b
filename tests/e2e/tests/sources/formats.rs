//! Formats that files may have, Delta Lake, and Customer Insights.

use crate::world::World;
use crate::{configure, emails};

#[test]
fn a_file_of_each_format_becomes_the_list() {
    let mut world = World::prompt();
    world.python(
        "import gzip, json, fastavro\n\
         rows = [{'email': f'p{n}@example.com', 'first_name': None if n == 1 else f'N{n}'} for n in range(3)]\n\
         table = pa.Table.from_pylist(rows)\n\
         gzip.open('a.jsonl.gz', 'wt').write(''.join(json.dumps(row) + '\\n' for row in rows))\n\
         out = pa.ipc.new_file('b.arrow', table.schema); out.write_table(table); out.close()\n\
         out = pa.ipc.new_stream('c.arrows', table.schema); out.write_table(table); out.close()\n\
         text = ['null', 'string']\n\
         schema = {'type': 'record', 'name': 'P', 'fields': [{'name': n, 'type': text} for n in ('email', 'first_name')]}\n\
         fastavro.writer(open('d.avro', 'wb'), schema, rows, codec='deflate')",
    );
    for (list, file) in ["a.jsonl.gz", "b.arrow", "c.arrows", "d.avro"].into_iter().enumerate() {
        let run = world.run_json(file, &["--state", &format!("state{list}")], 0);
        assert_eq!((&run["outcome"]["confirmed"], &run["source"]["rows"]), (&3.into(), &3.into()), "{file}");
    }
    assert_eq!(emails(&mut world).len(), 3);
}

#[test]
fn a_delta_table_is_read_at_its_last_version_or_at_an_earlier_one() {
    let mut world = World::prompt();
    world.python(
        "import deltalake\n\
         for n in range(3):\n    \
         deltalake.write_deltalake('lake', pa.table({'email': [f'p{n}@example.com']}), mode='append')",
    );
    configure(
        &world,
        &["last: { path: lake }", "first: { path: lake, version: 0 }"],
        &["early: { list: 7, source: first }"],
    );
    assert_eq!(world.enlist(&["run"]).code, 0);
    assert_eq!(emails(&mut world), ["p0@example.com"]);
    configure(&world, &["last: { path: lake }"], &["late: { list: 7, source: last }"]);
    assert_eq!(world.enlist(&["run"]).code, 0);
    assert_eq!(emails(&mut world).len(), 3);
    configure(&world, &["gone: { path: lake, version: 9 }"], &["x: { list: 7, source: gone }"]);
    let gone = world.enlist(&["plan"]);
    assert_eq!(gone.code, 7, "{gone:?}");
    assert!(
        gone.stderr.contains("error[delta::") && gone.stderr.contains('2'),
        "the last version is named: {}",
        gone.stderr
    );
}

/// An export of Customer Insights: profiles and memberships, each a partition without a header below a dated folder.
fn customer_insights(world: &World) {
    let model = serde_json::json!({ "name": "CustomerInsights", "version": "1.0", "entities": [
        { "$type": "LocalEntity", "name": "Customer",
          "attributes": [{ "name": "CustomerId", "dataType": "string" }, { "name": "EMail", "dataType": "string" },
                         { "name": "Age", "dataType": "int64" }],
          "partitions": [{ "name": "Customer_1", "location": "https://x.dfs.core.windows.net/c/e/Customer/2026/11/22/0600/Customer_1.csv" }] },
        { "$type": "LocalEntity", "name": "SegmentMembership",
          "attributes": [{ "name": "CustomerId", "dataType": "string" }, { "name": "Segments", "dataType": "string" }],
          "partitions": [{ "name": "SegmentMembership_1", "location": "https://x.dfs.core.windows.net/c/e/SegmentMembership/2026/11/22/0600/SegmentMembership_1.csv" }] },
    ]});
    for (table, rows) in [
        ("Customer", "C1,ada@example.com,36\nC2,bo@example.com,\nC3,cy@example.com,41\n"),
        ("SegmentMembership", "C1,\"[\"\"VIP\"\",\"\"All\"\"]\"\nC2,\"[\"\"All\"\"]\"\nC3,\"[\"\"VIP\"\"]\"\n"),
    ] {
        let folder = world.folder().join(format!("export/{table}/2026/11/22/0600"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{table}_1.csv")), rows).unwrap();
    }
    world.write("export/model.json", model.to_string());
}

#[test]
fn the_members_of_a_segment_of_customer_insights_become_the_list() {
    let mut world = World::prompt();
    customer_insights(&world);
    let sources = [
        "vips: { profiles: customers, memberships: members, segment: VIP }",
        "customers: { path: export, entity: Customer }",
        "members: { path: export, entity: SegmentMembership }",
    ];
    configure(&world, &sources, &["vip: { list: 7, source: vips, map: { email: EMail } }"]);
    let run = world.enlist(&["run"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(emails(&mut world), ["ada@example.com", "cy@example.com"]);
    configure(
        &world,
        &[&sources[0].replace("VIP", "VPI"), sources[1], sources[2]],
        &["vip: { list: 7, source: vips }"],
    );
    let unknown = world.enlist(&["plan"]);
    assert_eq!(unknown.code, 7, "{unknown:?}");
    assert!(unknown.stderr.contains("VIP"), "{}", unknown.stderr);
    configure(&world, &["customers: { path: export, entity: Custmer }"], &["vip: { list: 7, source: customers }"]);
    let unknown = world.enlist(&["plan"]);
    assert_eq!(unknown.code, 7, "{unknown:?}");
    assert!(unknown.stderr.contains("Customer"), "{}", unknown.stderr);
}
