//! Values arrive as ActiveCampaign holds them.

use std::process::Command;

use serde_json::{Value, json};

use super::world::World;

const FIELDS: [&str; 14] = [
    "--field",
    "Tier=tier",
    "--field",
    "Birthday=birthday",
    "--field",
    "Interests=interests",
    "--field",
    "Score=score",
    "--field",
    "Last order=last_order",
    "--field",
    "Note=balance",
    "--field",
    "City=city",
];

/// 40 people with the types that a lake has; `changed` says in Python which rows have another first name.
fn lake(world: &World, file: &str, changed: &str) {
    world.python(&format!(
        r#"
n = range(40)
full = [i % 4 != 3 for i in n]
utc = dt.timezone.utc
pick = lambda values, type: pa.array([v if f else None for v, f in zip(values, full)], type)
pq.write_table(pa.table({{
    "email": [f"Person{{i:02}}@Example.com" for i in n],
    "first_name": pick([f"Other {{i}}" if i in {changed} else f"Åsa {{i}}" for i in n], pa.string()),
    "tier": pick([["Bronze", "Silver", "Gold"][i % 3] for i in n], pa.string()).dictionary_encode(),
    "birthday": pick([dt.date(1960 + i, 2, 28) for i in n], pa.date32()),
    "interests": pick([["Art", "Music"] if i % 2 else ["Travel"] for i in n], pa.list_(pa.string())),
    "score": pick([i * 1000 - 1 for i in n], pa.int32()),
    "last_order": pick([dt.datetime(2024, 5, 6, 7, 8, i, tzinfo=utc) for i in n], pa.timestamp("us", "Europe/Helsinki")),
    "balance": pick([decimal.Decimal(i).scaleb(-1).quantize(decimal.Decimal("0.01")) for i in n], pa.decimal128(9, 2)),
    "city": pick(["  Ii " for i in n], pa.large_string()),
}}), "{file}", row_group_size=16)
"#
    ));
}

#[test]
fn a_parquet_file_of_pyarrow_arrives_value_by_value_and_once() {
    let mut world = World::prompt();
    lake(&world, "people.parquet", "[]");
    let first = world.run_json("people.parquet", &FIELDS, 0);
    assert_eq!((&first["outcome"]["confirmed"], &first["requests"]["bulk"]), (&json!(40), &json!(1)), "{first}");

    let contacts = world.contacts();
    assert_eq!(contacts.len(), 40);
    let ada = &contacts["person05@example.com"];
    assert_eq!(ada["first_name"], "Åsa 5");
    let fields = json!({
        "1": "Gold", "2": "1965-02-28", "3": "||Art||Music||", "4": "4999", "5": "2024-05-06T07:08:05+00:00",
        "6": "0.50", "7": "  Ii ",
    });
    assert_eq!(ada["fields"], fields);
    assert_eq!(contacts["person04@example.com"]["fields"]["3"], "||Travel||");
    assert_eq!(contacts["person00@example.com"]["fields"]["4"], "-1");
    let nulls = &contacts["person03@example.com"];
    assert_eq!((&nulls["first_name"], &nulls["fields"]), (&json!(""), &json!({})));

    let again = world.run_json("people.parquet", &FIELDS, 0);
    assert_eq!((&again["outcome"]["unchanged"], &again["requests"]["bulk"]), (&json!(40), &json!(0)), "{again}");
}

#[test]
fn of_a_changed_file_exactly_the_changed_contacts_are_sent() {
    let mut world = World::prompt();
    lake(&world, "people.parquet", "[]");
    world.run_json("people.parquet", &FIELDS, 0);
    // With the names wiped at the account, a name that is there afterwards has been sent again.
    world.edit_account(|account| {
        for contact in account["contacts"].as_array_mut().unwrap() {
            contact["first_name"] = json!("");
        }
    });
    lake(&world, "people.parquet", "[8, 21]");
    let changed = world.run_json("people.parquet", &FIELDS, 0);
    assert_eq!((&changed["plan"]["update"], &changed["plan"]["unchanged"]), (&json!(2), &json!(38)), "{changed}");
    let named: Vec<Value> = world.contacts().into_values().filter(|it| it["first_name"] != "").collect();
    let emails: Vec<&Value> = named.iter().map(|contact| &contact["email"]).collect();
    assert_eq!(emails, ["person08@example.com", "person21@example.com"]);
    assert_eq!(named[1]["first_name"], "Other 21");
}

#[test]
fn numbers_that_are_names_keep_their_zeros_in_csv() {
    let mut world = World::prompt();
    let rows = "email,phone,zip\nada@example.com,0401234567,00100\nbob@example.com,+358401234568,00000\n";
    world.write("plain.csv", rows);
    world.write("packed.csv", rows.replace("@example.com", "@example.org"));
    assert!(Command::new("gzip").arg("packed.csv").current_dir(world.folder()).status().unwrap().success());
    for file in ["plain.csv", "packed.csv.gz"] {
        let done = world.run_json(file, &["--field", "City=zip"], 0);
        assert_eq!(done["outcome"]["confirmed"], 2, "{file}: {done}");
    }
    let contacts = world.contacts();
    for domain in ["com", "org"] {
        let contact = |name: &str| &contacts[&format!("{name}@example.{domain}")];
        let held =
            |name: &str| (contact(name)["phone"].as_str().unwrap(), contact(name)["fields"]["7"].as_str().unwrap());
        assert_eq!(held("ada"), ("0401234567", "00100"));
        assert_eq!(held("bob"), ("+358401234568", "00000"));
    }
}
