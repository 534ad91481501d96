//! Messages of the contract as JSON, by their descriptors: field names as in the contract (snake_case), enum
//! values without their prefix in lower case (`superseded`), every field present.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, Kind, MapKey, ReflectMessage, Value as Field};
use serde_json::{Map, Value, json};

static CONTRACT: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(commune_proto::FILE_DESCRIPTOR_SET).ok());

/// A message of the contract as JSON.
pub(crate) fn of<M: Message + Name>(message: &M) -> Value {
    decode(&M::full_name(), &message.encode_to_vec()).unwrap_or(Value::Null)
}

/// Bytes that are a message of this full name as JSON; none when the name is not known or the bytes are not one.
pub(crate) fn decode(full_name: &str, bytes: &[u8]) -> Option<Value> {
    let descriptor = CONTRACT.as_ref()?.get_message_by_name(full_name)?;
    DynamicMessage::decode(descriptor, bytes).ok().map(|message| object(&message))
}

fn object(message: &DynamicMessage) -> Value {
    let mut map = Map::new();
    for field in message.descriptor().fields() {
        let value = if matches!(field.kind(), Kind::Message(_))
            && !field.is_list()
            && !field.is_map()
            && !message.has_field(&field)
        {
            Value::Null
        } else {
            value(&message.get_field(&field), &field.kind())
        };
        map.insert(field.name().to_owned(), value);
    }
    Value::Object(map)
}

fn value(field: &Field, kind: &Kind) -> Value {
    match field {
        Field::Bool(v) => json!(v),
        Field::I32(v) => json!(v),
        Field::I64(v) => json!(v),
        Field::U32(v) => json!(v),
        Field::U64(v) => json!(v),
        Field::F32(v) => json!(v),
        Field::F64(v) => json!(v),
        Field::String(v) => json!(v),
        Field::Bytes(v) => json!(hex::encode(v)),
        Field::EnumNumber(number) => match kind {
            Kind::Enum(descriptor) => json!(enum_name(descriptor, *number)),
            _ => json!(number),
        },
        Field::Message(message) => object(message),
        Field::List(items) => items.iter().map(|item| value(item, kind)).collect(),
        Field::Map(entries) => {
            let of_value = match kind {
                Kind::Message(entry) => entry.get_field_by_name("value").map(|f| f.kind()),
                _ => None,
            };
            let kind = of_value.as_ref().unwrap_or(kind);
            Value::Object(entries.iter().map(|(k, v)| (key(k), value(v, kind))).collect())
        }
    }
}

fn key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(v) => v.to_string(),
        MapKey::I32(v) => v.to_string(),
        MapKey::I64(v) => v.to_string(),
        MapKey::U32(v) => v.to_string(),
        MapKey::U64(v) => v.to_string(),
        MapKey::String(v) => v.clone(),
    }
}

/// `NOTE_STATE_ACTIVE` of `NoteState` is `active`; a number that this build does not know stays a number.
fn enum_name(descriptor: &EnumDescriptor, number: i32) -> String {
    let Some(known) = descriptor.get_value(number) else { return number.to_string() };
    let mut prefix = String::new();
    for c in descriptor.name().chars() {
        if c.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(c.to_ascii_uppercase());
    }
    prefix.push('_');
    known.name().strip_prefix(&prefix).unwrap_or(known.name()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use commune_proto::{night::v1::TrailRecord, selfcare::v1::TidiedNote};

    use super::*;

    #[test]
    fn a_message_is_json_with_the_names_of_the_contract() {
        let record = TrailRecord {
            night: "2026-02-14".into(),
            agent: "ada".into(),
            stage: 1,
            outcome: 1,
            counts: [("notes_new".to_owned(), 3)].into(),
            ..TrailRecord::default()
        };
        let value = of(&record);
        assert_eq!(value["stage"], "selfcare");
        assert_eq!(value["outcome"], "done");
        assert_eq!(value["counts"]["notes_new"], 3);
        assert_eq!(value["trace_id"], "");
    }

    #[test]
    fn what_is_not_known_stays_visible() {
        let note = TidiedNote { state: 99, ..TidiedNote::default() };
        assert_eq!(of(&note)["state"], "99");
        assert_eq!(decode("commune.future.v2.Thing", b""), None);
        assert_eq!(decode("commune.night.v1.TrailRecord", b"\xff\xff"), None);
    }
}
