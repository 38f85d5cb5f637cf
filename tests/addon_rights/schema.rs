//! Compose's own schema, and the service as a program reads it.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value as Json;

/// The file as JSON, when Compose's schema lets it pass.
#[track_caller]
pub(crate) fn read(text: &str) -> Json {
    let documents = Yaml::load_from_str(text).unwrap_or_else(|err| panic!("{err}\n{text}"));
    let [document] = &documents[..] else { panic!("{} documents\n{text}", documents.len()) };
    let file = json(document);
    let faults: Vec<_> = validator().iter_errors(&file).map(|err| format!("{}: {err}", err.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
    file
}

fn validator() -> jsonschema::Validator {
    let mut schema: Json = serde_json::from_str(include_str!("../fixtures/compose/compose-spec.json")).unwrap();
    // Compose has known it since 2023; the schema here is of 2021.
    schema["definitions"]["service"]["properties"]["uts"] = serde_json::json!({ "type": "string" });
    jsonschema::options().with_draft(jsonschema::Draft::Draft201909).build(&schema).unwrap()
}

fn json(yaml: &Yaml<'_>) -> Json {
    match yaml {
        Yaml::Value(Scalar::String(text)) => Json::from(text.as_ref()),
        Yaml::Value(Scalar::Boolean(flag)) => Json::from(*flag),
        Yaml::Value(Scalar::Integer(number)) => Json::from(*number),
        Yaml::Sequence(list) => list.iter().map(json).collect(),
        Yaml::Mapping(map) => map.iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), json(value))).collect(),
        other => panic!("{other:?} has no place in a service"),
    }
}

#[test]
fn the_schema_refuses_what_is_no_service() {
    for (key, value) in [("prots", "[]"), ("ports", "5"), ("volumes", "[{type: bind, sauce: x}]"), ("init", "[]")] {
        let text = format!("services: {{a: {{image: x, {key}: {value}}}}}\n");
        assert!(std::panic::catch_unwind(|| read(&text)).is_err(), "{text}");
    }
}
