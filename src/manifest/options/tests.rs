//! What the words of a schema take and refuse.

use serde_json::json;

use super::*;

/// Judges options, written as YAML, by a schema and defaults.
fn judge(schema: &Json, defaults: &Json, chosen: &str) -> (Json, Vec<Diagnostic>, Vec<Span>) {
    let mut findings = Findings::default();
    let schema = schema.as_object().unwrap();
    let node = yaml::parse(chosen).ok().unwrap();
    let Value::Map(entries) = &node.value else { panic!("a mapping") };
    let mut all = defaults.as_object().cloned().unwrap();
    all.extend(known(schema, entries, &mut findings));
    complete(schema, &mut all, &(0..0), &mut findings);
    (Json::Object(all), findings.list, findings.masked)
}

/// The findings as an operator reads them.
fn shown(found: Vec<Diagnostic>) -> Vec<String> {
    let text = |one| Diagnostics::new(std::path::Path::new("o"), " ".repeat(200).as_str(), &[], vec![one]).to_string();
    found.into_iter().map(text).collect()
}

fn is_taken(word: &str, value: &str) -> bool {
    let (_, found, _) = judge(&json!({ "o": word }), &json!({}), &format!("o: {value}"));
    found.is_empty()
}

#[test]
fn each_word_takes_what_it_says_and_nothing_else() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("str", &["a", "\"5\"", "''"], &["5", "yes", "[a]", "{a: 1}", "1.5", "'!secret x'"]),
        ("str(2,4)", &["ab", "abcd", "äöüß"], &["a", "abcde"]),
        ("str(,2)", &["''", "ab"], &["abc"]),
        ("str(2,)", &["ab", "abcdefgh"], &["a"]),
        ("password", &["a", "\"5\""], &["5", "yes"]),
        ("password(8,)", &["abcdefgh"], &["abcdefg"]),
        ("int", &["5", "-5", "0x10"], &["5.5", "\"5\"", "yes", "five"]),
        ("int(1,10)", &["1", "10"], &["0", "11", "-1"]),
        ("int(1,)", &["1", "9999999"], &["0"]),
        ("int(,0)", &["0", "-7"], &["1"]),
        ("float", &["5", "5.5", "-0.1"], &["\"5.5\"", "a"]),
        ("float(0.5,1.5)", &["0.5", "1", "1.5"], &["0.4", "1.6", "2"]),
        ("bool", &["true", "no", "on"], &["\"true\"", "1", "a"]),
        ("email", &["a@b.example"], &["a", "a@b", "'@b.example'", "a@@b.example", "'a b@c.d'", "5"]),
        ("url", &["http://a", "mqtt://b:1883/x", "https://c?d"], &["a", "http://", "//a", "'http://a b'", "http:///a"]),
        ("port", &["1", "65535"], &["0", "65536", "\"80\"", "-1"]),
        ("device", &["/dev/ttyUSB0", "/dev/serial/by-id/x"], &["ttyUSB0", "/etc/passwd", "/dev/../etc/passwd", "5"]),
        ("device(subsystem=tty)", &["/dev/ttyACM0"], &["/sys/x"]),
        ("match(^[a-z]+$)", &["abc"], &["ABC", "abc1", "5"]),
        ("match([0-9]{2})", &["'12'", "'12ab'"], &["'1'", "'ab12'"]),
        ("list(a|b c|5|yes)", &["a", "b c", "5", "\"5\"", "yes"], &["d", "ab", "6", "no", "''"]),
    ];
    let mut compared = 0;
    for (word, right, wrong) in cases {
        for (values, expected) in [(right, true), (wrong, false)] {
            for value in *values {
                assert_eq!(is_taken(word, value), expected, "{word}: {value}");
                assert_eq!(is_taken(&format!("{word}?"), value), expected, "{word}?: {value}");
                compared += 2;
            }
        }
    }
    println!("option schema: {compared} values compared");
}

#[test]
fn what_is_missing_is_missed_unless_it_may_be() {
    let schema = json!({ "a": "str", "b": "str?", "c": { "d": "int?" }, "e": ["str"], "f": { "g": "int" } });
    let missed = |defaults: Json, chosen: &str| {
        let (_, found, _) = judge(&schema, &defaults, chosen);
        let found = shown(found);
        ["a", "b", "c", "e", "f", "g"]
            .into_iter()
            .filter(|name| found.iter().any(|one| one.contains(&format!("option `{name}` is missing"))))
            .collect::<Vec<_>>()
    };
    assert_eq!(missed(json!({}), "{}"), ["a", "e", "f"]);
    assert_eq!(missed(json!({ "a": "x", "e": [], "f": { "g": 1 } }), "{}"), [] as [&str; 0]);
    assert_eq!(missed(json!({ "a": null, "e": [] }), "f: {}"), ["a", "g"], "what the author left open");
    assert_eq!(missed(json!({ "a": "x", "e": [], "f": { "g": 1 } }), "a: ~"), [] as [&str; 0], "null chooses nothing");
}

#[test]
fn what_is_chosen_takes_the_place_of_the_default_and_the_rest_stays() {
    let schema =
        json!({ "logins": [{ "username": "str", "password": "password" }], "level": "list(a|b)?", "port": "port" });
    let defaults = json!({ "logins": [], "level": null, "port": 1883 });
    let chosen = "logins: [{username: una, password: hunter2}, {username: ulf, password: x, admin: yes}]\nlvel: a";
    let (all, found, masked) = judge(&schema, &defaults, chosen);
    let logins = json!([{ "username": "una", "password": "hunter2" }, { "username": "ulf", "password": "x" }]);
    assert_eq!(all, json!({ "logins": logins, "port": 1883 }));
    let found = shown(found);
    assert!(found.len() == 2 && found[0].contains("admin") && found[1].contains("did you mean `level`?"), "{found:?}");
    let hidden: Vec<_> = masked.iter().filter_map(|span| chosen.get(span.clone())).collect();
    assert_eq!(hidden, ["hunter2", "x", "yes", "a"], "what may be secret is not shown");
}

#[test]
fn what_nobody_here_can_judge_is_taken_with_a_word() {
    for word in ["match((?=a)b)", "colour", "list"] {
        let (all, found, _) = judge(&json!({ "o": word }), &json!({}), "o: 5");
        let (text, found_too, _) = judge(&json!({ "o": word }), &json!({}), "o: five");
        if word == "match((?=a)b)" {
            assert_eq!((text["o"].as_str(), found_too.len()), (Some("five"), 1), "{word}");
            assert_eq!(found.len(), 1, "a number is no text");
        } else if word == "list" {
            assert_eq!((text["o"].as_str(), found.len()), (Some("five"), 1), "no words are named");
        } else {
            assert_eq!((all["o"].as_i64(), found.len()), (Some(5), 1), "{word}");
        }
    }
}
