//! JSON against the schemas of `schema/`.

use std::path::Path;

use serde_json::Value;

/// A file of `schema/`.
pub fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// As much of JSON Schema as ours use.
pub fn check(schema: &Value, value: &Value, at: &str) {
    if let Some(other) = schema["$ref"].as_str() {
        return check(&self::schema(other.trim_end_matches(".json")), value, at);
    }
    if let Some(wanted) = schema.get("const") {
        assert_eq!(value, wanted, "{at}");
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{at}: {value} is not listed");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let fits = |wanted: &&str| match *wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{at}: the schema has the type {other}"),
    };
    assert!(
        types.is_empty() || types.iter().any(fits),
        "{at}: {value} is no {types:?}"
    );
    if schema["format"] == "date-time" {
        assert!(
            value
                .as_str()
                .unwrap()
                .parse::<chrono::DateTime<chrono::Utc>>()
                .is_ok(),
            "{at}: {value}"
        );
    }
    let required = schema["required"].as_array().filter(|_| value.is_object());
    for required in required.into_iter().flatten() {
        assert!(
            value.get(required.as_str().unwrap()).is_some(),
            "{at}: {required} is missing"
        );
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let known = schema["properties"]
            .get(name)
            .unwrap_or_else(|| panic!("{at}: {name} is not in the schema"));
        check(known, inner, &format!("{at}/{name}"));
    }
    for inner in value.as_array().into_iter().flatten() {
        check(&schema["items"], inner, &format!("{at}[]"));
    }
}

/// Parses what a command printed, and checks it against a schema.
#[track_caller]
pub fn parsed(printed: &str, name: &str) -> Value {
    let value = serde_json::from_str(printed).unwrap_or_else(|_| panic!("{printed}"));
    check(&schema(name), &value, name);
    value
}
