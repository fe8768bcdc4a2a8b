//! Configurations to start from.

use arrow::datatypes::Schema;
use enlist_core::Mapping;

use crate::render::clean;

/// The beginning of every configuration that needs an account.
const HEAD: &str = "\
# Where to, where from, and which column becomes what.
# enlist generate schema > enlist.schema.json tells editors every key.
# Text may hold ${VAR}, ${VAR:-default}, ${VAR:?message} and ${file:/path}; $$ is a dollar sign.
version: 1

connections:
  marketing:
    # Settings > Developer in ActiveCampaign shows host and key.
    host: ${ACTIVECAMPAIGN_HOST:-example.api-us1.com}
    # A file keeps the key out of the environment: ${file:/run/secrets/ac_key}
    api_key: ${ACTIVECAMPAIGN_API_KEY}

";

/// The end of every configuration that needs an account.
const TAIL: &str = "      # Custom fields by title or id:
      # fields: { Tier: tier, \"12\": updated_at }
      # Tags are added, never removed:
      # tags: [\"segment:vip\"]
    # Which of two rows with the same email wins: the first, or the latest by a column.
    # unique_by: { keep: latest, by: updated_at }
    # What an empty value does to the one at ActiveCampaign: keep it, or clear it.
    empty_values: keep
    # Country of phone numbers without prefix:
    # phone_region: FI
    # on lets automations start, which may mail everybody who is added.
    automations: off
    # A run stops before it sends anything when one of these is exceeded.
    guards: { max_change: 30%, max_rejects: 1%, min_rows: 1 }
    deadline: 90m
";

/// The demo: made-up people and the simulator.
pub const DEMO: &str = "\
# The demo: 5,000 made-up people for the simulator that comes with enlist.
version: 1

connections:
  sandbox:
    # This host stands for the simulator; an account of yours is named like example.api-us1.com and has an api_key.
    host: simulator

exports:
  demo:
    list: 1
    source: data/people.parquet
    map:
      email: email
      first_name: first_name
      last_name: last_name
      phone: phone
      # Custom fields of the account, by title.
      fields: { Tier: tier, Birthday: birthday, Interests: interests, Score: score, \"Last order\": last_order }
      tags: [\"segment:demo\"]
    # Country of phone numbers without prefix.
    phone_region: US
    # Nobody gets mail because of an import.
    automations: off
    guards: { max_rejects: 5% }
    deadline: 90m
";

/// An export to fill in.
pub fn blank() -> String {
    let columns = "      email: email\n      first_name: first_name\n      last_name: last_name\n      phone: phone\n";
    around("vip_customers", "\"people/*.parquet\"   # file, glob, or a name under `sources:`", columns)
}

/// An export of `source` with the columns that were recognised.
pub fn proposed(source: &str, schema: &Schema) -> String {
    let mut columns = String::new();
    let unused: Vec<String> = match Mapping::automatic(schema) {
        Ok(found) => {
            let Mapping { email, first_name, last_name, phone, .. } = found.mapping;
            let parts =
                [("email", Some(email)), ("first_name", first_name), ("last_name", last_name), ("phone", phone)];
            for (part, column) in parts {
                columns.extend(column.map(|column| format!("      {part}: {}\n", quoted(&column))));
            }
            found.unused
        }
        Err(unclear) => {
            columns.push_str(&format!("      # {}\n      email: COLUMN\n", clean(&unclear.to_string())));
            schema.fields().iter().map(|field| field.name().clone()).collect()
        }
    };
    if !unused.is_empty() {
        let unused: Vec<String> = unused.iter().map(|column| quoted(column)).collect();
        columns.push_str(&format!("      # Not mapped: {}\n", unused.join(", ")));
    }
    around("people", &quoted(source), &columns)
}

fn around(export: &str, source: &str, columns: &str) -> String {
    format!(
        "{HEAD}exports:\n  {export}:\n    # The number in the address of the list's page.\n    list: 1\n    \
         source: {source}\n    map:\n{columns}{TAIL}"
    )
}

/// `text` as YAML takes it on one line: JSON strings are YAML, and `$` begins a reference.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('$', "$$")).to_string()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;
    use crate::spec::read_text;
    use crate::spec::whole::assert_in_schema;

    fn schema(columns: &[&str]) -> Schema {
        Schema::new(columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>())
    }

    #[test]
    fn every_template_is_a_sound_configuration() {
        let plain = proposed("in put/people.csv", &schema(&["Id", "E-Mail", "na\"me: $x"]));
        let unclear = proposed("people.parquet", &schema(&["E-Mail", "E_Mail\n: x"]));
        for text in [DEMO.to_owned(), blank(), plain, unclear] {
            let spec = read_text(&text, &[("ACTIVECAMPAIGN_API_KEY", "k")]).unwrap();
            assert_eq!((spec.exports.len(), spec.connections.len()), (1, 1));
            assert_in_schema(&text);
        }
    }

    #[test]
    fn the_columns_of_a_file_are_proposed() {
        let text = proposed("people.csv", &schema(&["Id", "E-Mail", "Given", "mobile", "tier"]));
        let export: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("exports")).take(10).collect();
        insta::assert_snapshot!(export.join("\n"));
    }
}
