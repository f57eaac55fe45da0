//! The description of the API against that of Clair: what is in Clair's is in limpid's, or the
//! table in `docs/api.md` says why not.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::limpid::json;

const REFERENCE: &str = "fixtures/clair/api/v1/openapi.json";
const TABLE: &str = include_str!("../../../../docs/api.md");
/// The heading above the table of what is not taken over.
const HEADING: &str = "## Not taken over";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Everything that a document describes, one line each, in the words of the table.
struct Described<'a> {
    document: &'a Value,
    lines: BTreeSet<String>,
}

impl<'a> Described<'a> {
    fn of(document: &'a Value) -> BTreeSet<String> {
        let mut described = Self {
            document,
            lines: BTreeSet::new(),
        };
        for (place, members) in [("", "paths"), ("webhook ", "webhooks")] {
            for (path, item) in members_of(&document[members]) {
                described.path(&format!("{place}{path}"), item);
            }
        }
        for (name, schema) in members_of(&document["components"]["schemas"]) {
            described.lines.insert(format!("schema {name}"));
            described.fields(&format!("field {name}"), schema);
        }
        described.lines
    }

    fn path(&mut self, path: &str, item: &'a Value) {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let verb = format!("{} {path}", method.to_uppercase());
            self.lines.insert(verb.clone());
            if let Some(id) = operation["operationId"].as_str() {
                self.lines.insert(format!("{verb} is {id}"));
            }
            let shared = item["parameters"].as_array().into_iter().flatten();
            let own = operation["parameters"].as_array().into_iter().flatten();
            for parameter in shared.chain(own) {
                let parameter = self.resolve(parameter);
                let (place, name) = (&parameter["in"], &parameter["name"]);
                let (place, name) = (place.as_str().unwrap(), name.as_str().unwrap());
                self.lines.insert(format!("{verb} takes {name} in {place}"));
            }
            self.content(&format!("{verb} takes"), &operation["requestBody"]);
            for (status, response) in members_of(&operation["responses"]) {
                let answer = format!("{verb} answers {status}");
                self.lines.insert(answer.clone());
                let response = self.resolve(response);
                for (name, _) in members_of(&response["headers"]) {
                    // Names of headers have no case.
                    let name = name.to_lowercase();
                    self.lines.insert(format!("{answer} with {name}"));
                }
                self.content(&format!("{answer} as"), response);
            }
        }
    }

    fn content(&mut self, place: &str, body: &'a Value) {
        for (media_type, _) in members_of(&body["content"]) {
            self.lines.insert(format!("{place} {media_type}"));
        }
    }

    /// Notes the fields of a schema, those of schemas that it is made of, and of objects in it.
    fn fields(&mut self, place: &str, schema: &'a Value) {
        if let Some(target) = schema["$ref"].as_str() {
            let schema = self.schema(target);
            self.fields(place, schema);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fields(place, part);
        }
        for (name, field) in members_of(&schema["properties"]) {
            let place = format!("{place}.{name}");
            self.lines.insert(place.clone());
            // What has a name of its own is noted by that.
            if field.get("$ref").is_none() {
                self.fields(&place, field);
            }
        }
    }

    /// Follows a reference within the document.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        let Some(target) = value["$ref"].as_str() else {
            return value;
        };
        let found = self.document.pointer(target.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{target} leads nowhere"))
    }

    /// Finds a schema by a reference to a component, or to the file that it has in Clair.
    fn schema(&self, target: &str) -> &'a Value {
        let name = target.rsplit('/').next().unwrap();
        let name = name.trim_end_matches(".schema.json");
        let found = self.document["components"]["schemas"].get(name);
        found.unwrap_or_else(|| panic!("{target} leads nowhere"))
    }
}

fn members_of(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, member)| (name.as_str(), member))
}

/// The first column of the table, each with a reason in the second one.
fn explained() -> BTreeSet<String> {
    let (_, section) = TABLE.split_once(HEADING).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (what, reason) = row.split_once("` | ").unwrap();
        assert!(reason.trim_end_matches(" |").len() > 10, "{what}: {reason}");
        what.to_owned()
    })
    .collect()
}

#[test]
fn everything_that_clair_describes_is_described_or_explained() {
    let reference = Described::of(&json(REFERENCE));
    let ours = Described::of(&serde_json::to_value(limpid_api::document()).unwrap());
    let fields = reference.iter().filter(|line| line.starts_with("field "));
    assert_eq!(fields.count(), 107, "the reference document is another one");
    let absent: BTreeSet<_> = reference.difference(&ours).cloned().collect();
    assert_eq!(absent, explained(), "left: absent, right: explained");
}
