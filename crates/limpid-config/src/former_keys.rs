//! Keys that Clair's sample configuration has and Clair refuses, and where their values belong.

use serde_json::{Map, Value};

use crate::key_path::KeyPath;
use crate::lint::Lints;

const MOVED: [(&str, &str); 3] = [
    ("matcher.updater_sets", "updaters.sets"),
    (
        "notifier.amqp.exchange.durable",
        "notifier.amqp.exchange.durability",
    ),
    ("notifier.stomp.login", "notifier.stomp.user"),
];

/// Moves values to the keys that they belong to, unless those have values of their own.
pub(crate) fn move_to_present(configuration: &mut Value, lints: &mut Lints) {
    for (former, present) in MOVED {
        let Some(value) = take(configuration, former) else {
            continue;
        };
        let at = KeyPath::of(former);
        if value.is_null() {
            continue;
        }
        if put(configuration, present, value) {
            lints.add(at, format!("key has no meaning in Clair, use {present}"));
        } else {
            lints.add(at, format!("key is ignored beside {present}"));
        }
    }
}

fn take(configuration: &mut Value, path: &str) -> Option<Value> {
    let (parents, last) = path.rsplit_once('.')?;
    let mut at = configuration.as_object_mut()?;
    for key in parents.split('.') {
        at = child(at, key)?.as_object_mut()?;
    }
    let spelt = at
        .keys()
        .find(|known| known.eq_ignore_ascii_case(last))?
        .clone();
    at.remove(&spelt)
}

/// Puts a value where none is; says whether it could.
fn put(configuration: &mut Value, path: &str, value: Value) -> bool {
    let Some((parents, last)) = path.rsplit_once('.') else {
        return false;
    };
    let mut at = configuration;
    for key in parents.split('.') {
        let Some(object) = at.as_object_mut() else {
            return false;
        };
        if child(object, key).is_none_or(|found| found.is_null()) {
            object.retain(|known, _| !known.eq_ignore_ascii_case(key));
            object.insert(key.to_owned(), Value::Object(Map::new()));
        }
        let Some(next) = child(object, key) else {
            return false;
        };
        at = next;
    }
    let Some(object) = at.as_object_mut() else {
        return false;
    };
    if child(object, last).is_some_and(|found| !found.is_null()) {
        return false;
    }
    object.retain(|known, _| !known.eq_ignore_ascii_case(last));
    object.insert(last.to_owned(), value);
    true
}

fn child<'a>(object: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Value> {
    object
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(key))
        .map(|(_, value)| value)
}
